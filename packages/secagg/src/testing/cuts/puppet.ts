/**
 * A client in league with the server: it took part honestly until masking, and then gives whatever it can.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { defaultProvider } from '../../crypto/default-provider.ts';
import type { Agreement } from '../../crypto/provider.ts';
import { type KeyContext, extractKey, wordOf } from '../../key-derivation.ts';
import { channelParty } from '../../messages/member.ts';
import type { ServerRound } from '../../server/round.ts';
import { type ShareKind, openWithKey, shareKey } from '../../share-encryption.ts';

const provider = defaultProvider();

/** What a corrupt member knows. */
export class Puppet {
  readonly maskSecret: Uint8Array;
  readonly #round: ServerRound;
  readonly #member: number;
  readonly #agreement: Agreement;

  private constructor(round: ServerRound, member: number, agreement: Agreement, maskSecret: Uint8Array) {
    this.#round = round;
    this.#member = member;
    this.#agreement = agreement;
    this.maskSecret = maskSecret;
  }

  /** @param rng - What the member drew its keys from: its channel's first, then that of its masks. */
  static async of(round: ServerRound, member: number, rng: SecureRng): Promise<Puppet> {
    const agreement = await provider.agreement(rng.fill(new Uint8Array(32)));
    return new Puppet(round, member, agreement, rng.fill(new Uint8Array(32)));
  }

  /** Its word to `to`, on whatever is wanted. */
  async word(to: number, hash: Uint8Array): Promise<Uint8Array> {
    const [from, recipient] = [this.#member, to].map((member) => channelParty(this.#round.members[member]));
    return wordOf(provider, this.#context, await this.#channelKey(to), from, recipient, hash);
  }

  /** A share that it holds, as the dealer encrypted it. */
  async share(dealer: number, kind: ShareKind, sealed: Uint8Array): Promise<Uint8Array | undefined> {
    const [from, me] = [dealer, this.#member].map((member) => channelParty(this.#round.members[member]));
    const key = shareKey(provider, this.#context, await this.#channelKey(dealer), from, me, kind);
    return openWithKey(provider, this.#context, key, from, me, kind, sealed);
  }

  get #context(): KeyContext {
    return this.#round.layout().context;
  }

  async #channelKey(other: number): Promise<Uint8Array> {
    return extractKey(provider, this.#context, await this.#agreement.agree(this.#round.members[other].channelKey));
  }
}
