/**
 * How much a late contribution counts.
 *
 * Cong Xie, Sanmi Koyejo, Indranil Gupta, "Asynchronous Federated Optimization" (FedAsync), 2019, §5.2,
 * https://arxiv.org/abs/1903.03934; John Nguyen, Kshitiz Malik, Hongyuan Zhan, Ashkan Yousefpour, Mike Rabbat, Mani
 * Malek, Dzmitry Huba, "Federated Learning with Buffered Asynchronous Aggregation" (FedBuff), AISTATS 2022,
 * https://arxiv.org/abs/2106.06639.
 *
 * @module
 */
import { checkInteger, checkNumber, checkPositive, refuse } from '../check.ts';
import { pow } from '../math/pow.ts';

/**
 * s(τ), where τ ≥ 0 counts the server's steps since the client fetched the model. s(0) = 1, and s never grows.
 *
 * | kind | s(τ) |
 * | --- | --- |
 * | `constant` | 1 |
 * | `polynomial` | (1 + τ)^−a |
 * | `hinge` | 1 up to τ = b, then 1/(a·(τ − b) + 1) |
 */
export type Staleness =
  | { readonly kind: 'constant' }
  /** `exponent`: a ≥ 0; ½ in both papers: 1/√(1 + τ), correctly rounded. */
  | { readonly kind: 'polynomial'; readonly exponent: number }
  /** `slope`: a > 0, 10 in the FedAsync paper; `grace`: b ≥ 0, 4 there. */
  | { readonly kind: 'hinge'; readonly slope: number; readonly grace: number };

/**
 * s as a function of τ, the same bits on every engine.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for an unknown kind, `OUT_OF_RANGE` for its constants, and for a τ that is not
 * an integer ≥ 0 once called.
 */
export function stalenessWeight(staleness: Staleness): (steps: number) => number {
  const where = 'staleness';
  const checked = (weight: (steps: number) => number) => (steps: number) => weight(checkInteger(where, steps));
  switch (staleness?.kind) {
    case 'constant':
      return checked(() => 1);
    case 'polynomial': {
      const a = checkNumber(`${where}: exponent`, staleness.exponent, 0);
      return checked((steps) => (a === 0.5 ? 1 / Math.sqrt(1 + steps) : pow(1 + steps, -a)));
    }
    case 'hinge': {
      const a = checkPositive(`${where}: slope`, staleness.slope);
      const b = checkNumber(`${where}: grace`, staleness.grace, 0);
      return checked((steps) => (steps <= b ? 1 : 1 / (a * (steps - b) + 1)));
    }
    default:
      return refuse('INVALID_ARGUMENT', where, "kind 'constant', 'polynomial' or 'hinge'", staleness);
  }
}
