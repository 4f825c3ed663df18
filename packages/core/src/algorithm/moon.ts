/**
 * MOON: clients keep their representations near the global model's, and away from those of their own last model.
 *
 * Qinbin Li, Bingsheng He, Dawn Song, "Model-Contrastive Federated Learning", CVPR 2021, algorithm 1 and equation 3,
 * https://arxiv.org/abs/2103.16257.
 *
 *     client i   descends on f_i(w) + μ·mean of ℓ over the batch
 *                ℓ = −log(e^{cos(z, z_x)/τ} / (e^{cos(z, z_x)/τ} + e^{cos(z, z_i)/τ}))
 *                z, z_x, z_i: what w, the global model x and the client's last local model make of an example
 *     server     as federated averaging
 *
 * @module
 */
import { checkOptions, checkNumber, checkPositive, type OptionNames, refuse } from '../check.ts';
import type { Representation } from '../client/trainer.ts';
import { exp } from '../math/exp.ts';
import { log } from '../math/log.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { trainByBatches } from './by-batches.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';
import { build, checkState } from './local-update.ts';

/** Options of {@link moon}. */
export interface MoonOptions<S extends PlainData = NoState> {
  /** μ ≥ 0, the weight of ℓ; the paper tunes over 0.1, 1, 5 and 10. At 0 this is federated averaging. */
  readonly mu: number;
  /** τ > 0; default 0.5, the paper's. */
  readonly temperature?: number;
  /** The server's step along the mean update; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/** The client's last local model, shape [d]. */
export type MoonClientState = { readonly previous: Float32Array };

/**
 * MOON. The representation is what goes into the model's last layer: a trainer must give batches with `represent`, as `plainTrainer` does
 * for perceptrons with a hidden layer (of `@fedkit/core/client/mlp` where they are given `hidden: hiddenLayer`). Three passes forward a step beside the gradient's. In a client's first round, and after it has lost its
 * state, ℓ has no gradient. What a client keeps is mirrored nowhere: a lost one costs nothing but a round of the term.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range; in a round `INVALID_ARGUMENT` by a trainer without representations.
 */
export function moon<S extends PlainData = NoState>(
  options: MoonOptions<S>,
): LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, MoonClientState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('moon', options, { mu: true, temperature: true, server: true } satisfies OptionNames<MoonOptions>);
  const mu = checkNumber('moon: mu', options.mu, 0);
  const temperature = checkPositive('moon: temperature', options.temperature ?? 0.5);
  const global: Omit<
    LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>,
    'settle'
  > = fedAvg<S>(options.server ? { server: options.server } : {});
  return {
    ...global,
    kind: 'moon',
    options: { mu, temperature },
    async clientRound({ broadcast: { params }, state, trainer, options: local }) {
      const where = 'moon.clientRound';
      const size = params.length;
      const previous = state && checkState(`${where}: state.previous`, state.previous, size);
      const { learningRate, momentum = 0 } = local;
      const velocity = new Float32Array(size);
      const result = await trainByBatches(where, trainer, params, local, async (w, gradientAt, batch) => {
        const gradient = await gradientAt(w);
        if (batch.represent === undefined)
          refuse('INVALID_ARGUMENT', `${where}: trainer`, 'a trainer whose batches have represent', 'one without');
        let pull: Float32Array | undefined;
        if (previous && mu > 0) {
          const own = await batch.represent(w);
          const [shared, last] = [await batch.represent(params), await batch.represent(previous)];
          pull = await own.gradient(contrast(own, shared.values, last.values, temperature).gradient);
          checkState(`${where}: gradient of the representations`, pull, size);
        }
        for (let i = 0; i < size; i++) {
          velocity[i] = momentum * velocity[i] + gradient[i] + (pull ? mu * pull[i] : 0);
          w[i] -= learningRate * velocity[i];
        }
      });
      const { values: update, ...rest } = result;
      return {
        contribution: { values: { update }, weight: rest.examples },
        state: { previous: build(size, (i) => params[i] + update[i]) },
        local: rest,
      };
    },
  };
}

/**
 * The mean of ℓ over the rows of three representations of one batch, and its gradient with respect to the first, of its shape. A row of
 * zeros has a cosine of 0 with everything, and no gradient.
 */
export function contrast(
  { values, width }: Pick<Representation, 'values' | 'width'>,
  shared: Float32Array,
  last: Float32Array,
  temperature: number,
): { readonly loss: number; readonly gradient: Float32Array } {
  const rows = values.length / width;
  const gradient = new Float32Array(values.length);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * width, (row + 1) * width];
    const z = values.subarray(from, to);
    const [near, far] = [cosine(z, shared.subarray(from, to)), cosine(z, last.subarray(from, to))];
    const apart = (far.value - near.value) / temperature;
    // log(1 + e^apart) without overflow; `share` is the softmax of the far one.
    const small = exp(-Math.abs(apart));
    const share = (apart > 0 ? 1 : small) / (1 + small);
    loss += Math.max(0, apart) + log(1 + small);
    const scale = share / temperature / rows;
    for (let k = 0; k < width; k++) gradient[from + k] = scale * (far.slope(k) - near.slope(k));
  }
  return { loss: loss / rows, gradient };
}

/** cos(z, u), and its derivative with respect to z_k: (u_k/‖u‖ − cos·z_k/‖z‖)/‖z‖. */
function cosine(z: Float32Array, u: Float32Array): { readonly value: number; slope(k: number): number } {
  let [dot, zz, uu] = [0, 0, 0];
  for (let k = 0; k < z.length; k++) {
    dot += z[k] * u[k];
    zz += z[k] * z[k];
    uu += u[k] * u[k];
  }
  if (zz === 0 || uu === 0) return { value: 0, slope: () => 0 };
  const [long, other] = [Math.sqrt(zz), Math.sqrt(uu)];
  const value = dot / long / other;
  return { value, slope: (k) => (u[k] / other - (value * z[k]) / long) / long };
}
