/**
 * A round's broadcast: whose it is, and what a client reads from its bytes.
 *
 * @module
 */
import { checkVector, refuse } from '../check.ts';
import type { Layout } from '../model/layout.ts';
import { decodeState, type StateOwner } from '../model/state-file.ts';
import type { PlainData } from '../plain-data.ts';

/**
 * Whose states and broadcasts these are: an algorithm's, for one model. Both sides name the same, so that
 * `decodeState` refuses another model's. A size stands for the model where the pipeline has no layout.
 */
export function stateOwner(pipeline: {
  readonly algorithm: { readonly kind: string };
  readonly size: number;
  readonly layout?: Layout;
}): StateOwner {
  return { kind: pipeline.algorithm.kind, model: pipeline.layout?.digest() ?? `${pipeline.size} parameters` };
}

/**
 * A broadcast from all of its bytes.
 *
 * @throws FedkitError `DECODE_FAILED`, `SHAPE_MISMATCH`, `INVALID_ARGUMENT` for what no such model's server would send.
 */
export function decodeBroadcast(where: string, bytes: Uint8Array, owner: StateOwner, size: number): PlainData {
  const broadcast = decodeState(bytes, owner);
  if (typeof broadcast !== 'object' || broadcast instanceof Float32Array)
    refuse('INVALID_ARGUMENT', where, 'a record', broadcast);
  // Every algorithm sends parameters, and none more than the model has; what else it needs it checks.
  const params = checkVector(`${where}.params`, broadcast.params);
  if (params.length === 0 || params.length > size)
    refuse('SHAPE_MISMATCH', `${where}.params`, `1 to ${size} values`, params.length);
  return broadcast;
}
