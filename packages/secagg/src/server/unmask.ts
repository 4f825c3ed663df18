/**
 * Rebuilding secrets from released shares, and the tasks that take the masks out.
 *
 * @module
 */
import { type ClientId, FedkitError, secureRng } from '@fedkit/core';
import { SerialQueue } from '@fedkit/core/internal';
import { agreementOf } from '../crypto/agreement-of.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { MaskTask } from '../executor/mask-task.ts';
import type { MaskLayout } from '../mask.ts';
import { equal } from '../internal/bytes.ts';
import { maskParty } from '../messages/member.ts';
import type { ReleasedShares } from '../messages/unmask-response.ts';
import { ShareDecoder } from '../share-decoder.ts';
import type { ShareKind } from '../share-encryption.ts';
import { combineAll, combineWords, interpolationWeights } from '../shamir.ts';
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

/**
 * Two clients of which at least one did not follow the protocol: `dealer` dealt a bad share, or `holder` released
 * another than it was dealt.
 */
export interface Suspects {
  readonly dealer: ClientId;
  readonly holder: ClientId;
  /** Which of the dealer's secrets the share belongs to; the other kind is never opened. */
  readonly kind: ShareKind;
  /** A share beside the dealer's polynomial, or none: the holder says that it could not open what it was sent. */
  readonly found: 'wrong' | 'missing';
}

/** Whether a rebuilt secret is the one its dealer is bound to. */
type Check = (secret: Uint8Array) => boolean | Promise<boolean>;

/** Rebuilds every needed secret, checks it, and cuts the work into tasks. */
export class Unmasking {
  readonly #round: ServerRound;
  readonly #provider: CryptoProvider;
  readonly #weights = new WeakMap<readonly number[], Uint32Array>();
  readonly #decoders = new Map<string, ShareDecoder>();
  readonly #liars = new Set<number>();
  /** Found so far, by dealer. */
  readonly suspects: Suspects[] = [];
  #ranks: Map<number, number> | undefined;
  #usual: readonly number[] | undefined;
  /** Secrets of all dealers from the first usual set, by place in its lists; where each of it holds them all. */
  #together: { readonly holders: readonly number[]; readonly secrets: readonly (Uint8Array | undefined)[] } | undefined;
  /** Holders that could not open some share. */
  readonly #incomplete: ReadonlySet<number>;

  /** Of the masks. */
  readonly layout: MaskLayout;
  readonly #needed: ReturnType<typeof neededSecrets>;
  #maskCount: number | undefined;
  #keysTaken = 0;
  #seedsTaken = 0;
  /** One secret after the other, whoever asks. */
  readonly #queue = new SerialQueue();

  constructor(round: ServerRound, provider: CryptoProvider) {
    this.#round = round;
    this.layout = round.layout();
    this.#needed = neededSecrets(round);
    this.#provider = provider;
    this.#incomplete = new Set(
      round.indices(round.released).filter((holder) => round.released[holder]?.present.includes(false)),
    );
  }

  /** A dealer whose secret cannot be rebuilt from what has come, if there is one. */
  missing(): number | undefined {
    const { seeds, keys } = this.#needed;
    const { threshold } = this.#round.config;
    return [...seeds, ...keys].find((dealer) => this.#first(dealer).length < threshold);
  }

  /** Masks in all tasks. */
  get maskCount(): number {
    const { seeds, keys } = this.#needed;
    this.#maskCount ??= seeds.length + keys.reduce((count, dealer) => count + this.#maskedWith(dealer).length, 0);
    return this.#maskCount;
  }

  /**
   * The next task, once its secrets are rebuilt; `undefined` after the last.
   *
   * @throws FedkitError `THRESHOLD_NOT_MET` where shares are missing, `AUTHENTICATION_FAILED` where a secret cannot be
   * rebuilt to the one its dealer committed to: the dealer shared another, or more than (r − t)/2 of r shares are wrong.
   */
  next(): Promise<MaskTask | undefined> {
    return this.#queue.run(() => {
      const { seeds, keys } = this.#needed;
      const dealers = seeds.slice(this.#seedsTaken, this.#seedsTaken + SELF_MASKS_A_TASK);
      this.#seedsTaken += dealers.length;
      if (dealers.length > 0) return this.#selfTask(dealers);
      return this.#keysTaken < keys.length ? this.#pairTask(keys[this.#keysTaken++]) : undefined;
    });
  }

  async #pairTask(dealer: number): Promise<MaskTask> {
    const { members } = this.#round;
    const secretKey = await this.#rebuild(dealer, 'maskKey', async (secret) =>
      equal((await agreementOf(this.#provider, secret)).publicKey, members[dealer].maskKey),
    );
    const survivors = this.#maskedWith(dealer).map((peer) => maskParty(members[peer]));
    const pairMasks = [{ party: maskParty(members[dealer]), secretKey, survivors }];
    return { layout: this.layout, selfMasks: [], pairMasks };
  }

  async #selfTask(dealers: readonly number[]): Promise<MaskTask> {
    const { members, commitments, transcript } = this.#round;
    const selfMasks: MaskTask['selfMasks'][number][] = [];
    for (const dealer of dealers) {
      const commitment = commitments[dealer] as Uint8Array;
      const seed = await this.#rebuild(dealer, 'selfMask', (secret) =>
        equal(selfMaskCommitment(transcript, dealer, secret), commitment),
      );
      selfMasks.push({ party: maskParty(members[dealer]), seed });
    }
    return { layout: this.layout, selfMasks, pairMasks: [] };
  }

  /** Survivors that share a mask with `dealer`, ascending. */
  #maskedWith(dealer: number): number[] {
    return Array.from(this.#round.peersOf(dealer)).filter((peer) => this.#round.masked[peer]);
  }

  /** From t shares if they are right, else from all that came. */
  async #rebuild(dealer: number, kind: ShareKind, check: Check): Promise<Uint8Array> {
    const { threshold } = this.#round.config;
    this.#noteMissing(dealer, kind);
    const first = this.#first(dealer);
    if (first.length < threshold) {
      throw new FedkitError(
        'THRESHOLD_NOT_MET',
        `SecAggServer: expected ${threshold} shares of every secret, got ${first.length} of one`,
        { details: { client: this.#round.idOf(dealer), threshold, shares: first.length } },
      );
    }
    const secret = this.#combine(first, dealer);
    if (secret !== undefined && (await check(secret))) return secret;

    const all = this.#round.dealersOf(dealer).filter((holder) => this.#has(holder, dealer));
    const places = this.#placesOf(all, dealer);
    const decoded = this.#decoderOf(all).decode(this.#released(all), places, secureRng());
    if (decoded === undefined || !(await check(decoded.secret))) return this.#refuseShares(dealer, all.length);
    for (const place of decoded.wrong) {
      this.#liars.add(all[place]);
      this.#suspect(dealer, all[place], kind, 'wrong');
    }
    this.#usual = undefined;
    return decoded.secret;
  }

  #combine(holders: readonly number[], dealer: number): Uint8Array | undefined {
    if (this.#together === undefined && holders === this.#usual && this.#full(holders)) {
      const count = this.#round.dealersOf(dealer).length;
      const secrets = combineAll(this.#weightsOf(holders), this.#released(holders), count);
      this.#together = { holders, secrets };
    }
    if (this.#together?.holders === holders) return this.#together.secrets[this.#place(holders[0], dealer)];
    return combineWords(this.#weightsOf(holders), this.#released(holders), this.#placesOf(holders, dealer));
  }

  /** Whether each of them opened every share it was sent. */
  #full(holders: readonly number[]): boolean {
    return this.#incomplete.size === 0 || holders.every((holder) => !this.#incomplete.has(holder));
  }

  #weightsOf(holders: readonly number[]): Uint32Array {
    let weights = this.#weights.get(holders);
    if (weights === undefined) {
      weights = interpolationWeights(Uint32Array.from(holders, (holder) => holder + 1));
      this.#weights.set(holders, weights);
    }
    return weights;
  }

  #decoderOf(holders: readonly number[]): ShareDecoder {
    const set = holders.join();
    let decoder = this.#decoders.get(set);
    if (decoder === undefined) {
      const abscissas = Uint32Array.from(holders, (holder) => holder + 1);
      decoder = new ShareDecoder(abscissas, this.#round.config.threshold);
      // In the complete graph one set serves nearly everybody; on a ring every client has its own.
      if (this.#round.complete) this.#decoders.set(set, decoder);
    }
    return decoder;
  }

  #released(holders: readonly number[]): Uint32Array[] {
    return holders.map((holder) => (this.#round.released[holder] as ReleasedShares).words);
  }

  /** @param holders - Of a share of `dealer`; most of them ascend. */
  #placesOf(holders: readonly number[], dealer: number): Uint32Array {
    const all = this.#round.dealersOf(dealer);
    const places = this.#round.placesAmongDealers(dealer);
    let next = 0;
    return Uint32Array.from(holders, (holder) => {
      while (next < all.length && all[next] < holder) next++;
      return places[all[next] === holder ? next : all.indexOf(holder)];
    });
  }

  #noteMissing(dealer: number, kind: ShareKind): void {
    for (const holder of this.#incomplete) {
      const place = this.#place(holder, dealer);
      if (place >= 0 && !this.#has(holder, dealer)) this.#suspect(dealer, holder, kind, 'missing');
    }
  }

  #suspect(dealer: number, holder: number, kind: ShareKind, found: Suspects['found']): void {
    this.suspects.push({ dealer: this.#round.idOf(dealer), holder: this.#round.idOf(holder), kind, found });
  }

  #refuseShares(dealer: number, shares: number): never {
    const correctable = Math.floor((shares - this.#round.config.threshold) / 2);
    throw new FedkitError(
      'AUTHENTICATION_FAILED',
      `SecAggServer: expected shares of the secret their dealer committed to with at most ${correctable} of ${shares} wrong, got others`,
      { details: { client: this.#round.idOf(dealer), shares, correctable } },
    );
  }

  /**
   * The first t holders that released a share of `dealer`, ascending, those last that were found to lie; fewer where
   * there are not so many.
   */
  #first(dealer: number): readonly number[] {
    const { config, complete } = this.#round;
    // In the complete graph nearly always the same t: found once, and their weights with them.
    const usual = this.#usual;
    if (usual !== undefined && (this.#full(usual) || usual.every((holder) => this.#has(holder, dealer)))) return usual;
    const found: number[] = [];
    const liars: number[] = [];
    const holders = this.#round.dealersOf(dealer);
    const places = this.#round.placesAmongDealers(dealer);
    for (let i = 0; i < holders.length && found.length < config.threshold; i++) {
      if (this.#round.released[holders[i]]?.present[places[i]] !== true) continue;
      (this.#liars.has(holders[i]) ? liars : found).push(holders[i]);
    }
    const first = [...found, ...liars.slice(0, config.threshold - found.length)];
    if (complete && first.length === config.threshold) this.#usual ??= first;
    return first;
  }

  #has(holder: number, dealer: number): boolean {
    return this.#round.released[holder]?.present[this.#place(holder, dealer)] === true;
  }

  /** Where in a holder's response the dealer's share stands; below zero where it holds none. */
  #place(holder: number, dealer: number): number {
    // In the complete graph every holder lists the same dealers.
    if (!this.#round.complete) return this.#round.dealersOf(holder).indexOf(dealer);
    this.#ranks ??= new Map(this.#round.dealersOf(holder).map((other, place) => [other, place]));
    return this.#ranks.get(dealer) ?? -1;
  }
}
