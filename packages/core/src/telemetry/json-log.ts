/**
 * One line of JSON an event, for whoever collects logs.
 *
 * @module
 */
import { isFedkitError } from '../errors.ts';

/** What is logged: anything with a kind. Errors become their name, code, message and causes; long byte strings their length. */
export type LogEntry = Readonly<Record<string, unknown>> & { readonly kind: string };

/** Deeper causes and records are left out. */
const DEPTH = 6;
/** Longer lists are cut, with their length. */
const LONGEST = 100;
/** Members whose value is nobody's business, whatever they hold. */
const SECRET = /authorization|cookie|token|secret|password|passphrase|private|credential|(^|[-_ ]|api|access)key$/i;

/**
 * A function that writes each entry as one line. No line holds bytes, stacks or members that are named like secrets; a FedkitError
 * holds none by itself. An entry that cannot be written is left out: logging never throws.
 *
 * @param write - Takes a line without its end.
 * @param now - Milliseconds since 1970, for the member `time`.
 * @example
 * ```ts
 * import { jsonLog } from '@fedkit/core/telemetry';
 *
 * const log = jsonLog(console.log, () => 0);
 * log({ kind: 'opened', round: 1, token: 'abc' });
 * // => {"time":"1970-01-01T00:00:00.000Z","kind":"opened","round":1,"token":"[secret]"}
 * ```
 */
export function jsonLog(write: (line: string) => void, now: () => number = Date.now): (entry: LogEntry) => void {
  return (entry) => {
    try {
      const { kind, ...rest } = entry;
      const time = new Date(now()).toISOString();
      write(JSON.stringify({ time, kind, ...(plain(rest, 0) as object) }));
    } catch {
      // A log that fails must not end what it tells of.
    }
  };
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEPTH) return '[deep]';
  if (value instanceof Error) {
    const { name, message, cause } = value;
    const code = isFedkitError(value) ? value.code : (value as { code?: unknown }).code;
    const coded = typeof code === 'string' ? { code } : {};
    return { name, ...coded, message, ...(cause !== undefined && { cause: plain(cause, depth + 1) }) };
  }
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) {
    const shown = value.slice(0, LONGEST).map((item) => plain(item, depth + 1));
    return value.length > LONGEST ? [...shown, `and ${value.length - LONGEST} more`] : shown;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, SECRET.test(name) ? '[secret]' : plain(inner, depth + 1)]),
  );
}
