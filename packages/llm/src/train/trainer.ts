/**
 * A language model and one client's texts, as a trainer that every algorithm of the house takes.
 *
 * @module
 */
import type { Trainer } from '@fedkit/core';
import { applyObjective, checkObjective, checkTrainOptions, localBatches } from '@fedkit/core/extend';
import { checkAborted, checkFinite, checkInteger, checkVector, refuse, turn } from '@fedkit/core/internal';
import { l2Norm } from '@fedkit/core/kernels';
import { pow } from '@fedkit/core/math';
import { type LanguageModel, loadWindows } from '../model/language-model.ts';
import { Session } from '../network/network.ts';
import { forward, loss, prepare } from '../network/pass.ts';
import { type AdamW, type LocalOptimizer, sgd } from './optimizer.ts';
import { checkWindows, targetCount, type Windows } from './windows.ts';

/** How a client computes. */
export interface LanguageTrainerOptions {
  /** Default: SGD with the momentum of `TrainOptions`. */
  readonly optimizer?: LocalOptimizer;
  /**
   * Windows that go through the model at a time; a larger batch is accumulated. Bounds the memory, changes the sums' order.
   * Default: as many as have 1,024 positions.
   */
  readonly microBatch?: number;
  /** Keeps the inputs of blocks only and computes them again on the way back: less memory, a third more time. */
  readonly checkpoint?: boolean;
}

/** What a trainer keeps from round to round; plain data. */
export interface LanguageTrainerState {
  /** Local steps so far: where the schedule is. */
  readonly steps: number;
  /** AdamW's moments, shape [d] each, if they are kept. */
  readonly moments?: readonly [Float32Array, Float32Array];
}

/** A {@link Trainer} over texts. */
export interface LanguageTrainer extends Trainer {
  /** What must be stored on a device that restarts. */
  state(): LanguageTrainerState;
  /**
   * Goes on from a stored state.
   *
   * @throws FedkitError `SHAPE_MISMATCH` for moments of another model, `OUT_OF_RANGE` for a negative number of steps.
   */
  restore(state: LanguageTrainerState): void;
}

/** Parameter–token products between two turns of the event loop. */
const WORK_BETWEEN_TURNS = 2e7;

/**
 * Trains `model` on the windows of one client. `batchSize` counts windows, the loss of a batch is the mean over its
 * targets, and the client's weight is the number of its targets. Two engines given the same start, windows, options and
 * seed come to the same bytes.
 *
 * The loss at the start is measured only where `lossAtStart` is true: it costs a pass over all windows.
 *
 * @throws FedkitError `OUT_OF_RANGE` for a token outside the vocabulary or windows longer than the model's context,
 * `SHAPE_MISMATCH` if tokens and targets do not go together, `INVALID_ARGUMENT` for other types or no target.
 */
export function languageTrainer(
  model: LanguageModel,
  windows: Windows,
  options: LanguageTrainerOptions = {},
): LanguageTrainer {
  const { optimizer = sgd(), checkpoint = false } = options;
  const rows = checkWindows('languageTrainer', windows, model.shape.vocabulary, model.context);
  const size = model.layout.size;
  const batch = checkInteger(
    'languageTrainer: microBatch',
    options.microBatch ?? model.windowsAtATime(windows.length, rows.length),
    1,
  );
  const examples = targetCount(windows, rows);
  const request = { mode: 'train', batch: Math.min(batch, rows.length), length: windows.length, checkpoint } as const;
  let state: LanguageTrainerState = { steps: 0 };

  /** Mean loss over the targets of `part`, and its gradient. */
  const step = (session: Session, part: Uint32Array): number => {
    const { machine } = session.enter();
    session.gradient().fill(0);
    prepare(machine);
    const targets = targetCount(windows, part);
    const weight = 1 / Math.max(1, targets);
    let sum = 0;
    for (let first = 0; first < part.length; first += request.batch) {
      const micro = part.subarray(first, first + request.batch);
      loadWindows(machine, windows, micro);
      const stretch = { batch: micro.length, positions: machine.plan.positions, past: 0 };
      forward(machine, model.shape, stretch);
      loss(machine, model.shape, stretch, { weight }, (_, own) => {
        sum += own;
      });
    }
    return sum * weight;
  };

  return {
    layout: model.layout,
    state: () => state,
    restore(stored) {
      checkInteger('restore: steps', stored.steps, 0);
      for (const moments of stored.moments ?? []) checkVector('restore: moments', moments, size);
      state = stored;
    },
    async train(start, objective, how) {
      checkFinite('train: start', checkVector('train: start', start, size));
      checkObjective('train', objective, size);
      checkTrainOptions('train', how);
      if (optimizer.kind === 'adamW') {
        if (objective.shift || (objective.scale !== undefined && objective.scale !== 1)) {
          const needed = 'optimizer sgd() under SCAFFOLD, FedDyn and MimeLite, which correct single gradients';
          refuse('INVALID_ARGUMENT', 'train: objective', needed, 'adamW');
        }
        if (how.momentum) refuse('INVALID_ARGUMENT', 'train: momentum', 'none beside adamW', how.momentum);
      }
      checkAborted('train', how.signal);
      const lossAtStart = how.lossAtStart === true ? model.evaluate(start, windows).loss : undefined;
      const session = new Session(model.network, request, start);
      if (optimizer.kind === 'adamW' && state.moments) session.setMoments(state.moments);
      const velocity = optimizer.kind === 'sgd' && how.momentum ? new Float32Array(size) : undefined;
      let steps = 0;
      let work = 0;
      let accumulated = 0;
      for (const part of localBatches(rows, how)) {
        work += part.length * windows.length * size;
        if (work > WORK_BETWEEN_TURNS) {
          work = 0;
          await turn();
        }
        checkAborted('train', how.signal);
        const own = step(session, part);
        steps++;
        if (!Number.isFinite(own)) refuse('OUT_OF_RANGE', `train: loss at local step ${steps}`, 'a finite number', own);
        const gradient = applyObjective(session.gradient(), session.params(), start, objective);
        if (optimizer.kind === 'adamW') {
          const spans = objective.trainable?.spans ?? [{ start: 0, end: size }];
          accumulated += adamWStep(session, optimizer, gradient, state.steps + steps, steps, how.learningRate, spans);
        } else sgdStep(session.params(), gradient, velocity, how.momentum ?? 0, how.learningRate);
      }
      const values = session.params().slice();
      for (let i = 0; i < size; i++) values[i] -= start[i];
      checkFinite('train: update', values);
      const kept = optimizer.kind === 'adamW' && optimizer.moments === 'kept';
      state = { steps: state.steps + steps, ...(kept && { moments: session.moments() }) };
      return {
        values,
        steps,
        examples,
        ...(lossAtStart !== undefined && { lossAtStart }),
        ...(optimizer.kind === 'adamW' && { normalizer: accumulated }),
      };
    },
    async gradient(at) {
      checkFinite('gradient: at', checkVector('gradient: at', at, size));
      const session = new Session(model.network, request, at);
      step(session, rows);
      const gradient = session.gradient().slice();
      checkFinite('gradient', gradient);
      return gradient;
    },
  };
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
  session: Session,
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
