import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withOwnCalls } from '../rewrite.mjs';

test('what a page may have replaced is not called by its name', () => {
  const cases = [
    ['a.map(f)', '$call("map", a, f)'],
    ['a.map(f).join(",")', '$call("join", $call("map", a, f), ",")'],
    ['(b ? a : c).slice()', '$call("slice", (b ? a : c))'],
    ['f.call(o, a.indexOf(b))', '$call("call", f, o, $call("indexOf", a, b))'],
    ['/x/g.test(t)', '$regexp(/x/g).test(t)'],
    ['t.replace(/x/, "y")', '$call("replace", t, $regexp(/x/), "y")'],
    ['/x/.toString()', '$call("toString", $regexp(/x/))'],
    ['f(...a, [...b])', 'f(...$list(a), [...$list(b)])'],
    ['for (const x of a.b) g(x)', 'for (const x of $list(a.b)) g(x)'],
    ['for (const [x, y] of a) g(x)', 'for (const [x, y] of $lists(a)) g(x)'],
    ['for (const x in o) g(x)', 'for (const x of $keys(o)) g(x)'],
    ['const [x] = f()', 'const [x] = $list(f())'],
    ['new Set([1])', 'new Set($list([1]))'],
    ['`${f(x)} ${y}`', '`${$list(f(x))} ${y}`'],
    ['Object.keys(o); o.style.setProperty(a, b); o["map"](f)', undefined],
    ['const {x} = o; const y = {...o}; p.then(f)', undefined],
  ];
  for (const [script, expected] of cases) assert.equal(withOwnCalls(script), expected ?? script);
});
