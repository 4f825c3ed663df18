/**
 * Shamir shares as words of a Reed-Solomon code over p = 2^31 − 1: which of r values lie off the one polynomial of degree
 * below t that all but (r − t)/2 of them agree on.
 *
 * {@link gaoDecode} is Gao's algorithm ("A new algorithm for decoding Reed-Solomon codes", 2003, algorithm 1), kept as the
 * plain twin. {@link ErrorLocator} finds the same errors from the first r − t terms of the series g1/g0 that Gao divides
 * out, the syndromes, with the shortest recurrence that generates them (Massey, IEEE Trans. Inf. Theory 15(1), 1969).
 *
 * @module
 */
import { PRIME, invert, multiply, reduce, subtract } from './field31.ts';

/** Polynomial, coefficients ascending, without leading zeros; empty for zero. */
type Polynomial = number[];

/** What {@link gaoDecode} finds. */
export interface Decoded {
  /** Coefficients, ascending, of degree below t. */
  readonly polynomial: readonly number[];
  /** Where the values differ from it, ascending. */
  readonly errors: readonly number[];
}

/**
 * The polynomial of degree below `threshold` that agrees with all but at most (r − t)/2 of the values.
 *
 * @param abscissas - Distinct, in [1, 2^22).
 * @param values - One for each abscissa, below p.
 * @returns `undefined` where there is none.
 * @complexity O(r²).
 */
export function gaoDecode(abscissas: Uint32Array, values: Uint32Array, threshold: number): Decoded | undefined {
  const r = abscissas.length;
  let product: Polynomial = [1];
  let remainder: Polynomial = [];
  // Newton: the interpolation gains one point at a time, with the product over the points before it.
  for (let i = 0; i < r; i++) {
    const missing = subtract(values[i], evaluate(remainder, abscissas[i]));
    remainder = combine(remainder, product, multiply(missing, invert(evaluate(product, abscissas[i]))));
    product = timesLinear(product, abscissas[i]);
  }
  let [dividend, cofactor, before]: Polynomial[] = [product, [1], []];
  while (remainder.length > 0 && 2 * (remainder.length - 1) >= r + threshold) {
    const { quotient, rest } = divide(dividend, remainder);
    const next = combine(before, times(quotient, cofactor), PRIME - 1);
    [dividend, remainder, before, cofactor] = [remainder, rest, cofactor, next];
  }
  const { quotient: polynomial, rest } = divide(remainder, cofactor);
  if (rest.length > 0 || polynomial.length > threshold) return undefined;
  const errors = Array.from(abscissas.keys()).filter((i) => evaluate(polynomial, abscissas[i]) !== values[i]);
  return 2 * errors.length <= r - threshold ? { polynomial, errors } : undefined;
}

/** Finds wrong values over one set of abscissas, for as many words as there are. */
export class ErrorLocator {
  readonly #abscissas: Uint32Array;
  readonly #checks: number;
  /** 1/Π_{j≠i}(x_i − x_j): with these every word of the code has syndromes of zero. */
  readonly multipliers: Uint32Array;

  /** @complexity O(r²), once. */
  constructor(abscissas: Uint32Array, threshold: number) {
    this.#abscissas = abscissas;
    this.#checks = abscissas.length - threshold;
    this.multipliers = abscissas.map((x) => {
      let product = 1;
      for (const other of abscissas) {
        if (other < x) product = reduce(product * (x - other));
        else if (other > x) product = subtract(0, reduce(product * (other - x)));
      }
      return invert(product);
    });
  }

  /**
   * Where the values are wrong, ascending; `undefined` where more than (r − t)/2 are. Beyond that bound another word of
   * the code may be nearer, so callers check what they rebuild.
   *
   * @complexity O(r·(r − t)).
   */
  locate(values: Uint32Array): number[] | undefined {
    const { locator, errors } = shortestRecurrence(this.#syndromes(values));
    if (2 * errors > this.#checks) return undefined;
    if (errors === 0) return [];
    const wrong: number[] = [];
    // The locator's roots are the inverses of the wrong abscissas: the reversed locator is zero at the abscissas.
    this.#abscissas.forEach((x, i) => {
      let value = 0;
      for (let k = 0; k <= errors; k++) value = reduce(value * x + (locator[k] ?? 0));
      if (value === 0) wrong.push(i);
    });
    return wrong.length === errors ? wrong : undefined;
  }

  /** Σ_i multiplier_i · value_i · x_i^j for j below r − t. */
  #syndromes(values: Uint32Array): Float64Array {
    const syndromes = new Float64Array(this.#checks);
    this.#abscissas.forEach((x, i) => {
      let term = multiply(this.multipliers[i], values[i]);
      for (let j = 0; j < syndromes.length; j++) {
        syndromes[j] += term;
        term = reduce(term * x);
      }
    });
    // At most 2^22 terms below 2^31 each: exact.
    return syndromes.map(reduce);
  }
}

/** Berlekamp-Massey: the shortest 1 + c_1·z + … whose product with the series vanishes from place `errors` on. */
function shortestRecurrence(series: Float64Array): { locator: number[]; errors: number } {
  let locator: Polynomial = [1];
  let previous: Polynomial = [1];
  let [errors, shift, scale] = [0, 1, 1];
  for (let n = 0; n < series.length; n++, shift++) {
    let discrepancy = 0;
    for (let k = 0; k < locator.length; k++) discrepancy = add(discrepancy, multiply(locator[k], series[n - k]));
    if (discrepancy === 0) continue;
    const shifted = [...Array.from({ length: shift }, () => 0), ...previous];
    const next = combine(locator, shifted, subtract(0, multiply(discrepancy, invert(scale))));
    if (2 * errors <= n) [errors, previous, scale, shift] = [n + 1 - errors, locator, discrepancy, 0];
    locator = next;
  }
  return { locator, errors };
}

function add(a: number, b: number): number {
  const sum = a + b;
  return sum >= PRIME ? sum - PRIME : sum;
}

function evaluate(polynomial: Polynomial, x: number): number {
  let value = 0;
  for (let k = polynomial.length - 1; k >= 0; k--) value = reduce(value * x + polynomial[k]);
  return value;
}

/** a + factor · b. */
function combine(a: Polynomial, b: Polynomial, factor: number): Polynomial {
  const sum = Array.from({ length: Math.max(a.length, b.length) }, (_, k) =>
    add(a[k] ?? 0, multiply(factor, b[k] ?? 0)),
  );
  return trim(sum);
}

/** polynomial · (x − root). */
function timesLinear(polynomial: Polynomial, root: number): Polynomial {
  return combine([0, ...polynomial], polynomial, subtract(0, root));
}

function times(a: Polynomial, b: Polynomial): Polynomial {
  if (a.length === 0 || b.length === 0) return [];
  const product = Array.from({ length: a.length + b.length - 1 }, () => 0);
  a.forEach((left, i) => {
    b.forEach((right, j) => {
      product[i + j] = add(product[i + j], multiply(left, right));
    });
  });
  return trim(product);
}

function divide(dividend: Polynomial, divisor: Polynomial): { quotient: Polynomial; rest: Polynomial } {
  const rest = [...dividend];
  const quotient = Array.from({ length: Math.max(0, dividend.length - divisor.length + 1) }, () => 0);
  const leading = invert(divisor[divisor.length - 1]);
  for (let k = quotient.length - 1; k >= 0; k--) {
    const factor = multiply(rest[k + divisor.length - 1], leading);
    quotient[k] = factor;
    divisor.forEach((coefficient, j) => {
      rest[k + j] = subtract(rest[k + j], multiply(factor, coefficient));
    });
  }
  return { quotient: trim(quotient), rest: trim(rest) };
}

function trim(polynomial: Polynomial): Polynomial {
  let length = polynomial.length;
  while (length > 0 && polynomial[length - 1] === 0) length--;
  return polynomial.slice(0, length);
}
