/**
 * A language model: a base, what of it trains, and what one does with it.
 *
 * @module
 */
import type { Layout, Rng } from '@fedkit/core';
import { checkFinite, checkInteger, checkVector } from '@fedkit/core/internal';
import { exp } from '@fedkit/core/math';
import type { Adaptation } from '../adapt/adaptation.ts';
import { dequantize } from '../kernels/dequantize.ts';
import { blockOf } from '../kernels/kinds.ts';
import type { Machine } from '../network/linear.ts';
import { Network, Session } from '../network/network.ts';
import { forward, logitsOf, loss, prepare } from '../network/pass.ts';
import { checkWindows, targetCount, type Windows } from '../train/windows.ts';
import type { LanguageBase } from './base.ts';
import type { DecoderShape } from './shape.ts';

/** How well a model predicts. */
export interface Evaluation {
  /** Mean cross-entropy of a target, in nats. */
  readonly loss: number;
  /** e^loss. */
  readonly perplexity: number;
  /** Targets. */
  readonly tokens: number;
}

/** Bytes that a model takes. */
export interface MemoryNeed {
  /** Frozen weights, shared by all models of the base. */
  readonly weights: number;
  /** Parameters, activations and scratch, shared in turns. */
  readonly workspace: number;
}

/** Positions that go through at a time unless something else is asked for. */
const ROWS = 1024;

/** A model whose trainable parameters are one flat vector of its `layout`. */
export class LanguageModel {
  readonly base: LanguageBase;
  readonly shape: DecoderShape;
  readonly adaptation: Adaptation;
  /** Of the trainable parameters. */
  readonly layout: Layout;
  /** Tokens of a window at most: the context without virtual tokens. */
  readonly context: number;
  /** @internal */
  readonly network: Network;

  /** @internal */
  constructor(base: LanguageBase, adaptation: Adaptation) {
    this.network = new Network(base, adaptation);
    this.base = base;
    this.shape = base.shape;
    this.adaptation = adaptation;
    this.layout = this.network.layout;
    this.context = base.shape.context - (adaptation.prompt?.tokens ?? 0);
  }

  /** Fresh trainable parameters, shape [layout.size]; adapters start as the base itself. */
  init(rng: Rng): Float32Array {
    const values = new Float32Array(this.layout.size);
    const { shape, tensors, memory } = this.base;
    const base = {
      shape,
      weight: (name: string) => {
        const tensor = tensors.get(name);
        if (!tensor) return undefined;
        const own = new Float32Array(tensor.shape.reduce((size, n) => size * n, 1));
        dequantize(blockOf('init', tensor.kind).code, memory.bytes, tensor.at, own.length, own, 0);
        return own;
      },
      row: (name: string, index: number) => {
        const tensor = tensors.get(name);
        if (!tensor) return undefined;
        const own = new Float32Array(tensor.shape[1]);
        const at = tensor.at + (index * tensor.bytes) / tensor.shape[0];
        dequantize(blockOf('init', tensor.kind).code, memory.bytes, at, own.length, own, 0);
        return own;
      },
    };
    for (const spec of this.layout.tensors) this.adaptation.init(spec, this.layout.view(values, spec.name), rng, base);
    return values;
  }

  /**
   * Mean cross-entropy over every target of `windows`.
   *
   * @param params - Shape [layout.size].
   * @throws FedkitError for windows as {@link languageTrainer} does; `SHAPE_MISMATCH` or `OUT_OF_RANGE` for parameters of
   * another length or that are not finite; `BUDGET_EXHAUSTED` if the memory does not suffice.
   */
  evaluate(params: Float32Array, windows: Windows): Evaluation {
    checkFinite('evaluate: params', checkVector('evaluate: params', params, this.layout.size));
    const rows = checkWindows('evaluate', windows, this.shape.vocabulary, this.context);
    const batch = this.windowsAtATime(windows.length, rows.length);
    const session = new Session(
      this.network,
      { mode: 'evaluate', batch, length: windows.length, checkpoint: false },
      params,
    );
    try {
      const { machine } = session.enter();
      prepare(machine);
      let sum = 0;
      for (let first = 0; first < rows.length; first += batch) {
        const part = rows.subarray(first, first + batch);
        loadWindows(machine, windows, part);
        const stretch = { batch: part.length, positions: machine.plan.positions, past: 0 };
        forward(machine, this.shape, stretch);
        loss(machine, this.shape, stretch, {}, (_, own) => {
          sum += own;
        });
      }
      const tokens = targetCount(windows, rows);
      return { loss: sum / tokens, perplexity: exp(sum / tokens), tokens };
    } finally {
      session.end();
    }
  }

  /**
   * Logits behind every token of one window, shape [tokens, vocabulary].
   *
   * @throws FedkitError as {@link evaluate}.
   */
  logits(params: Float32Array, tokens: ArrayLike<number>): Float32Array {
    return this.#through('logits', params, tokens).logits;
  }

  /**
   * {@link logits}, and the states behind the last norm that they are products of, shape [tokens, width].
   *
   * @throws FedkitError as {@link evaluate}.
   */
  states(params: Float32Array, tokens: ArrayLike<number>): { states: Float32Array; logits: Float32Array } {
    return this.#through('states', params, tokens);
  }

  #through(
    where: string,
    params: Float32Array,
    tokens: ArrayLike<number>,
  ): { states: Float32Array; logits: Float32Array } {
    checkVector(`${where}: params`, params, this.layout.size);
    const length = tokens.length;
    const windows = { length, tokens: Int32Array.from(tokens), targets: Int32Array.from(tokens) };
    checkWindows(where, windows, this.shape.vocabulary, this.context);
    const { vocabulary, width } = this.shape;
    const session = new Session(this.network, { mode: 'evaluate', batch: 1, length, checkpoint: false }, params);
    try {
      const { machine } = session.enter();
      const { plan, memory } = machine;
      prepare(machine);
      loadWindows(machine, windows, Uint32Array.of(0));
      forward(machine, this.shape, { batch: 1, positions: plan.positions, past: 0 });
      const normed = plan.lastNormed + 4 * plan.promptTokens * width;
      const states = memory.floats.slice(normed / 4, normed / 4 + length * width);
      const logits = new Float32Array(length * vocabulary);
      for (let row = 0; row < length; row += plan.headRows) {
        const count = Math.min(plan.headRows, length - row);
        logitsOf(machine, this.shape, normed + 4 * row * width, count);
        logits.set(memory.floats.subarray(plan.logits / 4, plan.logits / 4 + count * vocabulary), row * vocabulary);
      }
      return { states, logits };
    } finally {
      session.end();
    }
  }

  /**
   * What training or evaluating takes, without taking it.
   *
   * @param how.batch - Windows that go through at a time.
   * @param how.length - Tokens of a window.
   */
  memory(how: { batch: number; length: number; training?: boolean; checkpoint?: boolean }): MemoryNeed {
    const batch = checkInteger('memory: batch', how.batch, 1);
    const length = checkInteger('memory: length', how.length, 1, this.context);
    const mode = how.training === false ? 'evaluate' : 'train';
    const plan = this.network.plan({ mode, batch, length, checkpoint: how.checkpoint ?? false }, 0);
    return { weights: this.base.weightBytes, workspace: plan.end };
  }

  /** @internal */
  windowsAtATime(length: number, count: number): number {
    const positions = length + (this.adaptation.prompt?.tokens ?? 0);
    return Math.min(count, Math.max(1, Math.floor(ROWS / positions)));
  }
}

/** Puts windows into the plan's tokens and targets, virtual tokens in front. @internal */
export function loadWindows({ memory, plan }: Machine, windows: Windows, rows: Uint32Array): void {
  const { length } = windows;
  rows.forEach((row, i) => {
    const [tokens, targets] = [plan.tokens / 4 + i * plan.positions, plan.targets / 4 + i * plan.positions];
    for (let t = 0; t < plan.promptTokens; t++) {
      memory.ints[tokens + t] = -1 - t;
      memory.ints[targets + t] = -1;
    }
    memory.ints.set(windows.tokens.subarray(row * length, (row + 1) * length), tokens + plan.promptTokens);
    memory.ints.set(windows.targets.subarray(row * length, (row + 1) * length), targets + plan.promptTokens);
  });
}
