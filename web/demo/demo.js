/** The demo page: look at this browser, open a session, validate it from here and from elsewhere, end it. */

import * as backend from './backend.js';
import { showDatapoints, showSummary } from './datapoints.js';
import { element, facts, fill, time } from './elements.js';
import { judge, signed } from './judgement.js';
import { BROWSERS, showHistory, showNoScore, showScore } from './score.js';
import { VERDICTS } from './words.js';

/** What the page knows: `session` is `{id, expiresAt, state}` with a verdict as its state. */
const known = { config: undefined, token: undefined, session: undefined, judgements: [] };

const buttons = {
  look: action('browser', 'Reading this browser …', look),
  open: action('session', 'Opening a session …', open, () => missing('token')),
  'validate-this': action(
    'session',
    'Validating …',
    () => validate('this'),
    () => missing('token', 'session'),
  ),
  'validate-another': action(
    'session',
    'Validating …',
    () => validate('another'),
    () => missing('token', 'session'),
  ),
  end: action('session', 'Ending the session …', end, () => missing('session', 'live')),
};
let busy = false;

async function look() {
  known.config ??= await backend.config();
  fill('who', 'Signed in as ', element('strong', {}, known.config.subject));
  const token = await backend.readBrowser(known.config);
  const bundle = await backend.exchange(token);
  known.token = token;
  showSummary(bundle);
  showDatapoints(bundle);
  return 'This browser was read.';
}

async function open() {
  const answer = await backend.open(known.token);
  if (!answer.success) {
    throw new backend.Problem(
      `No session was opened: ${answer.error}.`,
      'End another session of this user, then try again.',
    );
  }
  known.session = { id: answer.session_id, expiresAt: new Date(answer.expires_at), state: 'active' };
  return 'A session is open. Validate it.';
}

async function validate(browser) {
  const answer = await backend.validate(known.session.id, known.token, browser);
  const session = known.session.id;
  const judgement = judge(answer, {
    number: known.judgements.length + 1,
    at: new Date(),
    browser,
    session,
    before: known.judgements.findLast((it) => it.session === session),
  });
  known.judgements.push(judgement);
  known.session.state = judgement.verdict;
  showScore(judgement, known.config.thresholds);
  showHistory(known.judgements);
  return inWords(judgement);
}

async function end() {
  const answer = await backend.end(known.session.id);
  if (!answer.success) {
    throw new backend.Problem(
      `The session was not ended: ${answer.error}.`,
      'Validate it: it may have ended before.',
    );
  }
  known.session.state = 'gone';
  return 'The session is ended. Validate it once more to see that it holds no longer.';
}

function inWords({ browser, score, verdict, before }) {
  const { word } = VERDICTS[verdict];
  if (score === null) return `Validated from ${BROWSERS[browser]}: ${word.toLowerCase()}.`;
  const step =
    typeof before?.score === 'number' ? `, ${signed(score - before.score)} since the last time` : '';
  return `Validated from ${BROWSERS[browser]}: score ${score} of 100, ${word.toLowerCase()}${step}.`;
}

const isLive = () => ['active', 'suspicious'].includes(known.session?.state);

/** Why a button cannot be used now; nothing when it can. */
function missing(...needed) {
  const reasons = {
    token: known.token === undefined && 'Read this browser first.',
    session: known.session === undefined && 'Open a session first.',
    live: !isLive() && 'The session is not live any more. Open another.',
  };
  return needed.map((need) => reasons[need]).find(Boolean);
}

/** What a button does, where it says so, and when it can be used. A button stays focusable throughout. */
function action(panel, doing, run, hindrance = () => undefined) {
  return { panel, doing, run, hindrance };
}

async function press(id) {
  const { panel, doing, run, hindrance } = buttons[id];
  if (busy) return;
  const why = hindrance();
  if (why) {
    say(panel, why);
    return;
  }
  busy = true;
  fill(`${panel}-problem`);
  say(panel, doing);
  document.getElementById(id).setAttribute('aria-busy', 'true');
  showButtons();
  try {
    say(panel, await run());
  } catch (error) {
    say(panel, '');
    showProblem(panel, error);
    if (known.token === undefined) say('session', 'No session can be opened yet: this browser was not read.');
  } finally {
    busy = false;
    document.getElementById(id).removeAttribute('aria-busy');
    showButtons();
    showSession();
  }
}

function say(panel, text) {
  fill(`${panel}-status`, text);
}

function showProblem(panel, error) {
  const { message, advice } =
    error instanceof backend.Problem
      ? error
      : { message: `This page failed: ${error.message}.`, advice: 'Reload it.' };
  fill(
    `${panel}-problem`,
    element(
      'div.problem',
      {},
      element('p', {}, element('strong', {}, 'It did not work. '), message),
      element('p', {}, element('strong', {}, 'What to do: '), advice),
    ),
  );
}

function showButtons() {
  const next = nextStep();
  for (const [id, { hindrance }] of Object.entries(buttons)) {
    const button = document.getElementById(id);
    button.setAttribute('aria-disabled', String(busy || hindrance() !== undefined));
    button.classList.toggle('primary', id === next);
  }
}

/** The button that the story of the page goes on with. */
function nextStep() {
  if (known.token === undefined) return 'look';
  if (missing('session', 'live')) return 'open';
  return known.session.state === 'active' && known.judgements.at(-1)?.session === known.session.id
    ? 'validate-another'
    : 'validate-this';
}

function showSession() {
  const { session } = known;
  if (!session) return;
  const { sign, word } = VERDICTS[session.state];
  fill(
    'session-facts',
    facts(
      ['Session id', element('code', {}, session.id)],
      ['State', element('span', {}, element('span', { 'aria-hidden': 'true' }, `${sign} `), word)],
      isLive() && [
        'Expires',
        element('span', {}, time(session.expiresAt, { timeStyle: 'short' }), ' unless it is used'),
      ],
    ),
  );
}

showNoScore('No score yet. Open a session, then validate it.');
for (const id of Object.keys(buttons)) document.getElementById(id).addEventListener('click', () => press(id));
await press('look');
