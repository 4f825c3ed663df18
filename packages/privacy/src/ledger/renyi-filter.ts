/**
 * A privacy filter of Rényi divergences, for releases of which each may be chosen by what all before have shown.
 *
 * At one order a, fixed in advance, the divergences of adaptively chosen releases add up: as long as their sum stays below B,
 * everything released is of divergence at most B (Feldman and Zrnic 2021, the Rényi privacy filter; of single clients too, each
 * for the releases of its own). Let B be what gives (ε, wδ) by the conversion of `conversion.ts`.
 *
 * Several orders may be watched at once if they share δ. Let releases go on as long as any one order is within its B, order i
 * with the weight w_i, Σ w_i = 1. Proof. Sums only grow, so an outcome at whose end order i is within its bound has been within
 * it all along: it is an outcome, of the same probability, of the run that order i alone would have stopped, which is
 * (ε, w_i δ)-private. Assign each outcome to the first order within its bound; for any set S of outcomes, P[S] ≤ Σ_i (e^ε
 * Q[S_i] + w_i δ) = e^ε Q[S] + δ.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import type { DpEvent } from '../event/types.ts';
import type { Neighboring } from '../neighboring.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { epsilonOfDivergence } from '../rdp/conversion.ts';
import type { PrivacyBudget } from './record.ts';
import { ln, log1p } from '../special/elementary.ts';

/** Shares of δ: half for the order that suits Gaussian noise best, the rest for orders up to eight times nearer to or farther from 1. */
const SHARES: readonly (readonly [factor: number, weight: number])[] = [
  [1, 1 / 2],
  [1 / 8, 1 / 12],
  [1 / 4, 1 / 12],
  [1 / 2, 1 / 12],
  [2, 1 / 12],
  [4, 1 / 12],
  [8, 1 / 12],
];

/** A filter's orders, and how a total at each of them is judged. */
export class RenyiFilter {
  /** Orders that are watched, from the budget the ledger was opened with: they never change. */
  readonly orders: readonly number[];
  readonly #neighboring: Neighboring;
  readonly #curves = new Map<string, Float64Array>();

  constructor(neighboring: Neighboring, opening: PrivacyBudget) {
    this.#neighboring = neighboring;
    const best = bestOrder(opening);
    this.orders = SHARES.map(([factor]) => 1 + (best - 1) * factor);
  }

  /** Nothing spent. */
  empty(): Float64Array {
    return new Float64Array(this.orders.length);
  }

  /** `total` and `count` releases of `event`, as a new total. @throws FedkitError `UNSUPPORTED_EVENT` without a finite loss. */
  add(total: Float64Array, event: DpEvent, count: number): Float64Array {
    const curve = this.#curveOf(event);
    return total.map((sum, i) => sum + count * curve[i]);
  }

  /** The least ε that the total is within at `delta`; 0 for nothing. */
  epsilon(total: Float64Array, delta: number): number {
    let least = Infinity;
    for (const [i, order] of this.orders.entries()) {
      least = Math.min(least, epsilonOfDivergence(total[i], order, SHARES[i][1] * delta));
    }
    return least;
  }

  #curveOf(event: DpEvent): Float64Array {
    const key = JSON.stringify(event);
    const known = this.#curves.get(key);
    if (known !== undefined) return known;
    if (key.includes('"epsilon-delta"')) {
      refuse(
        'UNSUPPORTED_EVENT',
        "privacyLedger: events: 'adaptive'",
        'releases of finite Rényi divergence: (ε, δ)-releases need events fixed in advance',
        'epsilon-delta',
      );
    }
    const one = rdpAccountant({ neighboring: this.#neighboring }).compose(event);
    const curve = Float64Array.from(this.orders, (order) => one.renyiDivergence(order));
    this.#curves.set(key, curve);
    return curve;
  }
}

/** The order, among 1 + 2^(k/2), at which the budget admits most Gaussian noise, whose divergence is proportional to the order. */
function bestOrder({ epsilon, delta }: PrivacyBudget): number {
  let best = 2;
  let most = -Infinity;
  for (let k = -6; k <= 58; k++) {
    const order = 1 + 2 ** Math.floor(k / 2) * (k % 2 === 0 ? 1 : Math.SQRT2);
    const admitted = (epsilon - log1p(-1 / order) + ln(delta * order) / (order - 1)) / order;
    if (admitted > most) {
      most = admitted;
      best = order;
    }
  }
  return best;
}
