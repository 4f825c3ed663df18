/**
 * Local steps down a gradient, whoever computed it.
 *
 * @module
 */
import type { LocalObjective, Span, TrainOptions } from '@fedkit/core';
import { refuse } from '@fedkit/core/internal';
import { l2Norm } from '@fedkit/core/kernels';
import { pow } from '@fedkit/core/math';
import type { ParameterPlan, ParameterSession } from '../network/session.ts';
import type { AdamW, LocalOptimizer } from './optimizer.ts';

/**
 * Checks that an optimizer goes with what an algorithm asks.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for corrections of single gradients, or momentum, beside AdamW.
 */
export function checkGoesWith(optimizer: LocalOptimizer, objective: LocalObjective, how: TrainOptions): void {
  if (optimizer.kind !== 'adamW') return;
  if (objective.shift || (objective.scale !== undefined && objective.scale !== 1)) {
    const needed = 'optimizer sgd() under SCAFFOLD, FedDyn and MimeLite, which correct single gradients';
    refuse('INVALID_ARGUMENT', 'train: objective', needed, 'adamW');
  }
  if (how.momentum) refuse('INVALID_ARGUMENT', 'train: momentum', 'none beside adamW', how.momentum);
}

/** The steps of one training: where the schedule is, and what SGD's momentum remembers. */
export class Descent {
  readonly #optimizer: LocalOptimizer;
  readonly #learningRate: number;
  readonly #momentum: number;
  readonly #before: number;
  /** Of SGD with momentum, shape [d]. */
  readonly velocity: Float32Array | undefined;
  /** Steps taken. */
  steps: number;

  /**
   * @param size - d.
   * @param before - Steps of earlier trainings: the schedule goes on behind them.
   * @param steps - Steps of this training that were taken before it was interrupted.
   */
  constructor(
    optimizer: LocalOptimizer,
    how: { readonly learningRate: number; readonly momentum?: number },
    size: number,
    before: number,
    steps = 0,
  ) {
    this.#optimizer = optimizer;
    this.#learningRate = how.learningRate;
    this.#momentum = how.momentum ?? 0;
    this.#before = before;
    this.velocity = optimizer.kind === 'sgd' && how.momentum ? new Float32Array(size) : undefined;
    this.steps = steps;
  }

  /**
   * Moves the session's parameters by its gradient.
   *
   * @param spans - What moves under AdamW; default: everything.
   * @returns What the step adds to FedNova's ‖a‖₁.
   */
  step(session: ParameterSession<ParameterPlan>, spans?: readonly Span[]): number {
    this.steps++;
    const gradient = session.gradient();
    if (this.#optimizer.kind === 'adamW') {
      const all = spans ?? [{ start: 0, end: gradient.length }];
      return adamWStep(
        session,
        this.#optimizer,
        gradient,
        this.#before + this.steps,
        this.steps,
        this.#learningRate,
        all,
      );
    }
    sgdStep(session.params(), gradient, this.velocity, this.#momentum, this.#learningRate);
    return 1;
  }
}

function sgdStep(
  params: Float32Array,
  gradient: Float32Array,
  velocity: Float32Array | undefined,
  momentum: number,
  learningRate: number,
): void {
  const direction = velocity ?? gradient;
  if (velocity) for (let i = 0; i < velocity.length; i++) velocity[i] = momentum * velocity[i] + gradient[i];
  for (let i = 0; i < params.length; i++) params[i] -= learningRate * direction[i];
}

/**
 * One step of AdamW over what trains.
 *
 * @param at - The schedule's step, from 1.
 * @param sinceStart - The step of this round, from 1: of the moments, unless they were kept.
 * @returns The schedule's factor.
 */
function adamWStep(
  session: ParameterSession<ParameterPlan>,
  how: AdamW,
  gradient: Float32Array,
  at: number,
  sinceStart: number,
  learningRate: number,
  spans: readonly { readonly start: number; readonly end: number }[],
): number {
  const { beta1, beta2, epsilon, weightDecay, maxNorm, schedule, moments } = how;
  if (maxNorm !== undefined) {
    const norm = l2Norm(gradient);
    if (norm > maxNorm) for (let i = 0; i < gradient.length; i++) gradient[i] *= maxNorm / norm;
  }
  const factor = schedule(at);
  if (!(factor >= 0) || !Number.isFinite(factor)) {
    refuse('OUT_OF_RANGE', `adamW: schedule(${at})`, 'a finite factor ≥ 0', factor);
  }
  const t = moments === 'kept' ? at : sinceStart;
  const { plan, kernels } = session.enter().machine;
  const rate = factor * learningRate;
  for (const { start, end } of spans) {
    kernels.adamW(
      plan.params + 4 * start,
      plan.gradients + 4 * start,
      plan.moments[0] + 4 * start,
      plan.moments[1] + 4 * start,
      end - start,
      beta1,
      beta2,
      epsilon,
      1 - rate * weightDecay,
      rate / (1 - pow(beta1, t)),
      1 / (1 - pow(beta2, t)),
    );
  }
  return factor;
}
