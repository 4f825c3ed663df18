/**
 * Shamir secret sharing of 32-byte secrets, batched (Shamir, "How to share a secret", Comm. ACM 22(11), 1979).
 *
 * A secret is cut into nine limbs, eight of 29 bits and one of 24, little-endian, each shared over the field of
 * p = 2^31 − 1 with the same abscissas. A share is nine field elements, 36 bytes as little-endian 32-bit words.
 * Abscissas are index + 1 < 2^22, which keeps every product below 2^53.
 *
 * @module
 */
import type { Rng } from '@fedkit/core';
import { refuse } from '@fedkit/core/internal';
import { PRIME, invert, multiply, reduce, subtract } from './field31.ts';

/** Bytes of a secret. */
export const SECRET_BYTES = 32;
/** Field elements of a share. */
export const LIMBS = 9;
/** Bytes of an encoded share. */
export const SHARE_BYTES: number = 4 * LIMBS;
/** Abscissas are below this. */
export const MAXIMUM_ABSCISSA = 0x400000;

const LIMB_BITS = 29;
const LIMB_MASK = 0x1fffffff;
const INVERSE_TWO_31 = 1 / 2147483648;
// PRIME, of this module: V8 looks imports up at every use.
const MODULUS = 2147483647;
// Up to here two Horner steps fit in one reduction: (2^31 + 2^22)·x² + 2^31·(x + 1) < 2^53.
const TWO_STEP_LIMIT = 2000;

/**
 * Deals t-of-n shares of several secrets at once.
 *
 * Any t shares rebuild a secret; fewer are independent of it.
 *
 * @param secrets - 32 bytes each; not kept.
 * @param threshold - t, 2 to the number of holders: at 1 every share would be the secret itself.
 * @param abscissas - Distinct, in [1, 2^22); one for each holder.
 * @returns For each secret the holders' shares one after another, 36 bytes each.
 * @complexity O(secrets · threshold · holders).
 */
export function dealShares(
  secrets: readonly Uint8Array[],
  threshold: number,
  abscissas: Uint32Array,
  rng: Rng,
): Uint8Array[] {
  if (!(threshold >= 2 && threshold <= abscissas.length)) {
    refuse('OUT_OF_RANGE', 'shamir.dealShares: threshold', `an integer in [2, ${abscissas.length}]`, threshold);
  }
  checkAbscissas('shamir.dealShares: abscissas', abscissas);
  const coefficients = new Float64Array(threshold);
  const random = new Uint32Array(threshold - 1);
  const dealt = secrets.map((secret) => {
    const limbs = secretToLimbs(secret);
    const shares = new Uint8Array(abscissas.length * SHARE_BYTES);
    const view = new DataView(shares.buffer);
    for (let limb = 0; limb < LIMBS; limb++) {
      drawCoefficients(random, rng);
      coefficients[0] = limbs[limb];
      for (let j = 1; j < threshold; j++) coefficients[j] = random[j - 1];
      evaluateAll(coefficients, abscissas, view, 4 * limb);
    }
    limbs.fill(0);
    return shares;
  });
  coefficients.fill(0);
  random.fill(0);
  return dealt;
}

/**
 * Lagrange weights at zero: the secret is Σ weight · share. Computed once for a set of holders and used for every
 * secret they hold.
 *
 * @throws FedkitError `DECODE_FAILED` for an abscissa that is 0, repeated, or at least 2^22.
 * @complexity O(t²), and one inversion.
 */
export function interpolationWeights(abscissas: Uint32Array): Uint32Array {
  checkAbscissas('shamir.interpolationWeights: abscissas', abscissas);
  const count = abscissas.length;
  // Π x_j over all j ≠ i is Π x_j over all j, divided by x_i: so each weight has one product to be divided by.
  const divisors = differenceProducts(abscissas);
  let numerator = 1;
  for (let i = 0; i < count; i++) {
    divisors[i] = multiply(divisors[i], abscissas[i]);
    numerator = reduce(numerator * abscissas[i]);
  }
  // One inversion for all, of the product of all (Montgomery, Math. Comp. 48, 1987, section 10.3.1).
  const weights = new Uint32Array(count);
  let before = 1;
  for (let i = 0; i < count; i++) {
    weights[i] = before;
    before = multiply(before, divisors[i]);
  }
  let rest = multiply(numerator, invert(before));
  for (let i = count - 1; i >= 0; i--) {
    weights[i] = multiply(weights[i], rest);
    rest = multiply(rest, divisors[i]);
  }
  return weights;
}

/** For each i the product of x_j − x_i over all j ≠ i. */
function differenceProducts(abscissas: Uint32Array): Uint32Array {
  const count = abscissas.length;
  const sorted = abscissas.slice().sort();
  // Two differences below 2^11 and a field element are below 2^53 together; of larger ones, below 2^22, one and an element.
  const step = sorted[count - 1] - sorted[0] < 2048 ? 2 : 1;
  return Uint32Array.from(abscissas, (x) => {
    let product = 1;
    let smaller = 0;
    for (let j = 0; j < count; j += step) {
      const one = sorted[j] - x;
      const other = step === 2 && j + 1 < count ? sorted[j + 1] - x : 1;
      smaller += (one >>> 31) + (other >>> 31);
      // The difference to itself is left out.
      product = reduce(product * ((Math.abs(one) || 1) * (Math.abs(other) || 1)));
    }
    return (smaller & 1) === 1 ? subtract(0, product) : product;
  });
}

/**
 * Rebuilds a secret from as many shares as there are weights, in the same order.
 *
 * @param shares - For each holder a list of shares, nine words each, all below p.
 * @param places - For each holder which share of its list belongs to this secret.
 * @returns The secret, or `undefined` where the shares lie on no polynomial of a 32-byte secret: at least one is wrong.
 * A wrong share may also give another secret, so callers compare with what the dealer committed to.
 */
export function combineWords(
  weights: Uint32Array,
  shares: readonly Uint32Array[],
  places: Uint32Array,
): Uint8Array | undefined {
  // Products with the upper 15 and the lower 16 bits of a weight are below 2^46 and 2^47: 32 of them add exactly.
  const high = new Float64Array(LIMBS);
  const low = new Float64Array(LIMBS);
  for (let from = 0; from < weights.length; from += 32) {
    const end = Math.min(from + 32, weights.length);
    for (let i = from; i < end; i++) {
      const upper = weights[i] >>> 16;
      const lower = weights[i] & 0xffff;
      const words = shares[i];
      const start = places[i] * LIMBS;
      for (let limb = 0; limb < LIMBS; limb++) {
        const word = words[start + limb];
        high[limb] += upper * word;
        low[limb] += lower * word;
      }
    }
    for (let limb = 0; limb < LIMBS; limb++) {
      high[limb] = reduce(high[limb]);
      low[limb] = reduce(low[limb]);
    }
  }
  const limbs = Uint32Array.from({ length: LIMBS }, (_, limb) => reduce(high[limb] * 65536 + low[limb]));
  high.fill(0);
  low.fill(0);
  return limbsToSecret(limbs);
}

/**
 * Rebuilds all the secrets of which the same holders hold shares, as {@link combineWords} does one by one.
 *
 * @param shares - For each holder the shares of `count` secrets, nine words each, all below p.
 * @returns In the order of the shares, each as {@link combineWords} returns it.
 */
export function combineAll(
  weights: Uint32Array,
  shares: readonly Uint32Array[],
  count: number,
): (Uint8Array | undefined)[] {
  const words = count * LIMBS;
  // As in combineWords; holder by holder, since a list of theirs is one run of memory.
  const high = new Float64Array(words);
  const low = new Float64Array(words);
  for (let i = 0; i < weights.length; i++) {
    const upper = weights[i] >>> 16;
    const lower = weights[i] & 0xffff;
    const held = shares[i];
    for (let j = 0; j < words; j++) {
      high[j] += upper * held[j];
      low[j] += lower * held[j];
    }
    if (i % 32 !== 31) continue;
    for (let j = 0; j < words; j++) {
      high[j] = reduce(high[j]);
      low[j] = reduce(low[j]);
    }
  }
  const limbs = new Uint32Array(LIMBS);
  const secrets = Array.from({ length: count }, (_, secret) => {
    for (let limb = 0; limb < LIMBS; limb++) {
      const j = secret * LIMBS + limb;
      limbs[limb] = reduce(reduce(high[j]) * 65536 + reduce(low[j]));
    }
    return limbsToSecret(limbs);
  });
  high.fill(0);
  low.fill(0);
  limbs.fill(0);
  return secrets;
}

/**
 * Rebuilds a secret from encoded shares, as {@link combineWords}.
 *
 * @throws FedkitError `DECODE_FAILED` for a share with an element ≥ p or of another length, `THRESHOLD_NOT_MET` for fewer
 * shares than weights.
 */
export function combineShares(weights: Uint32Array, shares: readonly Uint8Array[]): Uint8Array | undefined {
  if (shares.length !== weights.length) {
    refuse('THRESHOLD_NOT_MET', 'shamir.combineShares: shares', `${weights.length} shares`, shares.length);
  }
  return combineWords(weights, shares.map(shareWords), new Uint32Array(shares.length));
}

/** The nine words of an encoded share; `DECODE_FAILED` where it is not canonical. */
export function shareWords(share: Uint8Array): Uint32Array {
  checkShare(share);
  return Uint32Array.from({ length: LIMBS }, (_, limb) => readWord(share, 4 * limb));
}

/** Whether these bytes are a canonically encoded share. */
export function isShare(share: Uint8Array): boolean {
  let valid = share.length === SHARE_BYTES;
  for (let limb = 0; valid && limb < LIMBS; limb++) valid = readWord(share, 4 * limb) < PRIME;
  return valid;
}

/** Refuses bytes that are not a canonically encoded share. */
export function checkShare(share: Uint8Array): void {
  if (!isShare(share))
    refuse('DECODE_FAILED', 'shamir: share', 'nine field elements below 2^31 − 1 in 36 bytes', share);
}

function secretToLimbs(secret: Uint8Array): Uint32Array {
  if (secret.length !== SECRET_BYTES) {
    refuse('SHAPE_MISMATCH', 'shamir.dealShares: secret', `${SECRET_BYTES} bytes`, secret.length);
  }
  // In 32-bit words alone: a remainder of doubles takes longer for some values than for others.
  const limbs = new Uint32Array(LIMBS);
  for (let limb = 0; limb < LIMBS; limb++) {
    const at = (limb * LIMB_BITS) >> 3;
    const shift = (limb * LIMB_BITS) & 7;
    let value = 0;
    for (let byte = 3; byte >= 0; byte--) value = (value << 8) | (secret[at + byte] ?? 0);
    value >>>= shift;
    // 29 bits that start anywhere in a byte touch at most five bytes.
    if (shift > 3) value |= (secret[at + 4] ?? 0) << (32 - shift);
    limbs[limb] = value & LIMB_MASK;
  }
  return limbs;
}

function limbsToSecret(limbs: Uint32Array): Uint8Array | undefined {
  const secret = new Uint8Array(SECRET_BYTES);
  for (let i = 0; i < SECRET_BYTES; i++) {
    const limb = Math.floor((8 * i) / LIMB_BITS);
    const offset = 8 * i - limb * LIMB_BITS;
    let value = limbs[limb] >>> offset;
    if (offset > LIMB_BITS - 8) value |= limbs[limb + 1] << (LIMB_BITS - offset);
    secret[i] = value;
  }
  let beyond = limbs[LIMBS - 1] >>> (8 * SECRET_BYTES - LIMB_BITS * (LIMBS - 1));
  for (let limb = 0; limb < LIMBS - 1; limb++) beyond |= limbs[limb] >>> LIMB_BITS;
  return beyond === 0 ? secret : undefined;
}

function drawCoefficients(random: Uint32Array, rng: Rng): void {
  const bytes = new Uint8Array(random.buffer);
  rng.fill(bytes);
  for (let i = 0; i < random.length; i++) {
    let value = random[i] >>> 1;
    while (value === PRIME) value = rng.uint32() >>> 1;
    random[i] = value;
  }
}

/** Writes the polynomial's value at every abscissa, four abscissas at a time so that their chains overlap. */
function evaluateAll(coefficients: Float64Array, abscissas: Uint32Array, out: DataView, offset: number): void {
  const last = abscissas.length - 1;
  for (let i = 0; i <= last; i += 4) {
    const x0 = abscissas[i];
    const x1 = abscissas[Math.min(i + 1, last)];
    const x2 = abscissas[Math.min(i + 2, last)];
    const x3 = abscissas[Math.min(i + 3, last)];
    const values =
      x0 <= TWO_STEP_LIMIT && x1 <= TWO_STEP_LIMIT && x2 <= TWO_STEP_LIMIT && x3 <= TWO_STEP_LIMIT
        ? evaluateFourSmall(coefficients, x0, x1, x2, x3)
        : evaluateFour(coefficients, x0, x1, x2, x3);
    for (let j = 0; j < 4 && i + j <= last; j++) out.setUint32((i + j) * SHARE_BYTES + offset, values[j], true);
  }
}

const four = new Float64Array(4);

function evaluateFour(c: Float64Array, x0: number, x1: number, x2: number, x3: number): Float64Array {
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  for (let j = c.length - 1; j >= 0; j--) {
    const cj = c[j];
    a0 = reduce(a0 * x0 + cj);
    a1 = reduce(a1 * x1 + cj);
    a2 = reduce(a2 * x2 + cj);
    a3 = reduce(a3 * x3 + cj);
  }
  four[0] = a0;
  four[1] = a1;
  four[2] = a2;
  four[3] = a3;
  return four;
}

function evaluateFourSmall(c: Float64Array, x0: number, x1: number, x2: number, x3: number): Float64Array {
  const s0 = x0 * x0;
  const s1 = x1 * x1;
  const s2 = x2 * x2;
  const s3 = x3 * x3;
  let j = c.length - 1;
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  if ((c.length & 1) === 1) {
    a0 = a1 = a2 = a3 = c[j];
    j--;
  }
  for (; j > 0; j -= 2) {
    const high = c[j];
    const low = c[j - 1];
    a0 = a0 * s0 + (high * x0 + low);
    a1 = a1 * s1 + (high * x1 + low);
    a2 = a2 * s2 + (high * x2 + low);
    a3 = a3 * s3 + (high * x3 + low);
    a0 -= Math.floor(a0 * INVERSE_TWO_31) * MODULUS;
    a1 -= Math.floor(a1 * INVERSE_TWO_31) * MODULUS;
    a2 -= Math.floor(a2 * INVERSE_TWO_31) * MODULUS;
    a3 -= Math.floor(a3 * INVERSE_TWO_31) * MODULUS;
  }
  four[0] = reduce(a0);
  four[1] = reduce(a1);
  four[2] = reduce(a2);
  four[3] = reduce(a3);
  return four;
}

function checkAbscissas(where: string, abscissas: Uint32Array): void {
  const seen = new Set<number>();
  for (const x of abscissas) {
    if (x === 0 || x >= MAXIMUM_ABSCISSA || seen.has(x)) {
      refuse('DECODE_FAILED', where, 'distinct integers in [1, 2^22)', x);
    }
    seen.add(x);
  }
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}
