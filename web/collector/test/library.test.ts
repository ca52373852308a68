import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { type Finding, watch } from '../src/library.js';
import { attempt, PROBE_LIMIT, within } from '../src/limits.js';

const options = { cache: {} };

async function outcome(source: () => unknown): Promise<Finding<unknown> | undefined> {
  let told: Finding<unknown> | undefined;
  try {
    const first = await watch(source, (finding) => (told = finding))(options);
    if (typeof first === 'function') await first();
  } catch {
    // Told.
  }
  return told;
}

test('a finding is told, whichever way a source answers', async () => {
  const sources: (() => unknown)[] = [
    () => 7,
    async () => 7,
    () => () => 7,
    () => async () => 7,
    async () => () => 7,
  ];
  for (const source of sources) assert.deepEqual(await outcome(source), { value: 7 });
});

test('a failure is told, at either stage', async () => {
  const error = new Error('no');
  const fail = () => {
    throw error;
  };
  const sources: (() => unknown)[] = [fail, async () => fail(), () => fail, () => async () => fail()];
  for (const source of sources) assert.deepEqual(await outcome(source), { error });
});

test('a source that hangs is given up', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const hanging = outcome(() => new Promise(() => undefined));
    mock.timers.tick(PROBE_LIMIT);
    mock.timers.tick(1);
    const finding = await hanging;
    assert.ok(finding && 'error' in finding);
  } finally {
    mock.timers.reset();
  }
});

test('a probe finds nothing where it throws, rejects, or takes too long', async () => {
  const fail = () => {
    throw new Error('no');
  };
  assert.equal(await attempt(fail), undefined);
  assert.equal(await attempt(async () => fail()), undefined);
  assert.equal(await attempt(() => new Promise(() => undefined), 1), undefined);
  assert.equal(await attempt(async () => 7), 7);
});

test('what was in time is not disturbed by the limit', async () => {
  assert.equal(await within(1000, Promise.resolve(7)), 7);
  await assert.rejects(within(1000, Promise.reject(new Error('no'))), /no/);
});
