/**
 * The device's half and one client's texts, as a trainer that every algorithm of the house takes.
 *
 * @module
 */
import { secureRng, type Rng, type Store, type Trainer, type TrainOptions } from '@fedkit/core';
import { digestOf, encodeFloats } from '../bytes.ts';
import type { Exchange } from '@fedkit/core/protocol';
import { applyObjective, checkObjective, checkTrainOptions, localBatches } from '@fedkit/core/extend';
import {
  checkOptions,
  type OptionNames,
  ByteReader,
  ByteWriter,
  checkAborted,
  checkFinite,
  checkInteger,
  checkVector,
  refuse,
} from '@fedkit/core/internal';
import { checkGoesWith, Descent } from '../train/descent.ts';
import { type LocalOptimizer, sgd } from '../train/optimizer.ts';
import type { LocalProgress } from '../train/trainer.ts';
import { checkWindows, targetCount, type Windows } from '../train/windows.ts';
import type { ModelHalf } from './cut.ts';
import { decodeAnswer, encodeRequest, RUN_BYTES, type SplitRequest } from './messages.ts';
import { blur, checkNoise, type StateNoise } from './noise.ts';
import { DevicePass } from './pass.ts';
import { decodeProgress, encodeProgress, progressOf } from './progress.ts';
import { taskOf } from './task.ts';
import { decodeValues, encodeValues, type SplitCodecs, seedOf } from './values.ts';

/** How a device trains its half. */
export interface SplitTrainerOptions extends SplitCodecs {
  /** Default: SGD with the momentum of `TrainOptions`. AdamW's `maxNorm` bounds this half's gradient alone. */
  readonly optimizer?: LocalOptimizer;
  /** Bounds and blurs the states that leave; default: they leave as they are. */
  readonly noise?: StateNoise;
  /**
   * Where the device keeps its half after every step, so that a training interrupted in mid-batch goes on where it was if it is
   * asked for again from the same start. Default: nowhere, and it starts over.
   */
  readonly store?: Store;
  /** Told after every local step. Awaited. */
  readonly onStep?: (progress: SplitStep) => unknown;
}

/** A step of a device's half. */
export interface SplitStep extends LocalProgress {
  /** Bytes of its requests and their answers. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/**
 * Trains the device's half on the windows of one client, whose other half a {@link splitServer} behind `exchange` trains. Without
 * codecs and noise every step is the whole model's, to rounding. As a `Trainer` it serves every algorithm and pipeline: device
 * halves are averaged as models are (SplitFed: Thapa et al., AAAI 2022, algorithm 1, https://arxiv.org/abs/2004.12088).
 *
 * A batch goes through at once, so it must fit the server's. `gradient` and `lossAtStart` are refused: both would train nothing
 * and still send everything.
 *
 * @param exchange - Its requests are idempotent: a transport may repeat them.
 * @throws FedkitError `INVALID_ARGUMENT` for a server's half; for windows as `languageTrainer`; from `train` what the server refuses,
 * and `UNAVAILABLE` as the exchange does.
 */
export function splitTrainer(
  half: ModelHalf,
  windows: Windows,
  exchange: Exchange,
  options: SplitTrainerOptions = {},
): Trainer {
  checkOptions('splitTrainer', options, {
    optimizer: true,
    noise: true,
    store: true,
    onStep: true,
    states: true,
    gradients: true,
  } satisfies OptionNames<typeof options>);
  if (half.side !== 'device') refuse('INVALID_ARGUMENT', 'splitTrainer', "a device's half", half.side);
  const { optimizer = sgd(), store, onStep } = options;
  const noise = options.noise && checkNoise(options.noise);
  const { shape, context } = half.model;
  const rows = checkWindows('splitTrainer', windows, shape.vocabulary, context);
  const examples = targetCount(windows, rows);
  const size = half.layout.size;
  const task = taskOf(half, windows.length, options);
  const key = 'split/device';

  const train = async (
    start: Float32Array,
    objective: Parameters<Trainer['train']>[1],
    how: TrainOptions,
    again = true,
  ) => {
    const begun = digestOf(new ByteWriter().bytes(task).bytes(encodeFloats(start)).finish());
    const stored = await store?.get(key);
    const kept = stored && decodeProgress(stored, begun, size)?.progress;
    const run = kept?.run ?? secureRng().fill(new Uint8Array(RUN_BYTES));
    const batch = how.batchSize === 'all' ? rows.length : Math.min(how.batchSize, rows.length);
    const pass = new DevicePass(half, { batch, length: windows.length }, kept?.params ?? start, windows);
    const descent = new Descent(optimizer, how, size, 0, kept?.steps);
    if (kept) {
      if (optimizer.kind === 'adamW') pass.session.setMoments(kept.moments);
      if (kept.velocity) descent.velocity?.set(kept.velocity);
    }
    const link = new Link(run, exchange, how.signal);
    const done = new ByteReader('split answer', await link.ask({ kind: 'begin', run, task })).uint32();
    if (done < descent.steps || done > descent.steps + 1) {
      // The server has another run's steps, or none: what was kept here fits nothing any more.
      await store?.delete(key);
      if (again) return train(start, objective, how, false);
      refuse('PROTOCOL_STATE', 'splitTrainer: begin', `a server at step ${descent.steps}`, done);
    }
    let step = 0;
    for (const part of localBatches(rows, how)) {
      if (++step <= descent.steps) continue;
      checkAborted('train', how.signal);
      link.up = link.down = 0;
      const { loss, below } = await exchangeStates(pass, part, step, link, how.rng);
      if (!Number.isFinite(loss)) refuse('OUT_OF_RANGE', `train: loss at local step ${step}`, 'a finite number', loss);
      // From here to the step nobody else may take the workspace, so nothing is awaited.
      pass.backward(below);
      applyObjective(pass.session.gradient(), pass.session.params(), start, objective);
      descent.step(pass.session, objective.trainable?.spans);
      if (store) await store.put(key, encodeProgress(begun, progressOf(run, step, pass.session, descent.velocity)));
      await onStep?.({ step, loss, bytesUp: link.up, bytesDown: link.down });
    }
    await link.ask({ kind: 'end', run, examples });
    await store?.delete(key);
    const values = pass.session.params().slice();
    for (let i = 0; i < size; i++) values[i] -= start[i];
    return { values: checkFinite('train: update', values), steps: step, examples };
  };

  /** The mean loss, and the gradient of the states that left. */
  const exchangeStates = async (
    pass: DevicePass,
    part: Uint32Array,
    step: number,
    link: Link,
    rng: Rng,
  ): Promise<{ loss: number; below: Float32Array }> => {
    const { states: codec, gradients } = options;
    const sent = pass.forward(part);
    if (noise) blur(sent, shape.width, noise);
    const seed = (what: string) => seedOf(link.run, step, what);
    const body = encodeValues(sent, codec, seed('up'), rng);
    const { run } = link;
    const expected = sent.length;
    if (half.form === 'labels-to-server') {
      const targets = pass.labels();
      const answer = await link.ask({ kind: 'labelled', run, step, windows: part.length, targets, body });
      const input = new ByteReader('split answer', answer);
      return {
        loss: input.float64(),
        below: decodeValues(input.long(), gradients, seed('gradient down'), expected),
      };
    }
    const back = await link.ask({ kind: 'states', run, step, windows: part.length, body });
    const { loss, gradient } = pass.head(decodeValues(back, codec, seed('down'), expected));
    const above = encodeValues(gradient, gradients, seed('gradient up'), rng);
    const below = await link.ask({ kind: 'gradient', run, step, body: above });
    return { loss, below: decodeValues(below, gradients, seed('gradient down'), expected) };
  };

  return {
    layout: half.layout,
    async train(start, objective, how) {
      checkFinite('train: start', checkVector('train: start', start, size));
      checkObjective('train', objective, size);
      checkTrainOptions('train', how);
      checkGoesWith(optimizer, objective, how);
      if (how.lossAtStart === true) {
        refuse('INVALID_ARGUMENT', 'splitTrainer: lossAtStart', 'an algorithm that does not ask for it', true);
      }
      if (how.batchSize !== 'all') checkInteger('train: batchSize', how.batchSize, 1);
      return train(start, objective, how);
    },
    async gradient() {
      return refuse('INVALID_ARGUMENT', 'splitTrainer: gradient', 'an algorithm of local steps alone', 'a gradient');
    },
  };
}

/** Requests of one run, with what they weigh. */
class Link {
  readonly run: Uint8Array;
  readonly #exchange: Exchange;
  readonly #signal: AbortSignal | undefined;
  up = 0;
  down = 0;

  constructor(run: Uint8Array, exchange: Exchange, signal: AbortSignal | undefined) {
    this.run = run;
    this.#exchange = exchange;
    this.#signal = signal;
  }

  async ask(request: SplitRequest): Promise<Uint8Array> {
    const bytes = encodeRequest(request);
    const answer = await this.#exchange(bytes, this.#signal ? { signal: this.#signal } : {});
    this.up += bytes.length;
    this.down += answer.length;
    return decodeAnswer(answer);
  }
}
