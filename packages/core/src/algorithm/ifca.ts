/**
 * IFCA: k models, of which every client trains the one that fits it best.
 *
 * Avishek Ghosh, Jichan Chung, Dong Yin, Kannan Ramchandran, "An Efficient Framework for Clustered Federated Learning", NeurIPS 2020,
 * algorithm 1 with model averaging, https://arxiv.org/abs/2006.04088.
 *
 *     client i   j = argmin_j F_i(θ_j);   trains from θ_j, reports Δ_i and j
 *     server     θ_j ← θ_j + mean of the Δ_i of those who chose j
 *
 * An update is a vector of all k models, zeros but in the chosen one, beside the choice as k numbers of which one is 1: sums of both are
 * all that the server needs, so that a secure sum hides who is in which cluster.
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkInteger, checkOptions, checkVector, type OptionNames, refuse } from '../check.ts';
import { localUpdate, build, checkState } from './local-update.ts';
import type { PersonalizedAlgorithm } from './personalized.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link ifca}. */
export interface IfcaOptions {
  /** Where the models besides the first start, k − 1 vectors of shape [d]. They must differ: models that start alike stay alike. */
  readonly others: readonly Float32Array[];
}

/** θ_1 … θ_k one after the other, shape [k·d], and the share of the last round's clients that chose each, shape [k]. */
export type IfcaState = { readonly models: Float32Array; readonly shares: Float32Array };

/** All models, shape [k·d]. */
export type IfcaBroadcast = { readonly models: Float32Array };

/** Which model a client chose last: 0 … k − 1. */
export type IfcaClientState = { readonly cluster: number };

/** Δ_i in its place, shape [k·d], and the choice, shape [k]; and their means. */
export type IfcaUpdate = { readonly update: Float32Array; readonly choice: Float32Array };

/**
 * IFCA. k models go down, and clients measure the loss of each: k trainings of one step each, before their own. `params` is the model that
 * most clients chose in the last round, `personal` the client's own. A model that nobody chose stays as it is.
 *
 * @throws FedkitError `INVALID_ARGUMENT` without a second model; in a round, by a trainer that measures no loss.
 */
export function ifca(
  options: IfcaOptions,
): PersonalizedAlgorithm<IfcaState, IfcaBroadcast, IfcaClientState, IfcaUpdate, IfcaUpdate> {
  checkOptions('ifca', options, { others: true } satisfies OptionNames<IfcaOptions>);
  const { others } = options;
  if (!Array.isArray(others) || others.length === 0) {
    refuse('INVALID_ARGUMENT', 'ifca: others', 'at least one further model', others);
  }
  const k = others.length + 1;
  const sizeOf = (where: string, models: Float32Array) => {
    const size = others[0].length;
    checkState(where, models, k * size);
    return size;
  };
  return {
    kind: 'ifca',
    options: { clusters: k },
    init(params) {
      const size = checkState('ifca.init: params', params, params.length).length;
      const models = new Float32Array(k * size);
      [params, ...others].forEach((start, j) => models.set(checkState(`ifca: model ${j}`, start, size), j * size));
      return { models, shares: new Float32Array(k) };
    },
    params({ models, shares }) {
      const size = models.length / k;
      const largest = shares.reduce((best, share, j) => (share > shares[best] ? j : best), 0);
      return models.subarray(largest * size, (largest + 1) * size);
    },
    broadcast: ({ models }) => ({ models }),
    async clientRound({ broadcast: { models }, trainer, options: local }) {
      const where = 'ifca.clientRound';
      const size = sizeOf(`${where}: broadcast.models`, models);
      const at = (j: number) => models.slice(j * size, (j + 1) * size);
      const { epochs: _epochs, steps: _steps, ...rest } = local;
      const once = { ...rest, steps: 1, lossAtStart: true };
      let [cluster, least] = [0, Infinity];
      for (let j = 0; j < k; j++) {
        const { lossAtStart } = await localUpdate(`${where}: loss of model ${j}`, trainer, at(j), {}, once);
        if (lossAtStart === undefined) {
          refuse('INVALID_ARGUMENT', `${where}: trainer`, 'a trainer that measures the loss at the start', 'none');
        }
        if (lossAtStart < least) [cluster, least] = [j, lossAtStart];
      }
      const { values, ...said } = await localUpdate(where, trainer, at(cluster), {}, { lossAtStart: false, ...local });
      const update = new Float32Array(k * size);
      update.set(values, cluster * size);
      const choice = build(k, (j) => (j === cluster ? 1 : 0));
      return { contribution: { values: { update, choice } }, state: { cluster }, local: said };
    },
    aggregator: (size) => record({ update: mean(k * size), choice: mean(k) }),
    serverStep({ models }, aggregate, info) {
      checkRoundInfo('ifca.serverStep', info);
      const size = models.length / k;
      const update = checkState('ifca.serverStep: update', aggregate.update, models.length);
      const shares = checkState(
        'ifca.serverStep: choice',
        checkVector('ifca.serverStep: choice', aggregate.choice, k),
        k,
      );
      // A share that noise or a ring left near 0 is nobody's.
      const least = 0.5 / info.cohort;
      const next = build(models.length, (i) => {
        const share = shares[Math.floor(i / size)];
        return share < least ? models[i] : models[i] + update[i] / share;
      });
      return { models: checkState('ifca.serverStep', next, models.length), shares: shares.slice() };
    },
    personal({ models }, state) {
      const size = sizeOf('ifca.personal: broadcast.models', models);
      const cluster = state ? checkInteger('ifca.personal: state.cluster', state.cluster, 0, k - 1) : 0;
      return models.slice(cluster * size, (cluster + 1) * size);
    },
  };
}
