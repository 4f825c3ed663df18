/**
 * An audit against a mechanism's own trade-off curve: sharp for whatever noise it claims to have.
 *
 * Let P be a mechanism's outputs with a canary and Q without. A claim of δ(ε) for every ε ≥ 0 says of every event E that
 * Q(E) ≥ g(P(E)) with
 *
 *     g(y) = max over ε of  0,  e^−ε · (y − δ(ε)),  1 − δ(ε) − e^ε · (1 − y)
 *
 * which is the trade-off curve of the claim (Dong, Roth and Su 2022). It is convex, and fewer ε leave it smaller: any
 * list of them is sound.
 *
 * The recursion is Algorithm 4 of Mahloujifar, Melis and Chaudhuri, "Auditing f-Differential Privacy in One Run", arXiv
 * 2410.22235, for canaries that take part by fair coins. Of r guesses C are right. Let R_i = E[C; C ≥ i]/m and
 * H_i = E[r − C; C ≥ i]/m, so that R_i + H_i = r·P[C ≥ i]/m. For canary j let E_j say that it is guessed and that at least i of the
 * other guesses are right. It is right with C ≥ i + 1 exactly if it takes part and E_j holds, wrong with C ≥ i exactly if it does
 * not and E_j holds; so R_{i+1} = ½·mean P(E_j) and H_i = ½·mean Q(E_j), and by Jensen's inequality H_i ≥ ½·g(2·R_{i+1}). (The
 * paper bounds by g(R_{i+1}), which is less: half the outputs of a fair coin are not the other half.) From P[C ≥ v] as large as the
 * significance these bounds grow down to P[C ≥ 0]; if that exceeds 1, so many right guesses were less likely than that.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import type { Accountant } from '../accountant.ts';
import type { Guesses } from './one-run.ts';
import { exp } from '../special/elementary.ts';

/** g as a maximum of lines: intercepts and slopes. */
export interface TradeOffCurve {
  readonly intercepts: Float64Array;
  readonly slopes: Float64Array;
}

/** So many ε, evenly from 0 on. Between them a curve is flatter than its lines by less than a percent of what they resolve. */
const LINES = 160;

/**
 * The trade-off curve that an accountant's claim comes to, resolved for events of probability `least` and more.
 *
 * @complexity 160 evaluations of `delta`.
 */
export function curveOfClaim(where: string, claim: Accountant, least: number): TradeOffCurve {
  if (typeof claim?.delta !== 'function') refuse('INVALID_ARGUMENT', `${where}: claim`, 'an accountant', claim);
  const end = Math.max(claim.epsilon(Math.min(0.5, least / 100)), 1e-9);
  const intercepts = new Float64Array(2 * LINES);
  const slopes = new Float64Array(2 * LINES);
  for (let i = 0; i < LINES; i++) {
    const epsilon = (end * i) / (LINES - 1);
    const delta = claim.delta(epsilon);
    // What is not a number says nothing.
    const sound = delta >= 0 && delta < 1;
    slopes[i] = sound ? exp(-epsilon) : 0;
    intercepts[i] = sound ? -delta * exp(-epsilon) : 0;
    const steep = sound && epsilon < 700;
    slopes[LINES + i] = steep ? exp(epsilon) : 0;
    intercepts[LINES + i] = steep ? 1 - delta - exp(epsilon) : 0;
  }
  return { intercepts, slopes };
}

/** g(y). */
export function evaluateCurve({ intercepts, slopes }: TradeOffCurve, y: number): number {
  let most = 0;
  for (let i = 0; i < slopes.length; i++) most = Math.max(most, intercepts[i] + slopes[i] * y);
  return most;
}

/**
 * Whether as many right guesses, of a number of guesses settled beforehand, had a probability below `significance` under the
 * claim.
 *
 * @complexity O(v · lines).
 */
export function refutesCurve(
  { canaries, guesses, correct }: Guesses,
  curve: TradeOffCurve,
  significance: number,
): boolean {
  let right = (significance * correct) / canaries;
  let rest = (significance * (guesses - correct)) / canaries;
  for (let i = correct - 1; i >= 0; i--) {
    const next = Math.max(rest, evaluateCurve(curve, Math.min(1, 2 * right)) / 2);
    // Once it stops growing it has stopped for good.
    if (next === rest) break;
    right += (i / (guesses - i)) * (next - rest);
    rest = next;
    if (right + rest > guesses / canaries) return true;
  }
  return right + rest > guesses / canaries;
}

/** The fewest right guesses that refute the claim; more than `guesses` if none do. */
export function leastRefuting(
  { canaries, guesses }: Omit<Guesses, 'correct'>,
  curve: TradeOffCurve,
  significance: number,
): number {
  let low = 0;
  let high = guesses + 1;
  while (low < high) {
    const correct = (low + high) >> 1;
    if (refutesCurve({ canaries, guesses, correct }, curve, significance)) high = correct;
    else low = correct + 1;
  }
  return low;
}
