// Pairs of finite distributions in fixed-point integers of 2,400 bits, composed by enumeration: no code of the accountants'.
import type { Interval } from './normal-oracle.ts';

const BITS = 2400n;
const ONE = 1n << BITS;
/** More than what any mass or sum here may be off by, in units of 2^-2400: roundings are a few units each. */
const SLACK = 1n << 100n;

/** Masses of the outcomes under both distributions, in units of 2^-2400; what is missing to 1 is of no outcome named. */
export interface FinitePair {
  readonly p: readonly bigint[];
  readonly q: readonly bigint[];
}

/** ln 2 = Σ 1/(k·2^k). */
const LN2 = ((): bigint => {
  let sum = 0n;
  for (let k = 1n; k <= BITS; k++) sum += (ONE >> k) / k;
  return sum;
})();

/** A float64 in units of 2^-2400, exactly unless it is below 2^-2300. */
export function fixed(x: number): bigint {
  let exponent = 0;
  let mantissa = x;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent++;
  }
  return (BigInt(mantissa) << BITS) >> BigInt(exponent);
}

/** How often an argument is halved before the series, and its power squared after: 2^32 roundings, well below the slack. */
const SQUARINGS = 32n;

/** exp(x) for x ≤ 0, of units and in units of 2^-2400. */
export function exponential(x: bigint): bigint {
  const halvings = -x / LN2;
  const rest = (x + halvings * LN2) >> SQUARINGS;
  let term = ONE;
  let sum = ONE;
  for (let n = 1n; term !== 0n && n < 2000n; n++) {
    term = ((term * rest) >> BITS) / n;
    sum += term;
  }
  for (let i = 0n; i < SQUARINGS; i++) sum = multiply(sum, sum);
  return sum >> halvings;
}

function multiply(a: bigint, b: bigint): bigint {
  return (a * b) >> BITS;
}

/** A record's outcome drawn with probability `q`, else that of the other side: `remove` puts the mixture in p, else in q. */
export function sampled({ p, q }: FinitePair, probability: number, remove: boolean): FinitePair {
  const part = fixed(probability);
  const mix = (a: readonly bigint[], b: readonly bigint[]) =>
    a.map((x, i) => multiply(part, x) + multiply(ONE - part, b[i]));
  return remove ? { p: mix(p, q), q } : { p, q: mix(q, p) };
}

/** The k-ary randomized responses of two different truths. */
export function responsePair(noiseProbability: number, buckets: number): FinitePair {
  const { p } = responseToNobody(noiseProbability, buckets);
  return { p, q: [p[1], p[0], ...p.slice(2)] };
}

/** The k-ary randomized response of a truth, and of nobody, whose answer is any. */
export function responseToNobody(noiseProbability: number, buckets: number): FinitePair {
  const other = fixed(noiseProbability) / BigInt(buckets);
  const rest = Array.from({ length: buckets - 1 }, () => other);
  const p = [ONE - BigInt(buckets - 1) * other, ...rest];
  return { p, q: p.map(() => ONE / BigInt(buckets)) };
}

/** The worst pair of pure ε-privacy: exp(±ε) as odds. */
export function purePair(epsilon: number): FinitePair {
  const small = exponential(-fixed(epsilon));
  const mass = (ONE * ONE) / (ONE + small);
  return { p: [mass, multiply(small, mass)], q: [multiply(small, mass), mass] };
}

/** Laplace noise of scale 1 about `distance` and about 0, seen between the cuts alone: a coarser release. */
export function laplacePair(distance: number, cuts: readonly number[]): FinitePair {
  const below = (cut: number, center: number): bigint => {
    const from = fixed(cut) - fixed(center);
    return from <= 0n ? exponential(from) / 2n : ONE - exponential(-from) / 2n;
  };
  const masses = (center: number): bigint[] => {
    const ends = [0n, ...cuts.map((cut) => below(cut, center)), ONE];
    return ends.slice(1).map((end, i) => end - ends[i]);
  };
  return { p: masses(distance), q: masses(0) };
}

/** Discrete noise with masses in proportion to exp(exponent(|k|)), |k| ≤ reach, moved by a whole number, and not. */
function movedPair(distance: number, reach: number, exponent: (k: bigint) => bigint): FinitePair {
  const half = Array.from({ length: reach + 1 }, (_, k) => exponential(exponent(BigInt(k))));
  const weights = [...half.slice(1).reverse(), ...half];
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  const masses = weights.map((weight) => (weight * ONE) / total);
  const none = Array.from({ length: distance }, () => 0n);
  return { p: [...none, ...masses], q: [...masses, ...none] };
}

/** Discrete Gaussian noise of parameter `noiseStd`, cut where 1e-60 and less lies beyond. */
export function discreteGaussianPair(noiseStd: number, distance: number): FinitePair {
  const variance = multiply(fixed(noiseStd), fixed(noiseStd));
  const reach = Math.ceil(17 * noiseStd) + 2;
  return movedPair(distance, reach, (k) => -(k * k * ONE * ONE) / (2n * variance));
}

/** Discrete Laplace noise, masses in proportion to exp(−|k|/scale), cut where 1e-60 and less lies beyond. */
export function discreteLaplacePair(scale: number, distance: number): FinitePair {
  const inverse = (ONE * ONE) / fixed(scale);
  return movedPair(distance, Math.ceil(140 * scale) + 2, (k) => -k * inverse);
}

/** Outcomes of equal likelihood ratio as one, which says as much. */
function merged({ p, q }: FinitePair): FinitePair {
  const together = new Map<string, [bigint, bigint]>();
  for (const [i, mass] of p.entries()) {
    // Ratios that differ by less than 2^-200 of themselves are one ratio, rounded.
    const ratio = q[i] === 0n ? 'infinite' : `${(mass << 200n) / q[i]}`;
    const known = together.get(ratio) ?? [0n, 0n];
    together.set(ratio, [known[0] + mass, known[1] + q[i]]);
  }
  const pairs = [...together.values()];
  return { p: pairs.map(([a]) => a), q: pairs.map(([, b]) => b) };
}

/** `rounds` independent releases, every combination of outcomes an outcome. */
export function composed(pair: FinitePair, rounds: number): FinitePair {
  let all = merged(pair);
  const one = all;
  for (let i = 1; i < rounds; i++) {
    const p: bigint[] = [];
    const q: bigint[] = [];
    for (const [j, mass] of all.p.entries()) {
      for (const [k, other] of one.p.entries()) {
        p.push(multiply(mass, other));
        q.push(multiply(all.q[j], one.q[k]));
      }
    }
    all = merged({ p, q });
  }
  return all;
}

/** Σ (p − exp(ε)·q)₊ over the outcomes named, for ε ≥ 0: what the pair's divergence is but for what no outcome names. */
export function finiteDelta({ p, q }: FinitePair, epsilon: number): Interval {
  const shrink = exponential(-fixed(epsilon));
  // exp(−ε)·p − q in units, and the sum of both roundings; divided by exp(−ε) at the end.
  let sum = 0n;
  for (const [i, mass] of p.entries()) {
    const gain = multiply(shrink, mass) - q[i];
    if (gain > 0n) sum += gain;
  }
  const slack = BigInt(p.length) * SLACK;
  const number = (value: bigint): number => (value <= 0n ? 0 : Number((value << 1000n) / shrink) / 2 ** 1000);
  return { lower: number(sum - slack) * (1 - 1e-12), upper: number(sum + slack) * (1 + 1e-12) };
}
