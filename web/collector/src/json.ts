/** JSON of what is sent and hashed. */

/** As `JSON.stringify` writes it, without asking the `toJSON` that a page may have given to lists or to all objects. */
export function toJson(value: object): string;
export function toJson(value: unknown): string | undefined;
export function toJson(value: unknown): string | undefined {
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const list = Array.isArray(value);
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    const text = toJson(member);
    if (list) members.push(text ?? 'null');
    else if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  }
  return list ? `[${members.join()}]` : `{${members.join()}}`;
}
