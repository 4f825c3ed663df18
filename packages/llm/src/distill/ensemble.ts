/**
 * What several models say of public text, as one teacher.
 *
 * Lin, Kong, Stich, Jaggi, "Ensemble Distillation for Robust Model Fusion in Federated Learning" (FedDF), NeurIPS 2020,
 * https://arxiv.org/abs/2006.07242; Li and Wang, "FedMD: Heterogenous Federated Learning via Model Distillation", 2019,
 * https://arxiv.org/abs/1910.03581.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkFinite, checkPositive, checkVector, refuse } from '@fedkit/core/internal';
import { exp, log } from '@fedkit/core/math';
import type { LanguageModel } from '../model/language-model.ts';
import { checkWindows, type Windows } from '../train/windows.ts';

/** Values of logits that are taken at most: 1 GiB. */
const MOST = 1 << 28;

/**
 * A model's logits in front of every position of these windows, shape [windows, length, vocabulary]. They go through any codec as
 * an update does.
 *
 * @throws FedkitError as `model.evaluate`; `BUDGET_EXHAUSTED` for more than 2^28 values.
 */
export function publicLogits(model: LanguageModel, params: Float32Array, windows: Windows): Float32Array {
  const { vocabulary } = model.shape;
  const rows = checkWindows('publicLogits', windows, vocabulary, model.context);
  const size = windows.tokens.length * vocabulary;
  if (size > MOST) refuse('BUDGET_EXHAUSTED', 'publicLogits', `at most ${MOST} values`, size);
  const logits = new Float32Array(size);
  const { length } = windows;
  for (const row of rows) {
    const tokens = windows.tokens.subarray(row * length, (row + 1) * length);
    logits.set(model.logits(params, tokens), row * length * vocabulary);
  }
  return logits;
}

/** What an ensemble is made of. */
export interface EnsembleOptions {
  /** Classes of a position V: logits are [positions, V]. */
  readonly vocabulary: number;
  /** > 0 each; default: all alike. */
  readonly weights?: readonly number[];
  /**
   * `logits`, the default, takes their mean, as FedDF and FedMD do: the normalized geometric mean of the distributions, which all
   * members must find likely. `probabilities` takes the mean of the distributions at `temperature`: what any of them finds likely.
   */
  readonly mean?: 'logits' | 'probabilities';
  /** τ > 0 at which distributions are averaged; the student must take the same. Default 2. */
  readonly temperature?: number;
}

/**
 * The members' consensus as logits, shape [positions · V].
 *
 * @param members - Logits of each, of one shape.
 * @throws FedkitError `SHAPE_MISMATCH` for members of different shapes, `OUT_OF_RANGE` for weights or values out of range,
 * `INVALID_ARGUMENT` for none.
 */
export function ensembleLogits(members: readonly Float32Array[], options: EnsembleOptions): Float32Array {
  checkOptions('ensembleLogits', options, {
    vocabulary: true,
    weights: true,
    mean: true,
    temperature: true,
  } satisfies OptionNames<typeof options>);
  const { vocabulary, mean = 'logits', temperature = 2, weights = members.map(() => 1) } = options;
  if (members.length === 0) refuse('INVALID_ARGUMENT', 'ensembleLogits', 'at least one member', 0);
  if (mean !== 'logits' && mean !== 'probabilities') {
    refuse('INVALID_ARGUMENT', 'ensembleLogits: mean', "'logits' or 'probabilities'", mean);
  }
  checkPositive('ensembleLogits: temperature', temperature);
  const { length } = members[0];
  if (length % vocabulary !== 0) {
    refuse('SHAPE_MISMATCH', 'ensembleLogits', `whole positions of ${vocabulary}`, length);
  }
  if (weights.length !== members.length) {
    refuse('SHAPE_MISMATCH', 'ensembleLogits: weights', `${members.length}`, weights.length);
  }
  for (const member of members)
    checkFinite('ensembleLogits: member', checkVector('ensembleLogits: member', member, length));
  const total = weights.reduce((sum, weight) => sum + checkPositive('ensembleLogits: weight', weight), 0);
  const result = new Float32Array(length);
  const sum = new Float64Array(vocabulary);
  for (let at = 0; at < length; at += vocabulary) {
    sum.fill(0);
    members.forEach((member, m) => {
      const share = weights[m] / total;
      if (mean === 'logits') for (let i = 0; i < vocabulary; i++) sum[i] += share * member[at + i];
      else addDistribution(member.subarray(at, at + vocabulary), temperature, share, sum);
    });
    for (let i = 0; i < vocabulary; i++) {
      // The logarithm of what is nowhere likely is taken where float32 still has it.
      result[at + i] = mean === 'logits' ? sum[i] : temperature * log(Math.max(sum[i], 1e-30));
    }
  }
  return result;
}

function addDistribution(z: Float32Array, temperature: number, share: number, sum: Float64Array): void {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of z) most = Math.max(most, value);
  let all = 0;
  for (const value of z) all += exp((value - most) / temperature);
  for (let i = 0; i < z.length; i++) sum[i] += (share * exp((z[i] - most) / temperature)) / all;
}
