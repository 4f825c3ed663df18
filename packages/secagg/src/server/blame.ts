/**
 * Who of a suspected dealer and holder did not follow the protocol, from the keys they open.
 *
 * What an opening proves. An honest dealer made its ciphertext under the key both derive, and ChaCha20-Poly1305 opens a
 * ciphertext that was made honestly under one key alone but with probability 2^−128 for each key tried. A dishonest
 * dealer can make one that opens under several, since the cipher does not commit to its key, and either party can name a
 * key that is not the derived one; every verdict below is sound nevertheless, since it rests on a party contradicting
 * itself, or on what cannot come from an honest dealer's ciphertext.
 *
 * @module
 */
import { type ClientId, FedkitError } from '@fedkit/core';
import { hasConsistencyRound } from '../config/round-config.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { copyOf, equal } from '../internal/bytes.ts';
import { digestOf } from '../internal/hash.ts';
import { HEADER_BYTES } from '../messages/header.ts';
import { channelParty } from '../messages/member.ts';
import { type Dealing, encodeOpeningRequest } from '../messages/opening-request.ts';
import { decodeOpenings } from '../messages/openings.ts';
import { LIMBS } from '../shamir.ts';
import { openWithKey } from '../share-encryption.ts';
import type { ServerRound } from './round.ts';
import type { Suspects } from './unmask.ts';

/** A pair of suspects and what their openings say. */
export interface Verdict extends Suspects {
  /**
   * Who did not follow the protocol; `undecided` where nothing that came proves it. A holder opens what it released alone, so
   * that of a missing share the dealer's word is all there is: its key opens it, or it is found.
   */
  readonly verdict: 'dealer' | 'holder' | 'undecided';
}

/** What two parties say of one ciphertext: `undefined` for a key that was not opened, and for a share not reported. */
export interface Testimony {
  readonly reported: Uint8Array | undefined;
  readonly holderKey: Uint8Array | undefined;
  readonly dealerKey: Uint8Array | undefined;
}

/**
 * Judges one ciphertext whose share was not on the dealer's polynomial, or not there.
 *
 * @param open - What the ciphertext holds under a key.
 */
export function judge(
  open: (key: Uint8Array) => Uint8Array | undefined,
  { reported, holderKey, dealerKey }: Testimony,
): Verdict['verdict'] {
  if (holderKey !== undefined && reported !== undefined) {
    const held = open(holderKey);
    // An honest holder reports what its key opens.
    if (held === undefined || !equal(held, reported)) return 'holder';
    // Its key opens a share beside the polynomial: an honest dealer's ciphertext holds none, under any key.
    return 'dealer';
  }
  if (dealerKey !== undefined) {
    const dealt = open(dealerKey);
    // An honest dealer's key opens its own ciphertext, to a share on its polynomial.
    if (dealt === undefined || (reported !== undefined && equal(dealt, reported))) return 'dealer';
  }
  return 'undecided';
}

/** Asks suspects once, and keeps what they open. */
export class Blame {
  readonly #round: ServerRound;
  readonly #provider: CryptoProvider;
  readonly #suspects: readonly Suspects[];
  readonly #asked = new Map<number, readonly Dealing[]>();
  readonly #opened: Map<number, readonly Uint8Array[]>;
  #ended: boolean;

  /**
   * @param suspects - All there will be: a client answers one request in a round.
   * @param openings - What an earlier server had of them when it stopped asking.
   */
  constructor(
    round: ServerRound,
    provider: CryptoProvider,
    suspects: readonly Suspects[],
    openings?: ReadonlyMap<number, readonly Uint8Array[]>,
  ) {
    this.#opened = new Map(openings);
    this.#ended = openings !== undefined;
    this.#round = round;
    this.#provider = provider;
    this.#suspects = [...suspects];
    const wanted = new Map<number, Dealing[]>();
    for (const { dealer, holder, kind, found } of suspects) {
      const dealing = { dealer: this.#placeOf(dealer), holder: this.#placeOf(holder), kind };
      if (dealing.dealer === dealing.holder) continue;
      // A holder opens what it released. What it did not, its dealer may: of its own secrets the seed, in the complete graph.
      const dealerMay = kind === 'selfMask' && round.complete && hasConsistencyRound(round.config);
      if (found === 'missing' && !dealerMay) continue;
      const place = found === 'missing' ? dealing.dealer : dealing.holder;
      if (round.released[place] === undefined) continue;
      wanted.set(place, [...(wanted.get(place) ?? []), dealing]);
    }
    for (const [place, dealings] of wanted) {
      const ascending = dealings.sort((a, b) => a.dealer - b.dealer || a.holder - b.holder);
      this.#asked.set(place, ascending);
    }
  }

  /** The requests, by client. */
  get requests(): Map<ClientId, Uint8Array> {
    return new Map([...this.#asked.keys()].map((place) => [this.#round.idOf(place), this.#requestTo(place)]));
  }

  /** Whether the client at `place` was asked, and may still answer. */
  asks(place: number): boolean {
    return !this.#ended && this.#asked.has(place);
  }

  /** Takes no more answers. */
  end(): void {
    this.#ended = true;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Keys by place. */
  get openings(): ReadonlyMap<number, readonly Uint8Array[]> {
    return this.#opened;
  }

  /** @throws FedkitError `DECODE_FAILED`, or `AUTHENTICATION_FAILED` for an answer to another request. */
  accept(place: number, body: Uint8Array): void {
    const { request, keys } = decodeOpenings(body, (this.#asked.get(place) as readonly Dealing[]).length);
    if (!equal(request, digestOf(this.#requestTo(place).subarray(HEADER_BYTES)))) {
      throw new FedkitError(
        'AUTHENTICATION_FAILED',
        'SecAggServer.receive: expected openings of the shares it was asked for, got others',
      );
    }
    this.#opened.set(place, keys.map(copyOf));
  }

  /** What follows from the openings so far. */
  get verdicts(): Verdict[] {
    return this.#suspects.map((suspects) => ({ ...suspects, verdict: this.#judge(suspects) }));
  }

  #judge({ dealer, holder, kind }: Suspects): Verdict['verdict'] {
    const round = this.#round;
    const dealing = { dealer: this.#placeOf(dealer), holder: this.#placeOf(holder), kind };
    // Its own share, which nobody else dealt it.
    if (dealing.dealer === dealing.holder) return 'holder';
    const { context } = round.layout();
    const [from, to] = [dealing.dealer, dealing.holder].map((place) => channelParty(round.members[place]));
    const sealed = round.sealedShare(dealing.dealer, dealing.holder, kind);
    return judge((key) => openWithKey(this.#provider, context, key, from, to, kind, sealed), {
      reported: this.#reported(dealing),
      holderKey: this.#keyOf(dealing.holder, dealing),
      dealerKey: this.#keyOf(dealing.dealer, dealing),
    });
  }

  #keyOf(place: number, { dealer, holder }: Dealing): Uint8Array | undefined {
    const asked = this.#asked.get(place) ?? [];
    return this.#opened.get(place)?.[asked.findIndex((one) => one.dealer === dealer && one.holder === holder)];
  }

  #reported({ dealer, holder }: Dealing): Uint8Array | undefined {
    const place = this.#round.dealersOf(holder).indexOf(dealer);
    const released = this.#round.released[holder];
    if (released?.present[place] !== true) return undefined;
    return new Uint8Array(released.words.slice(place * LIMBS, (place + 1) * LIMBS).buffer);
  }

  #requestTo(place: number): Uint8Array {
    return encodeOpeningRequest(this.#round.config, place, this.#asked.get(place) as readonly Dealing[]);
  }

  #placeOf(id: ClientId): number {
    return this.#round.places.get(id) as number;
  }
}
