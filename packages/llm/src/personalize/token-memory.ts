/**
 * A memory of what was written, beside the model and without training.
 *
 * Khandelwal, Levy, Jurafsky, Zettlemoyer, Lewis, "Generalization through Memorization: Nearest Neighbor Language Models" (kNN-LM), ICLR
 * 2020, https://arxiv.org/abs/1911.00172. With f(c) the model's state in front of its head after a context c, and N the k entries
 * nearest to it:
 *
 *     p_kNN(w | c) ∝ Σ_{(f_i, w_i) ∈ N, w_i = w} exp( −‖f(c) − f_i‖² / T )      p = λ·p_kNN + (1 − λ)·p_model
 *
 * The paper takes the input of the last feed-forward network for f; here it is the output of the last norm, which the head sees.
 *
 * @module
 */
import {
  checkOptions,
  type OptionNames,
  checkInteger,
  checkNumber,
  checkPositive,
  refuse,
} from '@fedkit/core/internal';
import { exp, log } from '@fedkit/core/math';
import type { LanguageModel } from '../model/language-model.ts';
import { checkWindows, type Windows } from '../train/windows.ts';

/** How a memory is asked. */
export interface TokenMemoryOptions {
  /** k ≥ 1; default 16. */
  readonly neighbors?: number;
  /** T > 0; default: the model's width, which is about the squared norm of a state. */
  readonly temperature?: number;
}

/** What a device has written, by the states in front of every token. */
export interface TokenMemory {
  /** Entries: one for every target. */
  readonly entries: number;
  /** 4 bytes a value of a state, and 4 for a token. */
  readonly bytes: number;
  /**
   * Mean cross-entropy of a target in nats, for each share λ in [0, 1]: take the share that is best on windows kept for that, and
   * 0 is the model alone. O(targets · entries · width).
   */
  losses(windows: Windows, shares: readonly number[]): number[];
  /** p over the vocabulary after a context, at a share λ. */
  probabilities(tokens: ArrayLike<number>, share: number): Float64Array;
}

/**
 * Remembers these windows by the states of a model. Nothing is trained, nothing leaves, and forgetting is leaving out.
 *
 * @throws FedkitError as `model.evaluate`; `OUT_OF_RANGE` for options out of range.
 */
export function tokenMemory(
  model: LanguageModel,
  params: Float32Array,
  windows: Windows,
  options: TokenMemoryOptions = {},
): TokenMemory {
  checkOptions('tokenMemory', options, { neighbors: true, temperature: true } satisfies OptionNames<typeof options>);
  const where = 'tokenMemory';
  const { width, vocabulary } = model.shape;
  const neighbors = checkInteger(`${where}: neighbors`, options.neighbors ?? 16, 1);
  const temperature = checkPositive(`${where}: temperature`, options.temperature ?? width);
  const keys: Float32Array[] = [];
  const tokens: number[] = [];
  eachTarget(windows, (state, target) => {
    keys.push(state);
    tokens.push(target);
  });

  function eachTarget(of: Windows, visit: (state: Float32Array, target: number, logits: Float32Array) => void): void {
    const { length } = of;
    for (const row of checkWindows(where, of, vocabulary, model.context)) {
      const own = of.tokens.subarray(row * length, (row + 1) * length);
      const { states, logits } = model.states(params, own);
      for (let t = 0; t < length; t++) {
        const target = of.targets[row * length + t];
        if (target < 0) continue;
        visit(states.slice(t * width, (t + 1) * width), target, logits.subarray(t * vocabulary, (t + 1) * vocabulary));
      }
    }
  }

  /** p_kNN, by token. */
  function remembered(state: Float32Array): Map<number, number> {
    const best: { readonly distance: number; readonly token: number }[] = [];
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      const most = best.length < neighbors ? Number.POSITIVE_INFINITY : best[best.length - 1].distance;
      let distance = 0;
      for (let d = 0; d < width && distance < most; d++) distance += (state[d] - key[d]) ** 2;
      if (distance >= most) continue;
      if (best.length === neighbors) best.pop();
      const place = best.findIndex((other) => other.distance > distance);
      best.splice(place < 0 ? best.length : place, 0, { distance, token: tokens[i] });
    }
    const shares = new Map<number, number>();
    let total = 0;
    for (const { distance, token } of best) {
      const share = exp((best[0].distance - distance) / temperature);
      total += share;
      shares.set(token, (shares.get(token) ?? 0) + share);
    }
    for (const [token, share] of shares) shares.set(token, share / total);
    return shares;
  }

  return {
    entries: keys.length,
    bytes: keys.length * 4 * (width + 1),
    losses(of, shares) {
      for (const share of shares) checkNumber(`${where}.losses: share`, share, 0, 1);
      const sums = shares.map(() => 0);
      let targets = 0;
      eachTarget(of, (state, target, logits) => {
        const [own, near] = [softmax(logits)[target], remembered(state).get(target) ?? 0];
        shares.forEach((share, i) => {
          // A memory alone may hold a token for impossible; float32 would too.
          sums[i] -= log(Math.max(share * near + (1 - share) * own, 1e-30));
        });
        targets++;
      });
      return sums.map((sum) => sum / targets);
    },
    probabilities(context, share) {
      checkNumber(`${where}.probabilities: share`, share, 0, 1);
      if (context.length === 0) refuse('INVALID_ARGUMENT', `${where}.probabilities`, 'at least one token', 0);
      const { states, logits } = model.states(params, context);
      const last = context.length - 1;
      const result = softmax(logits.subarray(last * vocabulary)).map((value) => (1 - share) * value);
      for (const [token, near] of remembered(states.slice(last * width))) result[token] += share * near;
      return result;
    },
  };
}

function softmax(logits: Float32Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const shares = Float64Array.from(logits, (value) => exp(value - most));
  const total = shares.reduce((sum, value) => sum + value, 0);
  return shares.map((value) => value / total);
}
