/**
 * FedEraser: a model without a client's influence, from the updates that were kept, at a fraction of training anew.
 *
 * Gaoyang Liu, Xiaoqiang Ma, Yang Yang, Chen Wang, Jiangchuan Liu, "FedEraser: Enabling Efficient Client-Level Data Removal from Federated
 * Learning Models", IWQoS 2021, §III and equation 2.
 *
 *     kept       every Δt-th round's updates U_k, by client
 *     round 1    M ← M₀ + Σ n_k U_k / Σ n_k over those who stay: their updates at M₀ need no calibration
 *     round r    each who stays trains a little from M: Û_k;   Ũ_k = ‖U_k‖·Û_k/‖Û_k‖;   M ← M + Σ n_k Ũ_k / Σ n_k
 *
 * How far comes from then, where to from now. It is no proof of removal: a model that never saw the client comes of training anew alone,
 * and whoever kept the old model still has it.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkOptions, type OptionNames, checkPositive, refuse } from '../check.ts';
import { checkState } from '../algorithm/local-update.ts';
import { l2Norm } from '../kernels/vector.ts';

/** What was kept of a round. */
export interface RetainedRound {
  /** U_k and n_k of each client that was in it. */
  readonly updates: ReadonlyMap<ClientId, { readonly update: Float32Array; readonly weight: number }>;
}

/** What to unlearn. */
export interface FedEraserOptions {
  /** M₀, shape [d]: the model before the first kept round. */
  readonly initial: Float32Array;
  /** Kept rounds, in order. */
  readonly rounds: readonly RetainedRound[];
  /** Who is to be forgotten. */
  readonly forget: ReadonlySet<ClientId>;
  /** Û_k: a client that stays trains from `params`, for a share of what it did then; half in the paper. */
  readonly calibrate: (client: ClientId, params: Float32Array, round: number) => Promise<Float32Array>;
}

/**
 * The model without those to be forgotten, shape [d]. A round in which nobody else was is left out.
 *
 * @throws FedkitError `INVALID_ARGUMENT` without a kept round that holds somebody who stays; `SHAPE_MISMATCH` and `OUT_OF_RANGE` for
 * vectors of another length or not finite; what `calibrate` throws.
 */
export async function fedEraser(options: FedEraserOptions): Promise<Float32Array> {
  checkOptions('fedEraser', options, {
    initial: true,
    rounds: true,
    forget: true,
    calibrate: true,
  } satisfies OptionNames<typeof options>);
  const { initial, rounds, forget, calibrate } = options;
  const size = checkState('fedEraser: initial', initial, initial.length).length;
  const model = initial.slice();
  let isFirst = true;
  for (const [r, { updates }] of rounds.entries()) {
    const staying = [...updates].filter(([client]) => !forget.has(client));
    if (staying.length === 0) continue;
    const sum = new Float64Array(size);
    let total = 0;
    for (const [client, { update, weight }] of staying) {
      const where = `fedEraser: round ${r + 1}, ${client}`;
      checkState(`${where}: update`, update, size);
      total += checkPositive(`${where}: weight`, weight);
      let towards = update;
      let scale = 1;
      if (!isFirst) {
        towards = checkState(`${where}: calibration`, await calibrate(client, model.slice(), r + 1), size);
        const length = l2Norm(towards);
        scale = length === 0 ? 0 : l2Norm(update) / length;
      }
      for (let i = 0; i < size; i++) sum[i] += weight * scale * towards[i];
    }
    for (let i = 0; i < size; i++) model[i] += sum[i] / total;
    isFirst = false;
  }
  if (isFirst) refuse('INVALID_ARGUMENT', 'fedEraser: rounds', 'a kept round with somebody who stays', rounds.length);
  return checkState('fedEraser', model, size);
}
