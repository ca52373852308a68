/** Makes what a call resolves with: a published snippet reads `.ok` and `.json()`, a newer one `.token` and `.errors`. */

import { toJson } from './json.js';
import type { TelemetryAnswer, TelemetryError, TelemetryResult } from './types.js';

/** The part of a `Response` that is read. */
export type Answer = Pick<Response, 'ok' | 'status' | 'statusText' | 'headers' | 'text'>;

/** The result of an answer: `ok` only where the status is a success and the body holds a token. */
export async function fromAnswer(answer: Answer): Promise<TelemetryResult> {
  const { status, statusText, headers } = answer;
  const text = await answer.text();
  const body = parse(text);
  const token = typeof body?.token === 'string' && body.token !== '' ? body.token : undefined;
  const ok = answer.ok && token !== undefined;
  let errors = toErrors(body?.errors);
  if (!ok && errors.length === 0) errors = [{ message: reason(answer, body) }];
  return result({
    ok,
    status,
    statusText,
    headers,
    text,
    errors,
    token: ok ? token : undefined,
    body: body ?? { errors },
  });
}

/** The result where there was no answer. */
export function fromError(error: TelemetryError): TelemetryResult {
  const errors = [error];
  return result({
    ok: false,
    status: 0,
    statusText: '',
    headers: new Headers(),
    text: '',
    errors,
    token: undefined,
    body: { errors },
  });
}

interface Parts {
  ok: boolean;
  status: number;
  statusText: string;
  headers: Headers;
  text: string;
  token: string | undefined;
  errors: TelemetryError[];
  body: TelemetryAnswer;
}

function result({ ok, status, statusText, headers, text, token, errors, body }: Parts): TelemetryResult {
  const made: TelemetryResult = {
    ok,
    status,
    statusText,
    headers,
    // `if (result.errors)` is how a page asks, so there is no empty list.
    ...(token !== undefined && { token }),
    ...(errors.length > 0 && { errors: copy(errors) }),
    json: async () => copy(body),
    text: async () => text,
    clone: () => made,
  };
  return made;
}

/** The same once more, of the page's own kinds of lists and objects. */
function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const made: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  for (const [name, member] of Object.entries(value)) (made as Record<string, unknown>)[name] = copy(member);
  return made as T;
}

/** The body as a JSON object, nothing where it is none. */
function parse(text: string): TelemetryAnswer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as TelemetryAnswer;
  } catch {
    // Not JSON: said so by `reason`.
  }
  return undefined;
}

/** The errors of an answer in one form, whether they were objects or strings. */
function toErrors(errors: unknown): TelemetryError[] {
  if (!Array.isArray(errors)) return [];
  return errors.map((error: unknown) => {
    if (typeof error !== 'object' || error === null) return { message: String(error) };
    const { message, field } = error as Record<string, unknown>;
    return {
      message: typeof message === 'string' ? message : toJson(error),
      ...(typeof field === 'string' && { field }),
    };
  });
}

/** What to say of an answer that says nothing. A gateway answers `{"message": ...}`. */
function reason({ ok, status }: Answer, body: TelemetryAnswer | undefined): string {
  if (!ok) {
    const message = body?.['message'];
    return typeof message === 'string'
      ? `refused with status ${status}: ${message}`
      : `refused with status ${status}`;
  }
  return body ? 'the answer holds no token' : 'the answer is not a JSON object';
}
