/**
 * A language model and one client's texts, as a trainer that every algorithm of the house takes.
 *
 * @module
 */
import type { Trainer } from '@fedkit/core';
import { applyObjective, checkObjective, checkTrainOptions, localBatches } from '@fedkit/core/extend';
import {
  checkOptions,
  type OptionNames,
  checkAborted,
  checkFinite,
  checkInteger,
  checkVector,
  refuse,
  turn,
} from '@fedkit/core/internal';
import { type LanguageModel, loadWindows } from '../model/language-model.ts';
import type { Machine } from '../network/linear.ts';
import { Session } from '../network/network.ts';
import { forward, loss, prepare } from '../network/pass.ts';
import { type CheckedTeacher, checkTeacher, distill, type Teacher } from '../distill/criterion.ts';
import { checkGoesWith, Descent } from './descent.ts';
import { type LocalOptimizer, sgd } from './optimizer.ts';
import { prefixOf } from './prefix.ts';
import { updateOf } from './update.ts';
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
  /** A teacher of these windows: its distributions are learned beside the targets, or instead of them. */
  readonly teacher?: Teacher;
  /**
   * Computes the blocks below the lowest that trains once, and keeps what comes out of them: windows × length × width values, 4
   * bytes each. Saves their part of every step; for adapters and filters that leave lower blocks alone. Default false.
   */
  readonly keepPrefix?: boolean;
  /** Told after every local step, with the mean loss of its batch in front of it. Awaited. */
  readonly onStep?: (progress: LocalProgress) => unknown;
}

/** How a local training goes. */
export interface LocalProgress {
  /** Local steps taken. */
  readonly step: number;
  /** Of the step's batch, in nats a target, at the parameters that the step started from. */
  readonly loss: number;
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
  checkOptions('languageTrainer', options, {
    optimizer: true,
    microBatch: true,
    checkpoint: true,
    teacher: true,
    keepPrefix: true,
    onStep: true,
  } satisfies OptionNames<typeof options>);
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
  const teacher =
    options.teacher && checkTeacher('languageTrainer: teacher', options.teacher, windows, model.shape.vocabulary);
  const prefix = options.keepPrefix ? prefixOf(model, windows, request.batch) : undefined;
  const network = prefix?.network ?? model.network;
  let state: LanguageTrainerState = { steps: 0 };

  /** Mean loss over the targets of `part`, and its gradient. */
  const step = (session: Session, part: Uint32Array): number => {
    prefix?.prepare();
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
      if (prefix) prefix.forward(machine, micro, stretch);
      else forward(machine, model.shape, stretch);
      loss(
        machine,
        model.shape,
        stretch,
        { weight, ...(teacher && { criterion: criterionOf(micro, machine, weight) }) },
        (_, own) => {
          sum += own;
        },
      );
    }
    return sum * weight;
  };

  const criterionOf = (micro: Uint32Array, { plan }: Machine, weight: number) => {
    const { positions, promptTokens } = plan;
    const { length } = windows;
    return (logits: Float32Array, row: number, target: number) => {
      const place = micro[Math.floor(row / positions)] * length + (row % positions) - promptTokens;
      return distill(logits, target, teacher as CheckedTeacher, place * model.shape.vocabulary, weight);
    };
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
      checkGoesWith(optimizer, objective, how);
      checkAborted('train', how.signal);
      const lossAtStart = how.lossAtStart === true ? model.evaluate(start, windows).loss : undefined;
      const session = new Session(network, request, start);
      try {
        if (optimizer.kind === 'adamW' && state.moments) session.setMoments(state.moments);
        const descent = new Descent(optimizer, how, size, state.steps);
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
          const steps = descent.steps + 1;
          if (!Number.isFinite(own)) {
            refuse('OUT_OF_RANGE', `train: loss at local step ${steps}`, 'a finite number', own);
          }
          applyObjective(session.gradient(), session.params(), start, objective);
          accumulated += descent.step(session, objective.trainable?.spans);
          await options.onStep?.({ step: steps, loss: own });
        }
        const { steps } = descent;
        const values = updateOf(session.params(), start);
        const kept = optimizer.kind === 'adamW' && optimizer.moments === 'kept';
        state = { steps: state.steps + steps, ...(kept && { moments: session.moments() }) };
        return {
          values,
          steps,
          examples,
          ...(lossAtStart !== undefined && { lossAtStart }),
          ...(optimizer.kind === 'adamW' && { normalizer: accumulated }),
        };
      } finally {
        session.end();
      }
    },
    async gradient(at) {
      checkFinite('gradient: at', checkVector('gradient: at', at, size));
      const session = new Session(network, request, at);
      try {
        step(session, rows);
        return checkFinite('gradient', session.gradient().slice());
      } finally {
        session.end();
      }
    },
  };
}
