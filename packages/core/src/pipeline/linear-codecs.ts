/**
 * Which linear codec carries which slot of a secure sum.
 *
 * @module
 */
import { refuse } from '../check.ts';
import type { LinearCodec } from '../codec/contract.ts';
import { type CodecBySlot, codecsFor } from './codecs.ts';
import type { SlotShape } from './slots.ts';

/** The linear codec of each of `slots`. @throws FedkitError `INVALID_ARGUMENT` for one whose encodings do not add. */
export function linearCodecsFor(
  where: string,
  codec: CodecBySlot<LinearCodec>,
  slots: readonly SlotShape[],
  beside: readonly string[] = [],
): LinearCodec[] {
  const codecs = codecsFor(where, codec, slots, { names: beside });
  for (const own of codecs) {
    if (own.linearity === 'linear' && typeof own.encodeIntegers === 'function' && Number.isSafeInteger(own.bound))
      continue;
    refuse(
      'INVALID_ARGUMENT',
      `${where}: codec`,
      'a linear codec on integers, such as commonRange or rotated(wrapped): what others encode must be decoded client by ' +
        'client, which secure aggregation prevents',
      own.kind,
    );
  }
  return codecs;
}
