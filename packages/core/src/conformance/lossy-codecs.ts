/**
 * Codecs that lose much and promise what they lose: small enough to be read at a glance, for laws of what stands behind them.
 *
 * @module
 */
import type { Codec, LinearCodec } from '../codec/contract.ts';
import type { Bounded, Contraction, Guarantee, Variance } from '../codec/guarantee.ts';
import { checkFinite } from '../finite.ts';
import { type Rng, seededRng, shuffle } from '../random.ts';

/** A codec whose message is the whole vector, with what it loses already lost. */
function losing<G extends Guarantee>(
  kind: string,
  guarantee: G,
  lose: (values: Float32Array, rng: Rng) => Float32Array,
): Codec<'perClient'> & { readonly guarantee: G } {
  const decode = (bytes: Uint8Array) => new Float32Array(bytes.slice().buffer);
  return {
    kind,
    linearity: 'perClient',
    unbiased: guarantee.kind === 'variance',
    guarantee,
    encode(values, { sharedSeed }) {
      checkFinite(`${kind}.encode`, values);
      return new Uint8Array(lose(values, seededRng(sharedSeed)).buffer.slice(0)) as Uint8Array<ArrayBuffer>;
    },
    decode,
    visit: (bytes, sink) => sink.dense(0, decode(bytes)),
  };
}

/** The quarter of the values that is largest: ‖x − Ĉ(x)‖² ≤ ¾·‖x‖², pathwise. */
export function largestQuarter(): Codec {
  const guarantee: Contraction = { kind: 'contraction', delta: () => 0.25, pathwise: true };
  return losing('law-largest', guarantee, (values) => {
    const order = Array.from(values.keys()).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b);
    const kept = new Set(order.slice(0, Math.ceil(values.length / 4)));
    return values.map((value, i) => (kept.has(i) ? value : 0));
  });
}

/** A random eighth of the values: scaled by 8 it were unbiased with ω = 7; as it is, x/(1+ω) in expectation, it contracts by δ = ⅛. */
export function randomEighth(): Codec {
  const guarantee: Contraction = { kind: 'contraction', delta: () => 1 / 8, pathwise: false };
  return losing('law-random', guarantee, (values, rng) => {
    const order = shuffle(Array.from(values.keys()), rng);
    const kept = new Set(order.slice(0, Math.ceil(values.length / 8)));
    return values.map((value, i) => (kept.has(i) ? value : 0));
  });
}

/** Some values at random, times what makes them unbiased: of variance `omega` at most. */
export function unbiasedShare(omega: number): Codec {
  const kept = (size: number) => Math.ceil(size / (1 + omega));
  const guarantee: Variance = { kind: 'variance', omega: (size) => size / kept(size) - 1 };
  return losing('law-share', guarantee, (values, rng) => {
    const count = kept(values.length);
    const rows = new Set(shuffle(Array.from(values.keys()), rng).slice(0, count));
    return values.map((value, i) => (rows.has(i) ? (value * values.length) / count : 0));
  });
}

/** Integers in a ring of 2^bits: a client's may wrap where the sum does not, and counts as it was before. */
export function narrowRing({ bits, step }: { readonly bits: number; readonly step: number }): LinearCodec {
  const modulus = 2 ** bits;
  const centered = (value: number) => value - modulus * Math.floor(value / modulus + 0.5);
  const integers = (values: Float32Array) => Int32Array.from(values, (value) => centered(Math.round(value / step)));
  const guarantee: Bounded = { kind: 'bounded', error: step, range: (step * modulus) / 2 };
  const codec = losing('law-ring', guarantee, (values) => Float32Array.from(integers(values), (value) => value * step));
  return {
    ...codec,
    linearity: 'linear',
    bits,
    bound: modulus / 2,
    deviations: 6,
    meanSquaredError: step ** 2 / 4,
    strain: () => ({ clipped: 0, wide: 0, alone: 0 }),
    encodeIntegers: integers,
    contributed: (values) => values.map((value) => Math.round(value / step) * step),
    decodeSum: (sum) => Float32Array.from(sum, (value) => centered(value) * step),
  };
}
