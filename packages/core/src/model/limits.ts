/**
 * How many tensors and values a model may have, and how tensors may be called.
 *
 * @module
 */
import { refuse } from '../check.ts';
import { isWellFormed } from '../utf8.ts';

/** The most tensors a layout may name. */
export const MAX_TENSORS = 65_536;
/** The longest tensor name, in UTF-16 code units. */
const MAX_NAME_LENGTH = 1_024;
/** The most values a layout may hold: 2^31 − 1, a `Float32Array` of 8 GiB. */
export const MAX_VALUES = 0x7fffffff;

/** @throws FedkitError `INVALID_ARGUMENT` for an overlong or ill-formed name. */
export function checkTensorName(where: string, name: unknown): string {
  if (typeof name === 'string' && name.length <= MAX_NAME_LENGTH && isWellFormed(name)) return name;
  const expected = `a name of at most ${MAX_NAME_LENGTH} characters, without lone surrogates`;
  return refuse('INVALID_ARGUMENT', `${where}: name`, expected, name);
}
