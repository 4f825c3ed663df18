/**
 * A round's broadcast as the bytes that clients download.
 *
 * @module
 */
import type { Layout } from '../model/layout.ts';
import { type StateOwner } from '../model/state-file.ts';

/**
 * Whose states and broadcasts these are: an algorithm's, for one model. Both sides name the same, so that
 * `decodeState` refuses another model's.
 *
 * @param size - d, which stands for the model where no layout is known.
 */
export function stateOwner(algorithm: { readonly kind: string }, size: number, layout?: Layout): StateOwner {
  return { kind: algorithm.kind, model: layout?.digest() ?? `${size} parameters` };
}
