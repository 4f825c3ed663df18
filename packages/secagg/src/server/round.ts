/**
 * What a server knows of a round, and who is whose peer in it.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import { utf8Decode } from '@fedkit/core/internal';
import { type RoundConfig, hasConsistencyRound, maskedVectors } from '../config/round-config.ts';
import { hararyNeighbours, ringOrder } from '../graph/harary.ts';
import { MerkleTree, leafHash } from '../graph/merkle.ts';
import type { MaskLayout } from '../mask.ts';
import { copyOf, hex } from '../internal/bytes.ts';
import { encodeCohortBody } from '../messages/cohort.ts';
import { type Member, memberBytes } from '../messages/member.ts';
import { encodeNeighbour } from '../messages/neighbours.ts';
import type { MaskedInput } from '../messages/masked-input.ts';
import { type Dealt, dealtBytes } from '../messages/share-keys.ts';
import { WORD_BYTES } from '../key-derivation.ts';
import { SEALED_SHARE_BYTES, type ShareKind } from '../share-encryption.ts';
import { encodeSurvivorsBody } from '../messages/survivors.ts';
import type { ReleasedShares } from '../messages/unmask-response.ts';
import { VectorSum } from '../sum/vector-sum.ts';
import { cohortTranscript, jointSeed, ringTranscript, survivorsHash } from '../transcript.ts';
import { mirrored } from './mirror.ts';

/** What the server waits for. */
export type ServerStage =
  | 'advertise'
  | 'reveal'
  | 'share'
  | 'input'
  | 'consistency'
  | 'unmask'
  | 'finished'
  | 'aborted';

/** State of a round, filled stage by stage; arrays are by place. */
export class ServerRound {
  readonly config: RoundConfig;
  readonly configDigest: Uint8Array;
  readonly members: Member[] = [];
  readonly ids: ClientId[] = [];
  readonly places: Map<ClientId, number> = new Map();
  /** All advertised keys, hexadecimal. */
  readonly keys: Set<string> = new Set();
  readonly parts: (Uint8Array | undefined)[] = [];
  readonly dealt: boolean[] = [];
  /** Commitments to self-mask seeds: of the dealers in the complete graph, on a ring of those that masked. */
  readonly commitments: (Uint8Array | undefined)[] = [];
  /** What each dealer dealt before masking, by the holder's place among its peers. */
  readonly #sealed: (Uint32Array | undefined)[] = [];
  /** On a ring the shares of each seed, by the holder's place among the dealers its own dealer masked with. */
  readonly #seeds: (Uint32Array | undefined)[] = [];
  readonly masked: boolean[] = [];
  /** Words of those that acknowledged the survivors, for each of their surviving peers, ascending. */
  readonly words: (Uint8Array | undefined)[] = [];
  readonly released: (ReleasedShares | undefined)[] = [];
  readonly sum: VectorSum;
  /** Encoded cohort in the complete graph. */
  cohort: Uint8Array = new Uint8Array(0);
  /** Hashes of the requests for shares, by place, or the first alone where everybody is sent the same. */
  requestDigests: (Uint8Array | undefined)[] = [];
  memberTree: MerkleTree | undefined;
  partTree: MerkleTree | undefined;
  transcript: Uint8Array = new Uint8Array(0);
  /** Parts of the joint seed in the tree over them. */
  revealed = 0;
  #maskedCount = 0;
  #peers: (Uint32Array | undefined)[] = [];
  #neighbours: (Uint8Array | undefined)[] = [];
  #releasing: readonly boolean[] = [];
  readonly #surviving: (Uint32Array | undefined)[] = [];
  /** In the complete graph, by place: survivors before it. */
  #ranks: Uint32Array | undefined;
  #dealers: (readonly number[] | undefined)[] = [];
  /** On a ring, by place: where each stands in the lists of its peers, of its dealers, of its surviving peers. */
  #amongPeers: Uint32Array[] | undefined;
  #amongDealers: Uint32Array[] | undefined;
  #amongSurvivors: Uint32Array[] | undefined;
  #survivorsBody: Uint8Array | undefined;
  #survivorsHash: Uint8Array | undefined;
  #order: Uint32Array = new Uint32Array(0);

  constructor(config: RoundConfig, configDigest: Uint8Array) {
    this.config = config;
    this.configDigest = configDigest;
    this.sum = new VectorSum(maskedVectors(config));
  }

  get complete(): boolean {
    return this.config.graph === 'complete';
  }

  /** Whether the request for shares is the same for everybody. */
  get sameRequest(): boolean {
    return this.complete && !hasConsistencyRound(this.config);
  }

  add(member: Member): void {
    const id = utf8Decode(member.id);
    this.members[member.index] = member;
    this.ids[member.index] = id;
    this.places.set(id, member.index);
    this.keys.add(hex(member.channelKey)).add(hex(member.maskKey));
  }

  idOf(index: number): ClientId {
    return this.ids[index];
  }

  /** No more members: fixes the cohort, or the tree over it. */
  closeMembers(): void {
    const { config, members } = this;
    this.#peers = [];
    if (this.complete) {
      this.cohort = encodeCohortBody(config, members);
      this.transcript = cohortTranscript(this.configDigest, this.cohort);
    } else {
      const leaves = members.map((member) => leafHash(member.index, memberBytes(config, member)));
      this.memberTree = new MerkleTree(config.clients, leaves);
    }
  }

  /** No more parts of the joint seed: fixes the ring. */
  closeParts(): void {
    const { config, members } = this;
    const leaves = members.map((_, i) => this.parts[i] && leafHash(i, this.parts[i]));
    this.partTree = new MerkleTree(config.clients, leaves);
    const memberRoot = (this.memberTree as MerkleTree).root;
    this.revealed = this.count(this.parts);
    this.transcript = ringTranscript(this.configDigest, members.length, memberRoot, this.revealed, this.partTree.root);
    this.#order = ringOrder(jointSeed(this.transcript), config.clients);
    this.#neighbours = [];
    this.#peers = [];
    this.#amongPeers = undefined;
  }

  /** Neighbours on the ring, there or not, ascending. */
  ringNeighbours(index: number): Uint32Array {
    return hararyNeighbours(this.#order, index, this.config.degree);
  }

  /** What the neighbours of `index` are shown of it: made once, sent to each of them. */
  neighbourBytes(index: number): Uint8Array {
    let bytes = this.#neighbours[index];
    if (bytes === undefined) {
      const part = this.parts[index];
      const [memberTree, partTree] = [this.memberTree as MerkleTree, this.partTree as MerkleTree];
      bytes = encodeNeighbour(
        this.config,
        part && {
          member: this.members[index],
          part,
          memberPath: memberTree.path(index),
          partPath: partTree.path(index),
        },
      );
      this.#neighbours[index] = bytes;
    }
    return bytes;
  }

  /** Those `index` deals to and masks with, ascending, never itself: the same list its client has. */
  peersOf(index: number): Uint32Array {
    let peers = this.#peers[index];
    if (peers === undefined) {
      peers = this.complete
        ? allBut(index, this.members.length)
        : this.ringNeighbours(index).filter((other) => this.parts[other] !== undefined);
      this.#peers[index] = peers;
    }
    return peers;
  }

  /** Where `peer` stands among the peers of `index`: which of its pairs is meant for it. */
  placeAmongPeers(index: number, peer: number): number {
    // In the complete graph peers are all places but one's own.
    if (this.complete) return peer < index ? peer : peer - 1;
    return this.peersOf(index).indexOf(peer);
  }

  /** Whose shares `index` holds, and who holds its: its peers that dealt, in the complete graph itself too; ascending. */
  dealersOf(index: number): readonly number[] {
    let dealers = this.#dealers[this.complete ? 0 : index];
    if (dealers === undefined) {
      dealers = (this.complete ? [...this.members.keys()] : Array.from(this.peersOf(index))).filter(
        (other) => this.dealt[other] === true,
      );
      this.#dealers[this.complete ? 0 : index] = dealers;
    }
    return dealers;
  }

  /** Where in the lists of its holders, each a {@link dealersOf}, a dealer stands: by holder, ascending. */
  placesAmongDealers(dealer: number): Uint32Array {
    if (this.complete) {
      const holders = this.dealersOf(dealer);
      return new Uint32Array(holders.length).fill(holders.indexOf(dealer));
    }
    this.#amongDealers ??= this.#mirroredOf(this.dealt, (index) => this.dealersOf(index));
    return this.#amongDealers[dealer];
  }

  /** @param there - Who has a list, by place. */
  #mirroredOf(there: readonly unknown[], listOf: (index: number) => ArrayLike<number>): Uint32Array[] {
    const present = new Set(this.indices(there));
    return mirrored(this.members.map(({ index }) => (present.has(index) ? listOf(index) : [])));
  }

  /** Keeps what `dealer` dealt before masking. */
  deal(dealer: number, { commitment, sealed }: Dealt): void {
    this.dealt[dealer] = true;
    if (commitment.length > 0) this.commitments[dealer] = copyOf(commitment);
    this.#sealed[dealer] = new Uint32Array(copyOf(sealed).buffer);
  }

  /** Keeps the seed that `dealer` dealt on a ring as it masked. */
  dealSeed(dealer: number, { commitment, sealed }: NonNullable<MaskedInput['seed']>): void {
    this.commitments[dealer] = copyOf(commitment);
    this.#seeds[dealer] = new Uint32Array(copyOf(sealed).buffer);
  }

  /** What `dealer` dealt before masking, for each of its peers, ascending. */
  sealedOf(dealer: number): Uint8Array {
    return new Uint8Array((this.#sealed[dealer] as Uint32Array).buffer);
  }

  /** Encrypted shares of its seed, for each peer it masked with, ascending; none where it dealt none on a ring. */
  sealedSeedsOf(dealer: number): Uint8Array {
    const seeds = this.#seeds[dealer];
    return seeds === undefined ? new Uint8Array(0) : new Uint8Array(seeds.buffer);
  }

  /** What was dealt to `holder` before masking by each of its peers, ascending; zeros where one did not deal. */
  inboxOf(holder: number): Uint8Array {
    const peers = this.peersOf(holder);
    const size = dealtBytes(this.config) / 4;
    const inbox = new Uint32Array(peers.length * size);
    if (!this.complete) this.#amongPeers ??= this.#mirroredOf(this.parts, (index) => this.peersOf(index));
    const places = this.#amongPeers?.[holder];
    for (let i = 0; i < peers.length; i++) {
      const sealed = this.#sealed[peers[i]];
      if (sealed === undefined) continue;
      let from = (places?.[i] ?? this.placeAmongPeers(peers[i], holder)) * size;
      let to = i * size;
      for (const end = from + size; from < end; from++, to++) inbox[to] = sealed[from];
    }
    return new Uint8Array(inbox.buffer);
  }

  /** On a ring the encrypted shares that `holder` holds of its surviving peers' seeds, one after the other. */
  seedsFor(holder: number): Uint8Array {
    const dealers = this.dealersOf(holder);
    const places = this.placesAmongDealers(holder);
    const size = SEALED_SHARE_BYTES / 4;
    const seeds = new Uint32Array(this.survivingPeersOf(holder).length * size);
    let to = 0;
    for (let i = 0; i < dealers.length; i++) {
      if (!this.masked[dealers[i]]) continue;
      const dealt = this.#seeds[dealers[i]] as Uint32Array;
      const from = places[i] * size;
      for (let word = 0; word < size; word++) seeds[to++] = dealt[from + word];
    }
    return new Uint8Array(seeds.buffer);
  }

  /** The encrypted share of one kind from `dealer` for `holder`, as a view. */
  sealedShare(dealer: number, holder: number, kind: ShareKind): Uint8Array {
    if (kind === 'selfMask' && !this.complete) {
      const at = this.dealersOf(dealer).indexOf(holder) * SEALED_SHARE_BYTES;
      return this.sealedSeedsOf(dealer).subarray(at, at + SEALED_SHARE_BYTES);
    }
    const first = this.placeAmongPeers(dealer, holder) * dealtBytes(this.config);
    const at = first + (kind === 'selfMask' ? SEALED_SHARE_BYTES : 0);
    return this.sealedOf(dealer).subarray(at, at + SEALED_SHARE_BYTES);
  }

  /** Drops from the dealers whoever is not among `kept`; what neighbours were shown of each other is shown to nobody any more. */
  keepDealers(kept: readonly number[]): void {
    const stay = new Set(kept);
    for (const index of this.indices(this.dealt)) if (!stay.has(index)) this.dealt[index] = false;
    this.#dealers = [];
    this.#amongDealers = undefined;
    this.#neighbours = [];
  }

  /** Notes that the masked input of `index` is in the sum. */
  markMasked(index: number): void {
    this.masked[index] = true;
    this.#maskedCount++;
    this.#survivorsBody = undefined;
    this.#survivorsHash = undefined;
  }

  /** Inputs in the sum. */
  get maskedCount(): number {
    return this.#maskedCount;
  }

  /** Survivors: those whose masked input is in the sum. */
  survivors(): number[] {
    return this.indices(this.masked);
  }

  /** What is acknowledged: a bitmap over all places. */
  survivorsBody(): Uint8Array {
    this.#survivorsBody ??= encodeSurvivorsBody(
      Array.from({ length: this.config.clients }, (_, i) => this.masked[i] === true),
    );
    return this.#survivorsBody;
  }

  /** What words are over. */
  survivorsHash(): Uint8Array {
    this.#survivorsHash ??= survivorsHash(this.transcript, this.survivorsBody());
    return this.#survivorsHash;
  }

  /** The peers of `index` that survived, ascending; to be asked once the survivors are fixed. */
  survivingPeersOf(index: number): Uint32Array {
    if (this.complete) return this.peersOf(index).filter((peer) => this.masked[peer]);
    return (this.#surviving[index] ??= this.peersOf(index).filter((peer) => this.masked[peer]));
  }

  /** The words that its peers gave one survivor, in their order, one after the other; and by peer whether it gave one. */
  wordsFor(index: number): { readonly given: boolean[]; readonly words: Uint8Array } {
    if (!this.complete) this.#amongSurvivors ??= this.#mirroredOf(this.masked, (each) => this.survivingPeersOf(each));
    const places = this.#amongSurvivors?.[index];
    const peers = this.peersOf(index);
    const given: boolean[] = [];
    const words = new Uint8Array(peers.length * WORD_BYTES);
    let to = 0;
    let survivor = 0;
    for (let i = 0; i < peers.length; i++) {
      const peer = peers[i];
      const place = this.masked[peer] ? (places?.[survivor++] ?? this.#rank(index) - (peer < index ? 1 : 0)) : 0;
      const theirs = this.masked[peer] ? this.words[peer] : undefined;
      given.push(theirs !== undefined);
      if (theirs === undefined) continue;
      for (let from = place * WORD_BYTES, end = from + WORD_BYTES; from < end; from++, to++) words[to] = theirs[from];
    }
    return { given, words: words.subarray(0, to) };
  }

  /** No more words: fixes who will release shares, which a client does where t acknowledged what it acknowledged. */
  closeWords(): void {
    const { threshold } = this.config;
    this.#releasing = this.members.map(({ index }) => {
      if (this.words[index] === undefined) return false;
      const given = this.complete ? this.count(this.words) : this.count(this.words, this.survivingPeersOf(index));
      return given >= threshold;
    });
  }

  /** Who is asked for shares, by place. */
  get releasing(): readonly boolean[] {
    return hasConsistencyRound(this.config) ? this.#releasing : this.masked;
  }

  indices(list: readonly unknown[]): number[] {
    return this.members.map(({ index }) => index).filter((index) => list[index] !== undefined && list[index] !== false);
  }

  count(list: readonly unknown[], among?: Uint32Array): number {
    if (among === undefined) return this.indices(list).length;
    return among.reduce((sum, index) => sum + (list[index] === undefined ? 0 : 1), 0);
  }

  #rank(place: number): number {
    if (this.#ranks === undefined) {
      let before = 0;
      this.#ranks = Uint32Array.from(this.members, ({ index }) => (this.masked[index] ? before++ : before));
    }
    return this.#ranks[place];
  }

  layout(): MaskLayout {
    const { session, round, suite } = this.config;
    return {
      suite,
      vectors: maskedVectors(this.config).map(({ name, length, bits }) => ({ name, length, bits })),
      context: { session, round, transcript: this.transcript },
    };
  }
}

/** 0 to `count` − 1 without `left`. */
function allBut(left: number, count: number): Uint32Array {
  const others = new Uint32Array(count - 1);
  for (let i = 0; i < others.length; i++) others[i] = i < left ? i : i + 1;
  return others;
}
