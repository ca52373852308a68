/** Changes what is bundled, so that it does not lean on what a page may have replaced. */

import { readFileSync } from 'node:fs';
import { parse } from 'acorn';

/** Sources of FingerprintJS whose facts the own probes read in a form that the server can compare, or that warn in the console. */
const LEFT_OUT = [
  'audioBaseLatency',
  'colorDepth',
  'cpuClass',
  'dateTimeLocale',
  'languages',
  'osCpu',
  'screenFrame',
  'screenResolution',
  'timezone',
  'userAgentData',
];

/** An esbuild plugin that takes them out of FingerprintJS. */
export const sourcesLeftOut = {
  name: 'sources-left-out',
  setup({ onLoad }) {
    onLoad({ filter: /fingerprintjs\/dist\/fp\.esm\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      const [head, table] = contents.split(/^(?=const sources = \{$)/m);
      let left = table;
      for (const name of LEFT_OUT) {
        const without = left?.replace(new RegExp(`^    ${name}: \\w+,\\n`, 'm'), '');
        if (without === left) return { errors: [{ text: `FingerprintJS has no source ${name}` }] };
        left = without;
      }
      contents = head + left;
      return { contents, loader: 'js' };
    });
  },
};

/** Methods of the language's strings, lists, functions and numbers. */
const METHODS = new Set(
  [
    'at concat copyWithin every fill filter find findIndex findLast findLastIndex flat flatMap forEach includes indexOf',
    'join lastIndexOf map pop push reduce reduceRight reverse shift slice some sort splice unshift',
    'charAt charCodeAt codePointAt endsWith localeCompare match matchAll normalize padEnd padStart repeat replace',
    'replaceAll search split startsWith substr substring toLowerCase toUpperCase trim trimEnd trimStart',
    'apply bind call toFixed toString',
  ]
    .join(' ')
    .split(' '),
);

/**
 * The script with the calls of those methods made through `$call`, what is walked through `$list`, and regular expressions
 * through `$regexp`, all of which src/pristine.ts defines.
 */
export function withOwnCalls(script) {
  const edits = [];
  const insert = (at, text) => edits.push({ at, end: at, text });
  walk(parse(script, { ecmaVersion: 2019 }), (node, parent) => {
    switch (node.type) {
      case 'CallExpression': {
        const { callee, arguments: given } = node;
        if (callee.type !== 'MemberExpression' || callee.computed || !METHODS.has(callee.property.name))
          break;
        insert(node.start, `$call(${JSON.stringify(callee.property.name)}, `);
        // From the dot to the parenthesis; what the method is called on may stand in parentheses itself.
        edits.push({
          at: script.lastIndexOf('.', callee.property.start),
          end: script.indexOf('(', callee.property.end) + 1,
          text: given.length > 0 ? ', ' : '',
        });
        break;
      }
      case 'Literal':
        if (node.regex) wrap(node, '$regexp');
        break;
      case 'ForOfStatement':
        wrap(node.right, node.left.declarations[0].id.type === 'ArrayPattern' ? '$lists' : '$list');
        break;
      case 'SpreadElement':
        if (parent.type !== 'ObjectExpression') wrap(node.argument, '$list');
        break;
      case 'NewExpression':
        for (const part of node.arguments) if (part.type === 'ArrayExpression') wrap(part, '$list');
        break;
      case 'TemplateLiteral':
        for (const part of node.expressions) if (part.type === 'CallExpression') wrap(part, '$list');
        break;
      case 'AssignmentExpression':
        if (node.left.type === 'ArrayPattern') wrap(node.right, '$list');
        break;
      case 'VariableDeclarator':
        if (node.id.type === 'ArrayPattern' && node.init) wrap(node.init, '$list');
        break;
      case 'ForInStatement':
        edits.push({ at: node.left.end, end: node.right.start, text: ' of $keys(' });
        insert(node.right.end, ')');
        break;
      default:
        break;
    }
  });
  function wrap({ start, end }, name) {
    insert(start, `${name}(`);
    insert(end, ')');
  }
  return applied(script, edits);
}

/** Calls `visit` for the node and all below it, with the node above. */
function walk(node, visit, parent = null) {
  visit(node, parent);
  for (const [name, value] of Object.entries(node)) {
    // The source of a template's text and of a regular expression holds no node.
    if (name === 'value' || name === 'regex') {
      if (value?.type) walk(value, visit, node);
      continue;
    }
    for (const child of Array.isArray(value) ? value : [value]) if (child?.type) walk(child, visit, node);
  }
}

/** The text with the edits made. What is inserted at one place stands in the order in which it was found. */
function applied(text, edits) {
  let made = '';
  let from = 0;
  for (const edit of edits.map((it, index) => ({ ...it, index })).sort(before)) {
    made += text.slice(from, edit.at) + edit.text;
    from = edit.end;
  }
  return made + text.slice(from);
}

/** By place; at one place what ends comes first, then what was found first, which is what stands outside. */
function before(one, other) {
  return one.at - other.at || (other.text === ')') - (one.text === ')') || one.index - other.index;
}
