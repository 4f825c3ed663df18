/**
 * A personal model between the global one and one's own.
 *
 * Deng, Kamani, Mahdavi, "Adaptive Personalized Federated Learning", 2020, https://arxiv.org/abs/2003.13461 (mixtures of a local and a
 * global model); Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, https://arxiv.org/abs/2109.01903 (weights on
 * the line between two models).
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkVector } from '@fedkit/core/internal';
import type { LanguageModel } from '../model/language-model.ts';
import type { Windows } from '../train/windows.ts';

/** The best point on the line. */
export interface Interpolation {
  /** Shape [layout.size]. */
  readonly params: Float32Array;
  /** Share of one's own, in [0, 1]. */
  readonly share: number;
  /** Mean loss on the held-out text at every share, from the global model's to one's own. */
  readonly losses: readonly number[];
}

/**
 * Tries (1 − share)·global + share·own at `steps` + 1 shares and takes the one of least loss on text that neither trained on, of equals
 * the one nearest the global model. A pass over the held-out text each.
 *
 * @param options.steps - Default 10.
 * @throws FedkitError as `model.evaluate`; `OUT_OF_RANGE` unless steps is an integer ≥ 1.
 */
export function interpolate(
  model: LanguageModel,
  global: Float32Array,
  own: Float32Array,
  heldOut: Windows,
  options: { readonly steps?: number } = {},
): Interpolation {
  checkOptions('interpolate', options, { steps: true } satisfies OptionNames<typeof options>);
  const steps = checkInteger('interpolate: steps', options.steps ?? 10, 1);
  checkVector('interpolate: global', global, model.layout.size);
  checkVector('interpolate: own', own, model.layout.size);
  const at = (i: number) => global.map((value, j) => value + (i / steps) * (own[j] - value));
  const losses = Array.from({ length: steps + 1 }, (_, i) => model.evaluate(at(i), heldOut).loss);
  const best = losses.indexOf(Math.min(...losses));
  return { params: at(best), share: best / steps, losses };
}
