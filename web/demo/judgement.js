/** What an answer of `validate` says, and how it differs from the one before. Plain functions. */

/**
 * @param {object} answer - of `validate`
 * @param {object} circumstances
 * @param {number} circumstances.number - how many validations there were, this one included
 * @param {Date} circumstances.at - when
 * @param {'this' | 'another'} circumstances.browser - who the request came from
 * @param {string} circumstances.session - which session was validated
 * @param {object} [circumstances.before] - the latest judgement of the same session
 */
export function judge(answer, circumstances) {
  const risk = answer.risk ?? null;
  // Gravest first; equal ones stay in the order of the answer.
  const factors = [...(risk?.factors ?? [])].sort((one, other) => other.points - one.points);
  return {
    ...circumstances,
    verdict: verdict(answer),
    message: answer.error_message,
    score: answer.session_id === null ? null : answer.risk_score,
    sum: factors.reduce((sum, { points }) => sum + points, 0),
    factors,
    risk,
    sent: answer.sent ?? null,
  };
}

function verdict({ is_valid, is_suspicious, session_id }) {
  if (session_id === null) return 'gone';
  if (!is_valid) return 'refused';
  return is_suspicious ? 'suspicious' : 'active';
}

/**
 * The groups that give another factor than before, the largest rise first.
 *
 * @returns {{group: string, now?: object, before?: object, points: number}[]}
 */
export function changes(now, before) {
  const groups = new Set([...before.factors, ...now.factors].map(({ group }) => group));
  const of = ({ factors }, group) => factors.find((factor) => factor.group === group);
  return [...groups]
    .map((group) => ({ group, now: of(now, group), before: of(before, group) }))
    .map((change) => ({ ...change, points: (change.now?.points ?? 0) - (change.before?.points ?? 0) }))
    .filter((change) => change.now?.name !== change.before?.name || change.points !== 0)
    .sort((one, other) => other.points - one.points);
}

/** The factor that raises the score most; nothing where none does. */
export const gravest = ({ factors }) => (factors[0]?.points > 0 ? factors[0] : undefined);

/** `+10`, `0`, `−30`, with a minus that is as wide as the plus. */
export const signed = (points) => (points > 0 ? `+${points}` : String(points).replace('-', '−'));

/** The factors' points as a sum: `60 + 10 − 10 = 60`. */
export function sumInWords({ factors, sum }) {
  if (factors.length === 0) return '0';
  const terms = factors.map(({ points }, n) => {
    const size = Math.abs(points);
    if (n === 0) return points < 0 ? `−${size}` : `${size}`;
    return points < 0 ? `− ${size}` : `+ ${size}`;
  });
  return `${terms.join(' ')} = ${String(sum).replace('-', '−')}`;
}
