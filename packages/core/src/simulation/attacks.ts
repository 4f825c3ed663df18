/**
 * What Byzantine clients send in simulations. They collude and see every honest update of the round, which is more than
 * any real attacker does: a rule that withstands that withstands less.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkNumber, refuse } from '../check.ts';
import type { Examples } from '../client/examples.ts';
import { normal } from '../math/normal.ts';
import type { Rng } from '../random.ts';

/** Makes the update that every Byzantine client of a round sends, or one for each. */
export interface Attack {
  readonly kind: string;
  /**
   * @param honest - Shape [n − f][d], at least one; not changed.
   * @param rng - A stream of this client's own.
   * @returns A fresh vector, shape [d].
   */
  forge(honest: readonly Float32Array[], rng: Rng): Float32Array;
}

/**
 * −scale · mean of the honest updates (Allen-Zhu et al., "Byzantine-Resilient Non-Convex Stochastic Gradient Descent",
 * ICLR 2021).
 *
 * @param options - `scale`: default 1. Beyond (n − f) / f a plain mean points the wrong way.
 */
export function signFlip(options: { readonly scale?: number } = {}): Attack {
  checkOptions('signFlip', options, { scale: true } satisfies OptionNames<typeof options>);
  const { scale = 1 } = options;
  checkNumber('signFlip: scale', scale);
  return { kind: 'sign-flip', forge: (honest) => combine(honest, -scale, 0) };
}

/**
 * mean − z · standard deviation at every coordinate: a shift that hides in the honest spread (Baruch, Baruch and Goldberg,
 * "A Little Is Enough: Circumventing Defenses for Distributed Learning", NeurIPS 2019, algorithm 3).
 *
 * @param options - `z`: default 1.5. The paper derives it from n and f as the largest that leaves enough honest clients
 * further out; the standard deviation is the sample's, with n − 1.
 */
export function aLittleIsEnough(options: { readonly z?: number } = {}): Attack {
  checkOptions('aLittleIsEnough', options, { z: true } satisfies OptionNames<typeof options>);
  const { z = 1.5 } = options;
  checkNumber('aLittleIsEnough: z', z);
  return { kind: 'a-little-is-enough', forge: (honest) => combine(honest, 1, -z) };
}

/**
 * −factor · mean: small enough to pass for honest, turned so that the aggregate points uphill (Xie, Koyejo and Gupta, "Fall
 * of Empires: Breaking Byzantine-tolerant SGD by Inner Product Manipulation", UAI 2019).
 *
 * @param options - `factor`: the paper's ε, default 0.5.
 */
export function innerProductManipulation(options: { readonly factor?: number } = {}): Attack {
  checkOptions('innerProductManipulation', options, { factor: true } satisfies OptionNames<typeof options>);
  const { factor = 0.5 } = options;
  checkNumber('innerProductManipulation: factor', factor);
  return { kind: 'inner-product-manipulation', forge: (honest) => combine(honest, -factor, 0) };
}

/**
 * Independent normal values, different for every client (Blanchard et al., NeurIPS 2017, section 6).
 *
 * @param options - `standardDeviation` of a coordinate, in the unit of the updates; default 1.
 */
export function gaussianNoise(options: { readonly standardDeviation?: number } = {}): Attack {
  checkOptions('gaussianNoise', options, { standardDeviation: true } satisfies OptionNames<typeof options>);
  const { standardDeviation = 1 } = options;
  checkNumber('gaussianNoise: standardDeviation', standardDeviation, 0);
  return {
    kind: 'gaussian',
    forge: (honest, rng) => Float32Array.from(first(honest), () => standardDeviation * normal(rng)),
  };
}

/**
 * The examples of a client that trains honestly on wrong labels: class c becomes classes − 1 − c (Tolpegin et al., "Data
 * Poisoning Attacks Against Federated Learning Systems", ESORICS 2020). Inputs are shared with `examples`.
 */
export function flipLabels(examples: Examples, classes: number): Examples {
  return { ...examples, labels: examples.labels.map((label: number) => classes - 1 - label) };
}

function first(honest: readonly Float32Array[]): Float32Array {
  return honest[0] ?? refuse('THRESHOLD_NOT_MET', 'forge: honest', 'at least one honest update', 0);
}

/** a · mean + b · standard deviation, by coordinate in float64. */
function combine(honest: readonly Float32Array[], a: number, b: number): Float32Array {
  const n = honest.length;
  return first(honest).map((_, c) => {
    let sum = 0;
    for (const values of honest) sum += values[c];
    const mean = sum / n;
    let squares = 0;
    if (b !== 0) for (const values of honest) squares += (values[c] - mean) * (values[c] - mean);
    return a * mean + b * Math.sqrt(squares / Math.max(1, n - 1));
  });
}
