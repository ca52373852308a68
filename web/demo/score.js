/** Shows scores: what they are made of, what changed, and those before. */

import { element, facts, fill, nothing, table, time } from './elements.js';
import { changes, gravest, signed, sumInWords } from './judgement.js';
import { CONFIDENCE, factorGroup, factorMeaning, MODES, VERDICTS } from './words.js';

const CLOCK = { timeStyle: 'medium' };
/** Names of browsers as the buttons call them. */
export const BROWSERS = { this: 'this browser', another: 'another browser' };

/** Before the first validation. */
export function showNoScore(reason) {
  fill('score', element('p.empty', {}, reason));
  fill('history', element('p.empty', {}, 'None yet.'));
}

/** The latest judgement, and how it differs from the one before in the same session. */
export function showScore(judgement, thresholds) {
  const { number, at, browser, sent, risk, before } = judgement;
  const step = before && stepInWords(judgement, before);
  fill(
    'score',
    element(
      'p.eyebrow',
      {},
      `Validation ${number}, from ${BROWSERS[browser]}, `,
      time(at, CLOCK),
      step ? `: ${step}` : '',
    ),
    headline(judgement),
    judgement.score === null ? undefined : bar(judgement, thresholds),
    sent &&
      facts(
        ['Address sent', sent.current_ip],
        ['Browser sent', element('span.agent', {}, sent.current_user_agent)],
      ),
    risk ? explanation(judgement) : element('p.hint', {}, 'There are no factors: nothing was scored.'),
    before && difference(judgement, before),
  );
}

function headline({ score, verdict, message }) {
  const { word, sign, advice } = VERDICTS[verdict];
  return element(
    'div.headline',
    {},
    score === null
      ? undefined
      : element('p.number', {}, element('strong', {}, String(score)), element('span', {}, ' of 100')),
    element(
      'div',
      {},
      element(`p.verdict.${verdict}`, {}, element('span', { 'aria-hidden': 'true' }, `${sign} `), word),
      element('p.advice', {}, message ? `“${message}”. ${advice}` : advice),
    ),
  );
}

/** The score as a length; the text beside it says the same. */
function bar({ score, verdict }, thresholds) {
  const filled = element(`div.filled.${verdict}`);
  // Through the object model: the page's policy allows no style in markup.
  filled.style.setProperty('--part', `${score}%`);
  const marks = Object.entries(thresholds ?? {}).map(([name, at]) => {
    const mark = element(
      'div.mark',
      {},
      element('span', {}, `${at} ${name === 'stolen' ? 'refused' : name}`),
    );
    mark.style.setProperty('--at', `${at}%`);
    return mark;
  });
  const classes = marks.length > 0 ? 'div.bar.marked' : 'div.bar';
  return element(classes, { 'aria-hidden': 'true' }, element('div.track', {}, filled), ...marks);
}

function explanation(judgement) {
  const { factors, risk } = judgement;
  const columns = ['Factor', 'Points', 'Current', 'Expected'];
  return element(
    'div.part',
    {},
    element('h3', {}, 'Factors'),
    element(
      'p.hint',
      {},
      'Points above zero speak for somebody else, below zero for the owner; current is what this request shows, expected what the session remembers.',
    ),
    table(`Factors of validation ${judgement.number}`, columns, factors.map(row), '.stacked.factors'),
    element('p.sum', {}, `Sum: ${sumInWords(judgement)}${kept(judgement)}`),
    element(
      'p.hint',
      {},
      `Confidence ${risk.confidence}: ${CONFIDENCE[risk.confidence] ?? ''}. Mode ${risk.mode}: ${MODES[risk.mode] ?? ''}. Model `,
      element('code', {}, risk.model_version),
      '.',
    ),
  );
}

/** What becomes of the sum. */
function kept({ sum, score }) {
  if (sum === score) return ', which is the score.';
  return sum < 0 ? '; scores begin at 0.' : '; scores end at 100.';
}

function stepInWords({ score }, before) {
  if (score === null || before.score === null) return undefined;
  const size = Math.abs(score - before.score);
  if (size === 0) return `the same score as validation ${before.number}`;
  return `${size} ${before.score < score ? 'more' : 'less'} than validation ${before.number}`;
}

function row({ group, name, points, current, expected }) {
  return [
    element(
      'div',
      {},
      element('span.group-name', {}, factorGroup(group)),
      ' ',
      element('code', {}, name),
      element('p.hint', {}, factorMeaning(name)),
    ),
    element('div.points', {}, element('span', {}, signed(points)), weight(points)),
    current ?? nothing(),
    expected ?? nothing(),
  ];
}

/** Points as a length to either side of nothing; the style sheet leaves room for -40 to 100. */
function weight(points) {
  const length = Math.min(Math.max(points, -40), 100) / 1.4;
  const side = element(`span.${points < 0 ? 'lowers' : 'raises'}`);
  side.style.setProperty('--part', `${Math.abs(length)}%`);
  return element('span.weight', { 'aria-hidden': 'true' }, side);
}

function difference(now, before) {
  const title = element('h3', {}, `What changed since validation ${before.number}`);
  const found = now.risk && before.risk ? changes(now, before) : [];
  const score =
    now.score === null || before.score === null
      ? element(
          'p',
          {},
          `The session was ${VERDICTS[before.verdict].word.toLowerCase()} and is ${VERDICTS[now.verdict].word.toLowerCase()}.`,
        )
      : element(
          'p',
          {},
          'Score ',
          element('strong', {}, `${before.score} → ${now.score}`),
          ` (${signed(now.score - before.score)}).`,
        );
  const items = found.map((change) =>
    element(
      'li',
      {},
      element('strong', {}, `${factorGroup(change.group)} ${signed(change.points)}: `),
      change.now ? element('code', {}, change.now.name) : 'no factor',
      ' after ',
      change.before ? element('code', {}, change.before.name) : 'no factor',
      change.now ? `. ${factorMeaning(change.now.name)}` : '.',
    ),
  );
  const list =
    items.length > 0 ? element('ul.changes', {}, ...items) : element('p.hint', {}, 'No factor changed.');
  return element('div.part.difference', {}, title, score, now.risk && before.risk ? list : undefined);
}

/** All judgements, the latest first. */
export function showHistory(judgements) {
  const rows = judgements.toReversed().map((judgement) => {
    const reason = gravest(judgement);
    const { sign, word } = VERDICTS[judgement.verdict];
    return [
      `No. ${judgement.number}`,
      time(judgement.at, CLOCK),
      BROWSERS[judgement.browser],
      judgement.score === null ? nothing() : scoreWithStep(judgement),
      element('span', {}, element('span', { 'aria-hidden': 'true' }, `${sign} `), word),
      reason ? element('code', {}, reason.name) : 'none',
    ];
  });
  const columns = ['Validation', 'Time', 'Sent from', 'Score', 'Verdict', 'Gravest factor'];
  fill('history', table('Validations', columns, rows, '.stacked.history'));
}

function scoreWithStep({ score, before }) {
  if (typeof before?.score !== 'number') return String(score);
  return element('span', {}, `${score} `, element('span.step', {}, `(${signed(score - before.score)})`));
}
