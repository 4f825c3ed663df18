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
import { SEALED_PAIR_BYTES } from '../messages/share-keys.ts';
import { encodeSurvivorsBody } from '../messages/survivors.ts';
import type { ReleasedShares } from '../messages/unmask-response.ts';
import { VectorSum } from '../sum/vector-sum.ts';
import { cohortTranscript, jointSeed, ringTranscript } from '../transcript.ts';

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

const PAIR_WORDS = SEALED_PAIR_BYTES / 4;

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
  /** Commitments of the dealers to their self-mask seeds. */
  readonly dealt: (Uint8Array | undefined)[] = [];
  /** Encrypted pairs of shares of each dealer, by the holder's place among its peers. */
  readonly #sealed: (Uint32Array | undefined)[] = [];
  readonly masked: boolean[] = [];
  /** Signatures of the survivors, where they are signed. */
  readonly signed: (Uint8Array | undefined)[] = [];
  readonly released: (ReleasedShares | undefined)[] = [];
  readonly sum: VectorSum;
  /** Encoded cohort in the complete graph. */
  cohort: Uint8Array = new Uint8Array(0);
  /** Hash of the unmask request in the complete graph, once the first answer came. */
  requestDigest: Uint8Array | undefined;
  memberTree: MerkleTree | undefined;
  partTree: MerkleTree | undefined;
  transcript: Uint8Array = new Uint8Array(0);
  /** Parts of the joint seed in the tree over them. */
  revealed = 0;
  #maskedCount = 0;
  #peers: (Uint32Array | undefined)[] = [];
  #neighbours: (Uint8Array | undefined)[] = [];
  #releasing: readonly boolean[] = [];
  #dealers: (readonly number[] | undefined)[] = [];
  #order: Uint32Array = new Uint32Array(0);

  constructor(config: RoundConfig, configDigest: Uint8Array) {
    this.config = config;
    this.configDigest = configDigest;
    this.sum = new VectorSum(maskedVectors(config));
  }

  get complete(): boolean {
    return this.config.graph === 'complete';
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
        (other) => this.dealt[other] !== undefined,
      );
      this.#dealers[this.complete ? 0 : index] = dealers;
    }
    return dealers;
  }

  /** Keeps what `dealer` dealt: a commitment, and both encrypted shares for each of its peers, ascending. */
  deal(dealer: number, commitment: Uint8Array, sealed: Uint8Array): void {
    this.dealt[dealer] = copyOf(commitment);
    this.#sealed[dealer] = new Uint32Array(copyOf(sealed).buffer);
  }

  /** The encrypted pairs of `dealer`, one for each of its peers, ascending. */
  sealedOf(dealer: number): Uint8Array {
    return new Uint8Array((this.#sealed[dealer] as Uint32Array).buffer);
  }

  /** The encrypted pairs for `holder`, one for each of its peers, ascending; zeros where one did not deal. */
  inboxOf(holder: number): Uint8Array {
    const peers = this.peersOf(holder);
    const inbox = new Uint32Array(peers.length * PAIR_WORDS);
    for (let i = 0; i < peers.length; i++) {
      const sealed = this.#sealed[peers[i]];
      if (sealed === undefined) continue;
      let from = this.placeAmongPeers(peers[i], holder) * PAIR_WORDS;
      let to = i * PAIR_WORDS;
      for (const end = from + PAIR_WORDS; from < end; from++, to++) inbox[to] = sealed[from];
    }
    return new Uint8Array(inbox.buffer);
  }

  /** The encrypted pair from `dealer` for `holder`, as a view. */
  pairOf(dealer: number, holder: number): Uint8Array {
    const at = this.placeAmongPeers(dealer, holder) * SEALED_PAIR_BYTES;
    return this.sealedOf(dealer).subarray(at, at + SEALED_PAIR_BYTES);
  }

  /** Drops from the dealers whoever is not among `kept`. */
  keepDealers(kept: readonly number[]): void {
    const stay = new Set(kept);
    for (const index of this.indices(this.dealt)) if (!stay.has(index)) this.dealt[index] = undefined;
    this.#dealers = [];
  }

  /** Notes that the masked input of `index` is in the sum. */
  markMasked(index: number): void {
    this.masked[index] = true;
    this.#maskedCount++;
  }

  /** Inputs in the sum. */
  get maskedCount(): number {
    return this.#maskedCount;
  }

  /** Survivors: those whose masked input is in the sum. */
  survivors(): number[] {
    return this.indices(this.masked);
  }

  /** What survivors sign: a bitmap over all places. */
  survivorsBody(): Uint8Array {
    return encodeSurvivorsBody(Array.from({ length: this.config.clients }, (_, i) => this.masked[i] === true));
  }

  /** No more signatures: fixes who will release shares, which a client does where t signed what it signed. */
  closeSigned(): void {
    const { threshold } = this.config;
    this.#releasing = this.members.map(
      ({ index }) => this.signed[index] !== undefined && this.signersFor(index).length >= threshold,
    );
  }

  /** Whom `index` hears of as signers: everybody in the complete graph, on a ring its peers; ascending. */
  signersFor(index: number): readonly number[] {
    if (this.complete) return this.indices(this.signed);
    return Array.from(this.peersOf(index)).filter((peer) => this.signed[peer] !== undefined);
  }

  /** Who is asked for shares, by place. */
  get releasing(): readonly boolean[] {
    return hasConsistencyRound(this.config) ? this.#releasing : this.masked;
  }

  indices(list: readonly unknown[]): number[] {
    return this.members.map(({ index }) => index).filter((index) => list[index] !== undefined && list[index] !== false);
  }

  count(list: readonly unknown[]): number {
    return this.indices(list).length;
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
