/**
 * A server's sum of what its clients keep: SCAFFOLD's Σ c_i, FedDyn's Σ (θ_i − θ). It is right as long as clients keep what was
 * counted and nobody's state is lost.
 *
 *     Σ ← Σ + |S|·mean of what was counted;   the mean over all clients is Σ/N
 *
 * A client that lost its state starts again from 0 while the sum still holds what it had: the optimum moves for good. Clients
 * say which epoch's state they hold, and each is new to an epoch once; when more were new than there are clients, by more than a
 * share, some had lost theirs, and a new epoch begins: all c_i and the sum are 0 again.
 *
 * @module
 */
import { checkNumber } from '../check.ts';
import { build } from './local-update.ts';
import type { RoundInfo } from './round-info.ts';

/** What the server keeps of its clients' states. */
export type Mirror = {
  /** Over all clients, shape [d]. */
  readonly sum: Float32Array;
  /** 1 for the first; client states of another are as none. */
  readonly epoch: number;
  /** Contributions of this epoch by clients that held no state of it. */
  readonly fresh: number;
};

/** The share of clients that may have lost their states before an epoch ends. */
const DEFAULT_LOST = 0.01;

export function newMirror(size: number, epoch = 1): Mirror {
  return { sum: new Float32Array(size), epoch, fresh: 0 };
}

/** Checks the share in [0, 1] of clients that may lose their states. */
export function checkLost(where: string, lost: number | undefined): number {
  return checkNumber(`${where}: lost`, lost ?? DEFAULT_LOST, 0, 1);
}

/** The mirror after a round. @param change - The mean over the round's contributors, shape [d]. */
export function advanceMirror(before: Mirror, change: Float32Array, info: RoundInfo, lost: number): Mirror {
  const fresh = before.fresh + (info.fresh ?? 0);
  if (fresh > info.population * (1 + lost)) return newMirror(change.length, before.epoch + 1);
  return { sum: build(change.length, (i) => before.sum[i] + info.cohort * change[i]), epoch: before.epoch, fresh };
}
