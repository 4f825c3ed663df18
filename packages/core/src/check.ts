/**
 * Argument checks with one message form, `where: expected …, got …`.
 *
 * @module
 */
import { type ErrorCode, type ErrorDetails, FedkitError } from './errors.ts';
import { plainBytes } from './plain-bytes.ts';

/** How a value is shown in a message: numbers and short strings as they are, everything else by its kind. */
export function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string')
    return value.length <= 64 ? JSON.stringify(value) : `a string of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'null-prototype object'}` : `a ${typeof value}`;
}

/**
 * Throws a {@link FedkitError} of the form `where: expected …, got …`.
 *
 * @param where - The public function and parameter, such as `weightedMean.accumulate: weight`.
 * @param got - The offending value; {@link describe} keeps large or structured values out of the message.
 * @param details - What a program may want to know besides `where`: limits, names, numbers.
 */
export function refuse(
  code: ErrorCode,
  where: string,
  expected: string,
  got: unknown,
  details: ErrorDetails = {},
): never {
  throw new FedkitError(code, `${where}: expected ${expected}, got ${describe(got)}`, {
    details: { where, ...details },
  });
}

/** Checks a finite number in [minimum, maximum]; `OUT_OF_RANGE` otherwise. */
export function checkNumber(
  where: string,
  value: unknown,
  minimum: number = -Infinity,
  maximum: number = Infinity,
): number {
  if (typeof value !== 'number') refuse('INVALID_ARGUMENT', where, 'a number', value);
  if (!Number.isFinite(value) || value < minimum || value > maximum) {
    refuse('OUT_OF_RANGE', where, `a finite number${range(minimum, maximum)}`, value);
  }
  return value;
}

/** Checks a finite number > 0; `OUT_OF_RANGE` otherwise. */
export function checkPositive(where: string, value: unknown, maximum: number = Infinity): number {
  if (typeof value !== 'number') refuse('INVALID_ARGUMENT', where, 'a number', value);
  if (!(value > 0) || !Number.isFinite(value) || value > maximum) {
    refuse('OUT_OF_RANGE', where, `a finite number > 0${maximum === Infinity ? '' : ` and ≤ ${maximum}`}`, value);
  }
  return value;
}

/** Checks a safe integer in [minimum, maximum]; `OUT_OF_RANGE` otherwise. */
export function checkInteger(
  where: string,
  value: unknown,
  minimum: number = 0,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number') refuse('INVALID_ARGUMENT', where, 'an integer', value);
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    refuse('OUT_OF_RANGE', where, `an integer${range(minimum, maximum)}`, value);
  }
  return value;
}

/** Checks a `Float32Array`, of an exact length where one is given; `SHAPE_MISMATCH` otherwise. */
export function checkVector(where: string, value: unknown, length?: number): Float32Array {
  if (!(value instanceof Float32Array)) refuse('INVALID_ARGUMENT', where, 'a Float32Array', value);
  if (length !== undefined && value.length !== length) {
    refuse('SHAPE_MISMATCH', where, `length ${length}`, value.length);
  }
  return value;
}

/** Checks a `Uint8Array`, of an exact length where one is given; `SHAPE_MISMATCH` otherwise. Gives a plain one of the same memory. */
export function checkBytes(where: string, value: unknown, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array)) refuse('INVALID_ARGUMENT', where, 'a Uint8Array', value);
  if (length !== undefined && value.length !== length) {
    refuse('SHAPE_MISMATCH', where, `${length} bytes`, value.length);
  }
  return plainBytes(value);
}

function range(minimum: number, maximum: number): string {
  if (minimum === -Infinity && maximum === Infinity) return '';
  if (maximum === Infinity || maximum === Number.MAX_SAFE_INTEGER) return ` ≥ ${minimum}`;
  if (minimum === -Infinity) return ` ≤ ${maximum}`;
  return ` in [${minimum}, ${maximum}]`;
}

/** Every option of `T` by name, so that the compiler finds one that was forgotten. */
export type OptionNames<T> = { readonly [K in keyof Required<T>]: true };

/**
 * Refuses whatever in `options` has no meaning: a name that is spelled wrong would be as if it had not been given. Names of
 * value `undefined` pass.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for the first unknown name, with the one that was probably meant.
 */
export function checkOptions(where: string, options: unknown, names: Readonly<Record<string, true>>): void {
  if (typeof options !== 'object' || options === null) refuse('INVALID_ARGUMENT', where, 'an options object', options);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(names, name)) continue;
    const known = Object.keys(names);
    const expected =
      known.find((other) => isNear(name.toLowerCase(), other.toLowerCase())) ?? `one of ${known.join(', ')}`;
    throw new FedkitError('INVALID_ARGUMENT', `${where}: expected ${expected}, got the unknown option ${name}`, {
      details: { where, option: name },
    });
  }
}

/** Whether two names differ in one place alone, by at most a third of the letters and two. */
function isNear(from: string, to: string): boolean {
  const most = Math.min(from.length, to.length);
  let same = 0;
  while (same < most && from[same] === to[same]) same++;
  let last = 0;
  while (last < most - same && from[from.length - 1 - last] === to[to.length - 1 - last]) last++;
  return same + last >= Math.max(from.length, to.length) - Math.min(2, Math.floor(to.length / 3));
}
