/**
 * Choosing the next token from its logits.
 *
 * @module
 */
import type { Rng } from '@fedkit/core';
import { checkInteger, checkNumber, refuse } from '@fedkit/core/internal';
import { exp } from '@fedkit/core/math';

/** How a token is chosen. */
export interface SamplingOptions {
  /** ≥ 0; 0, the default, takes the most likely token, the lowest of equals. */
  readonly temperature?: number;
  /**
   * Nucleus: draws from the smallest set of most likely tokens that have this share, in (0, 1] (Holtzman et al. 2020,
   * https://arxiv.org/abs/1904.09751); default 1.
   */
  readonly topP?: number;
  /** Draws from so many most likely tokens at most, an integer ≥ 1; default: all. */
  readonly topK?: number;
  /** Draws; needed with a temperature > 0. */
  readonly rng?: Rng;
}

/**
 * A function from logits, shape [V], to a token.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, `INVALID_ARGUMENT` for a temperature without an `rng`.
 */
export function sampler(options: SamplingOptions): (logits: Float32Array) => number {
  const temperature = checkNumber('generate: temperature', options.temperature ?? 0, 0);
  const topP = checkNumber('generate: topP', options.topP ?? 1, 0, 1);
  if (topP === 0) refuse('OUT_OF_RANGE', 'generate: topP', 'a number in (0, 1]', topP);
  const topK = options.topK === undefined ? Infinity : checkInteger('generate: topK', options.topK, 1);
  const { rng } = options;
  if (temperature === 0) return mostLikely;
  if (rng === undefined) refuse('INVALID_ARGUMENT', 'generate: rng', 'an Rng with a temperature > 0', rng);
  // One for all tokens: 400 KB and 200 KB for 49,152 of them.
  let shares = new Float64Array(0);
  let order = new Uint32Array(0);
  return (logits) => {
    const top = logits[mostLikely(logits)];
    if (shares.length !== logits.length) shares = new Float64Array(logits.length);
    logits.forEach((value, token) => {
      shares[token] = exp((value - top) / temperature);
    });
    const total = shares.reduce((sum, share) => sum + share, 0);
    if (topP === 1 && topK >= shares.length) return draw(shares, undefined, total, rng);
    if (order.length !== shares.length) order = new Uint32Array(shares.length);
    for (let token = 0; token < order.length; token++) order[token] = token;
    order.sort((a, b) => shares[b] - shares[a] || a - b);
    let kept = 0;
    let sum = 0;
    while (kept < Math.min(order.length, topK) && (kept === 0 || sum < topP * total)) sum += shares[order[kept++]];
    return draw(shares, order.subarray(0, kept), sum, rng);
  };
}

function mostLikely(logits: Float32Array): number {
  let best = 0;
  for (let token = 1; token < logits.length; token++) if (logits[token] > logits[best]) best = token;
  return best;
}

function draw(shares: Float64Array, order: Uint32Array | undefined, total: number, rng: Rng): number {
  let left = rng.uniform() * total;
  const count = order?.length ?? shares.length;
  for (let i = 0; i < count; i++) {
    const token = order ? order[i] : i;
    left -= shares[token];
    if (left < 0) return token;
  }
  return order ? order[count - 1] : count - 1;
}
