/**
 * Rebuilding secrets of which some holders sent wrong shares.
 *
 * @module
 */
import type { Rng } from '@fedkit/core';
import { PRIME, invert, multiply, reduce, subtract } from './field31.ts';
import { ErrorLocator } from './reed-solomon.ts';
import { LIMBS, combineWords } from './shamir.ts';

/** A rebuilt secret. */
export interface DecodedSecret {
  readonly secret: Uint8Array;
  /** Which of the shares were wrong, ascending. */
  readonly wrong: readonly number[];
}

/** Decodes secrets that the same holders hold, r of them, with up to (r − t)/2 wrong shares each. */
export class ShareDecoder {
  readonly #abscissas: Uint32Array;
  readonly #locator: ErrorLocator;
  /** multiplier_i / x_i: the Lagrange weight at zero, but for a factor common to all. */
  readonly #weights: Uint32Array;

  /**
   * @param abscissas - Distinct, in [1, 2^22), at least `threshold`.
   * @complexity O(r²), once.
   */
  constructor(abscissas: Uint32Array, threshold: number) {
    this.#abscissas = abscissas;
    this.#locator = new ErrorLocator(abscissas, threshold);
    this.#weights = abscissas.map((x, i) => multiply(this.#locator.multipliers[i], invert(x)));
  }

  /**
   * The secret and the wrong shares; `undefined` where more than (r − t)/2 are wrong, or what they give is no secret.
   *
   * A holder is wrong as a whole, so its nine words are decoded as one random combination of them, in which an error
   * vanishes with probability 2^−31. Beyond the bound the secret may be another than was dealt: compare it with what
   * the dealer committed to.
   *
   * @param shares - For each holder a list of shares, nine words each, all below p.
   * @param places - For each holder which share of its list belongs to this secret.
   * @param rng - Not known to the holders when they answered.
   * @complexity O(r·(r − t)).
   */
  decode(shares: readonly Uint32Array[], places: Uint32Array, rng: Rng): DecodedSecret | undefined {
    const factors = Array.from({ length: LIMBS }, () => 1 + rng.below(PRIME - 1));
    const combined = this.#abscissas.map((_, i) => {
      const at = places[i] * LIMBS;
      let value = 0;
      for (let limb = 0; limb < LIMBS; limb++) value += multiply(factors[limb], shares[i][at + limb]);
      return reduce(value);
    });
    const wrong = this.#locator.locate(combined);
    if (wrong === undefined) return undefined;
    const secret = combineWords(this.#weightsWithout(wrong), shares, places);
    return secret === undefined ? undefined : { secret, wrong };
  }

  /** Lagrange weights at zero over the right holders, zero for the wrong ones. */
  #weightsWithout(wrong: readonly number[]): Uint32Array {
    const abscissas = this.#abscissas;
    const left = new Set(wrong);
    let product = 1;
    let count = 0;
    abscissas.forEach((x, i) => {
      if (left.has(i)) return;
      product = reduce(product * x);
      count++;
    });
    // Π_{j≠i}(−x_j) over the right ones has count − 1 factors.
    if (count % 2 === 0) product = subtract(0, product);
    return this.#weights.map((weight, i) => {
      if (left.has(i)) return 0;
      let value = multiply(weight, product);
      for (const place of wrong) {
        const distance = abscissas[i] - abscissas[place];
        const scaled = reduce(value * Math.abs(distance));
        value = distance > 0 ? scaled : subtract(0, scaled);
      }
      return value;
    });
  }
}
