/**
 * Personalization after the last round: a few local steps from the global model.
 *
 * Kangkang Wang, Rajiv Mathews, Chloé Kiddon, Hubert Eichner, Françoise Beaufays, Daniel Ramage, "Federated Evaluation
 * of On-device Personalization", 2019, https://arxiv.org/abs/1910.10252. With a `trainable` selection it is head
 * tuning, with `proximal` it stays near the global model.
 *
 * @module
 */
import { checkFinite } from '../finite.ts';
import { checkTrainOptions } from './train-options.ts';
import type { LocalObjective } from './objective.ts';
import type { Trainer, TrainOptions } from './trainer.ts';

/**
 * The model that a client should use: `params` trained on the client's own data. Nothing leaves the client.
 *
 * @param params - The global model, shape [d]; not changed.
 * @returns Fresh parameters, shape [d].
 * @throws FedkitError what the trainer throws; `OUT_OF_RANGE` if the result is not finite.
 */
export async function fineTune(
  trainer: Trainer,
  params: Float32Array,
  options: TrainOptions,
  objective: LocalObjective = {},
): Promise<Float32Array> {
  checkTrainOptions('fineTune', options);
  const { values } = await trainer.train(params, objective, { lossAtStart: false, ...options });
  const tuned = params.map((value, i) => value + values[i]);
  checkFinite('fineTune', tuned);
  return tuned;
}
