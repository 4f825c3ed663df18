/**
 * An unbiased codec as a contraction: what memory of the loss needs.
 *
 * @module
 */
import type { Codec, Contraction, Guaranteed, LinearCodec, Settling } from '@fedkit/core/codec';
import { refuse } from '@fedkit/core/internal';
import { createCodec, createLinearCodec, linearStage, stageOf } from '../stage/codec.ts';
import type { Encoding, LinearStage, Stage } from '../stage/stage.ts';

/**
 * The codec on x/(1 + ω): where E Ĉ(x) = x and E‖Ĉ(x) − x‖² ≤ ω·‖x‖², E‖x − Ĉ(x/(1 + ω))‖² ≤ (1 − δ)·‖x‖² with δ = 1/(1 + ω),
 * the least that a factor can give. Wire and decoder are unchanged, so that a server need not know: the values it decodes are
 * 1/(1 + ω) of the update, and memory of the rest follows. EDEN takes its `min-mse` scale instead, which is a contraction for
 * each vector's own error. Contractions, and rings and grids, come back as they are.
 *
 * Without memory do not use it: an unbiased codec over n clients averages to ω/n, a contraction stays biased.
 *
 * Samuel Horváth, Peter Richtárik, "A Better Alternative to Error Feedback for Communication-Efficient Distributed Learning",
 * ICLR 2021, section 2; Peter Richtárik, Igor Sokolov, Ilyas Fatkhullin, "EF21", NeurIPS 2021.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for a codec without a guarantee.
 */
export function contraction<C extends LinearCodec>(codec: C): C & Guaranteed<Settling>;
export function contraction<C extends Codec & Guaranteed<Settling>>(codec: C): C;
export function contraction<C extends Codec>(codec: C): Omit<C, 'guarantee'> & Guaranteed<Contraction>;
export function contraction(codec: Codec): unknown {
  const guarantee = codec?.guarantee;
  if (guarantee === undefined) {
    refuse('INVALID_ARGUMENT', 'contraction: codec', 'a codec that states its guarantee', codec?.kind ?? codec);
  }
  if (guarantee.kind !== 'variance') return codec;
  const own = (codec as { readonly contraction?: () => Codec }).contraction;
  if (own) return own();
  const stage = stageOf('contraction: codec', codec);
  const linear = linearStage(stage);
  const shrink = (values: Float32Array) => {
    const factor = 1 / (1 + guarantee.omega(values.length));
    return values.map((value) => value * factor);
  };
  const scaled: Stage & Guaranteed<Contraction> = {
    ...stage,
    unbiased: false,
    guarantee: {
      kind: 'contraction',
      delta: (size) => 1 / (1 + guarantee.omega(size)),
      ...(guarantee.error !== undefined && { error: guarantee.error }),
      pathwise: false,
    },
    write: (out, values, encoding) => stage.write(out, shrink(values), encoding),
  };
  // A quantizer stays one; scaled values are no choice of places.
  const { role } = codec as { readonly role?: string };
  if (linear === undefined) return { ...createCodec(scaled), ...(role === 'quantizer' && { role }) };
  const integers: LinearStage & Guaranteed<Contraction> = {
    ...linear,
    ...scaled,
    linearity: 'linear',
    strain: (values: Float32Array, encoding: Encoding, contributors: number) =>
      linear.strain(shrink(values), encoding, contributors),
    integers: (values: Float32Array, encoding: Encoding) => linear.integers(shrink(values), encoding),
    contributed: (values: Float32Array, given: Int32Array, encoding: Encoding) =>
      linear.contributed(shrink(values), given, encoding),
  };
  return createLinearCodec(integers);
}
