/**
 * One device's run on the server: a copy of the half, and what was answered last.
 *
 * @module
 */
import type { Rng } from '@fedkit/core';
import { digestOf } from '../bytes.ts';
import { ByteReader, ByteWriter, checkInteger, refuse, sameBytes } from '@fedkit/core/internal';
import { Descent } from '../train/descent.ts';
import type { ModelHalf } from './cut.ts';
import type { SplitRequest } from './messages.ts';
import { ServerPass } from './pass.ts';
import { decodeProgress, encodeProgress, progressOf } from './progress.ts';
import type { SplitServerOptions } from './server.ts';
import { decodeValues, encodeValues, seedOf } from './values.ts';

/** What all runs of a server share. */
export interface RunSetting {
  readonly half: ModelHalf;
  readonly options: SplitServerOptions;
  readonly length: number;
  readonly batch: number;
  /** For stochastic rounding. */
  readonly rng: Rng;
}

type Answerable = Exclude<SplitRequest, { kind: 'begin' }>;

export class ServerRun {
  readonly #setting: RunSetting;
  readonly #run: Uint8Array;
  readonly #pass: ServerPass;
  readonly #descent: Descent;
  /** Digest of the last request of each kind, and its answer: a repeated one is answered again. */
  #last: { [kind: string]: { readonly digest: Uint8Array; readonly answer: Uint8Array } } = {};
  /** Windows of the step that waits for its gradient. */
  #pending: number | undefined;
  /** The device's targets, once its run has ended. */
  examples: number | undefined;

  constructor(setting: RunSetting, run: Uint8Array, params: Float32Array, steps = 0) {
    const { half, options, length, batch } = setting;
    this.#setting = setting;
    this.#run = run;
    this.#pass = new ServerPass(half, { batch, length }, params);
    this.#descent = new Descent(options.optimizer, options, half.layout.size, 0, steps);
  }

  /** Steps that the copy has made. */
  get steps(): number {
    return this.#descent.steps;
  }

  is(run: Uint8Array): boolean {
    return sameBytes(run, this.#run);
  }

  params(): Float32Array {
    return this.#pass.session.params().slice();
  }

  /** @throws FedkitError `PROTOCOL_STATE` for steps out of order, `OUT_OF_RANGE`, `DECODE_FAILED`. */
  answer(request: Answerable): Uint8Array {
    const { kind } = request;
    if (kind === 'end') {
      this.examples = checkInteger('splitServer: examples', request.examples, 1);
      return new Uint8Array(0);
    }
    const digest = digestOf(new ByteWriter().text(kind).uint32(request.step).bytes(request.body).finish());
    const next = this.steps + 1;
    if (request.step === this.steps) {
      const last = this.#last[kind];
      if (!last || !sameBytes(last.digest, digest)) {
        refuse('PROTOCOL_STATE', `splitServer: ${kind}`, `step ${next}, or step ${this.steps} as it was`, 'another');
      }
      return last.answer;
    }
    if (request.step !== next) refuse('PROTOCOL_STATE', `splitServer: ${kind}`, `step ${next}`, request.step);
    const answer = this.#compute(request);
    this.#last[kind] = { digest, answer };
    return answer;
  }

  /** Everything but a step that waits for its gradient, which its device sends again. */
  encode(task: Uint8Array): Uint8Array {
    const progress = progressOf(this.#run, this.steps, this.#pass.session, this.#descent.velocity);
    const kinds = Object.entries(this.#last).map(([kind, { digest, answer }]) =>
      new ByteWriter().text(kind).bytes(digest).long(answer).finish(),
    );
    const ended = new ByteWriter().uint53(this.examples ?? 0).finish();
    return encodeProgress(task, progress, [ended, ...kinds]);
  }

  /** @returns `undefined` for another task's. */
  static restore(setting: RunSetting, task: Uint8Array, bytes: Uint8Array): ServerRun | undefined {
    const kept = decodeProgress(bytes, task, setting.half.layout.size);
    if (!kept) return undefined;
    const { run, steps, params, moments, velocity } = kept.progress;
    const restored = new ServerRun(setting, run, params, steps);
    if (setting.options.optimizer.kind === 'adamW') restored.#pass.session.setMoments(moments);
    if (velocity) restored.#descent.velocity?.set(velocity);
    const [ended, ...kinds] = kept.extra;
    restored.examples = new ByteReader('split run', ended).uint53() || undefined;
    for (const entry of kinds) {
      const input = new ByteReader('split run', entry);
      restored.#last[input.text()] = { digest: input.bytes(32).slice(), answer: input.long().slice() };
    }
    return restored;
  }

  #compute(request: Exclude<Answerable, { kind: 'end' }>): Uint8Array {
    const { half, options, batch, rng } = this.#setting;
    const { form } = half;
    const { step } = request;
    const seed = (what: string) => seedOf(this.#run, step, what);
    if ((request.kind === 'labelled') !== (form === 'labels-to-server')) {
      refuse('PROTOCOL_STATE', 'splitServer', `requests of the form ${form}`, request.kind);
    }
    if (request.kind === 'gradient') {
      if (this.#pending === undefined) refuse('PROTOCOL_STATE', 'splitServer: gradient', 'states before it', 'none');
      const size = this.#pass.stateSize(this.#pending);
      const below = this.#pass.backward(decodeValues(request.body, options.gradients, seed('gradient up'), size));
      const answer = encodeValues(below, options.gradients, seed('gradient down'), rng);
      this.#pending = undefined;
      this.#descent.step(this.#pass.session);
      return answer;
    }
    const { windows } = request;
    checkInteger('splitServer: windows', windows, 1, batch);
    const size = this.#pass.stateSize(windows);
    const states = decodeValues(request.body, options.states, seed('up'), size);
    if (request.kind === 'states') {
      const answer = encodeValues(this.#pass.forward(windows, states), options.states, seed('down'), rng);
      this.#pending = windows;
      return answer;
    }
    const { targets } = request;
    const { vocabulary, width } = half.model.shape;
    if (targets.length !== size / width) {
      refuse('SHAPE_MISMATCH', 'splitServer: targets', `${size / width} targets`, targets.length);
    }
    for (const target of targets) checkInteger('splitServer: target', target, -1, vocabulary - 1);
    const { loss, gradient } = this.#pass.labelled(windows, states, targets);
    const answer = new ByteWriter()
      .float64(loss)
      .long(encodeValues(gradient, options.gradients, seed('gradient down'), rng));
    this.#descent.step(this.#pass.session);
    return answer.finish();
  }
}
