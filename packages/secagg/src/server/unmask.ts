/**
 * Rebuilding secrets from released shares, and the tasks that take the masks out.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { MaskTask } from '../executor/mask-task.ts';
import { equal } from '../internal/bytes.ts';
import { maskParty } from '../messages/member.ts';
import type { ReleasedShares } from '../messages/unmask-response.ts';
import { combineWords, interpolationWeights } from '../shamir.ts';
import { selfMaskCommitment } from '../transcript.ts';
import type { ServerRound } from './round.ts';

/** Self masks in one task: enough to be worth a message to a worker, few enough for steady progress. */
const SELF_MASKS_A_TASK = 64;

/**
 * Which dealers' secrets are needed and how: the seed of every survivor, the mask key of every dropped client that a
 * survivor shares a mask with.
 */
export function neededSecrets(round: ServerRound): { seeds: number[]; keys: number[] } {
  const dealers = round.indices(round.dealt);
  return {
    seeds: dealers.filter((dealer) => round.masked[dealer]),
    keys: dealers.filter((dealer) => !round.masked[dealer] && round.peersOf(dealer).some((peer) => round.masked[peer])),
  };
}

/** Rebuilds every needed secret, checks it, and cuts the work into tasks. */
export class Unmasking {
  readonly #round: ServerRound;
  readonly #provider: CryptoProvider;
  readonly #weights = new WeakMap<readonly number[], Uint32Array>();
  readonly #places = new Map<number, Map<number, number>>();
  #usual: readonly number[] | undefined;

  constructor(round: ServerRound, provider: CryptoProvider) {
    this.#round = round;
    this.#provider = provider;
  }

  /** A dealer whose secret cannot be rebuilt from what has come, if there is one. */
  missing(): number | undefined {
    const { seeds, keys } = neededSecrets(this.#round);
    return [...seeds, ...keys].find((dealer) => this.#holders(dealer).length < this.#round.config.threshold);
  }

  /**
   * @throws FedkitError `THRESHOLD_NOT_MET` where shares are missing, `AUTHENTICATION_FAILED` where a rebuilt secret is not
   * the one its dealer committed to: its dealer or one of the holders sent a wrong share.
   */
  async tasks(): Promise<MaskTask[]> {
    const round = this.#round;
    const layout = round.layout();
    const { seeds, keys } = neededSecrets(round);
    const selfMasks = seeds.map((dealer) => {
      const seed = this.#rebuild(dealer);
      const { commitment } = round.dealt[dealer] as { commitment: Uint8Array };
      if (seed === undefined || !equal(selfMaskCommitment(round.transcript, dealer, seed), commitment)) {
        wrongShares(round, dealer);
      }
      return { party: maskParty(round.members[dealer]), seed };
    });
    const tasks: MaskTask[] = [];
    for (let i = 0; i < selfMasks.length; i += SELF_MASKS_A_TASK) {
      tasks.push({ layout, selfMasks: selfMasks.slice(i, i + SELF_MASKS_A_TASK), pairMasks: [] });
    }
    for (const dealer of keys) {
      const secretKey = this.#rebuild(dealer);
      const member = round.members[dealer];
      if (secretKey === undefined || !equal((await this.#provider.agreement(secretKey)).publicKey, member.maskKey)) {
        wrongShares(round, dealer);
      }
      const peers = Array.from(round.peersOf(dealer)).filter((peer) => round.masked[peer]);
      const survivors = peers.map((peer) => maskParty(round.members[peer]));
      tasks.push({ layout, selfMasks: [], pairMasks: [{ party: maskParty(member), secretKey, survivors }] });
    }
    return tasks;
  }

  #rebuild(dealer: number): Uint8Array | undefined {
    const { threshold } = this.#round.config;
    const holders = this.#holders(dealer);
    if (holders.length < threshold) {
      throw new FedkitError(
        'THRESHOLD_NOT_MET',
        `SecAggServer: expected ${threshold} shares of every secret, got ${holders.length} of one`,
        { details: { client: this.#round.idOf(dealer), threshold, shares: holders.length } },
      );
    }
    let weights = this.#weights.get(holders);
    if (weights === undefined) {
      weights = interpolationWeights(Uint32Array.from(holders, (holder) => holder + 1));
      this.#weights.set(holders, weights);
    }
    const shares = holders.map((holder) => (this.#round.released[holder] as ReleasedShares).words);
    return combineWords(
      weights,
      shares,
      Uint32Array.from(holders, (holder) => this.#place(holder, dealer)),
    );
  }

  /** The first t holders that released a share of `dealer`, ascending; fewer where there are not so many. */
  #holders(dealer: number): readonly number[] {
    const { config, complete } = this.#round;
    // In the complete graph nearly always the same t: found once, and their weights with them.
    if (complete && this.#usual !== undefined && this.#usual.every((holder) => this.#has(holder, dealer))) {
      return this.#usual;
    }
    const found: number[] = [];
    for (const holder of this.#round.dealersOf(dealer)) {
      if (found.length === config.threshold) break;
      if (this.#has(holder, dealer)) found.push(holder);
    }
    if (complete && found.length === config.threshold) this.#usual ??= found;
    return found;
  }

  #has(holder: number, dealer: number): boolean {
    return this.#round.released[holder]?.present[this.#place(holder, dealer)] === true;
  }

  /** Where in a holder's response the dealer's share stands. */
  #place(holder: number, dealer: number): number {
    // In the complete graph every holder lists the same dealers.
    const list = this.#round.complete ? -1 : holder;
    let places = this.#places.get(list);
    if (places === undefined) {
      places = new Map(this.#round.dealersOf(holder).map((other, place) => [other, place]));
      this.#places.set(list, places);
    }
    return places.get(dealer) ?? -1;
  }
}

function wrongShares(round: ServerRound, dealer: number): never {
  throw new FedkitError(
    'AUTHENTICATION_FAILED',
    'SecAggServer: expected shares of the secret their dealer committed to, got a wrong share',
    { details: { client: round.idOf(dealer) } },
  );
}
