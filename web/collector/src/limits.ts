/**
 * Time limits: no probe may keep the rest waiting. All of it takes 0.3 seconds on a desktop; the limits are far from that
 * because a component that a slow phone loses makes it another device.
 */

/** For one probe, in milliseconds. */
export const PROBE_LIMIT = 1500;
/** For the page to be idle, in milliseconds; FingerprintJS asks for a moment of at most 100. */
export const IDLE_LIMIT = 200;
/** For all of FingerprintJS, in milliseconds; what is left of the whole is for the other probes. */
export const LIBRARY_LIMIT = 2500;
/** For the whole collection, in milliseconds. */
export const COLLECTION_LIMIT = 3000;
/** For the answer of the service, in milliseconds. */
export const ANSWER_LIMIT = 10_000;

/** Rejects when the promise has not settled in time. What it was doing goes on unseen. */
export function within<T>(milliseconds: number, promise: T | PromiseLike<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer = setTimeout(() => {
      // The page may have been busy all the time, with what was waited for behind this timer in the queue.
      timer = setTimeout(() => reject(new Error('too late')), 0);
    }, milliseconds);
    const settle = async () => {
      try {
        resolve(await promise);
      } catch (error) {
        reject(error);
      } finally {
        clearTimeout(timer);
      }
    };
    void settle();
  });
}

/** The probe's finding; nothing where it throws, rejects, or takes too long. */
export async function attempt<T>(
  probe: () => T | PromiseLike<T>,
  milliseconds = PROBE_LIMIT,
): Promise<T | undefined> {
  try {
    return await within(milliseconds, probe());
  } catch {
    return undefined;
  }
}

/** The same for a probe that answers at once. */
export function attemptNow<T>(probe: () => T): T | undefined {
  try {
    return probe();
  } catch {
    return undefined;
  }
}

/** Resolves after the time. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
