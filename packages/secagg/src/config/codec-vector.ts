/**
 * The vector of a round that carries a codec's integers.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import type { LinearCodec } from '@fedkit/core/codec';
import type { VectorOptions } from './round-config.ts';

/**
 * What to put under a name in `roundConfig({ vectors })` for inputs made by `codec.encodeIntegers`; the sum goes to
 * `codec.decodeSum`. The codec fixes ring and bound; a cohort too large for them is refused by `roundConfig`.
 *
 * @param options.length - Entries of what `encodeIntegers` gives, which may be more than the update has.
 * @param options.wrapProbability - For a codec whose clients wrap by design, such as `wrapped` of
 * `@fedkit/compression`: the probability, by the codec's own argument, that the sum leaves its ring.
 */
export function codecVector(
  codec: Pick<LinearCodec, 'bits' | 'bound'>,
  options: { readonly length: number; readonly wrapProbability?: number },
): VectorOptions {
  checkOptions('codecVector', options, { length: true, wrapProbability: true } satisfies OptionNames<typeof options>);
  return { ...options, bound: codec.bound, bits: codec.bits };
}
