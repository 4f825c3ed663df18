/**
 * A server that sets a round up honestly and then tells each real client what a plan says, in every message: who dealt, who
 * survived, whose words there are. It keeps everything and opens whatever sum it can.
 *
 * @module
 */
import { isFedkitError } from '@fedkit/core';
import { utf8Encode } from '@fedkit/core/internal';
import { SecAggClient } from '../../client/client.ts';
import { roundConfigDigest } from '../../config/encode-config.ts';
import { type RoundConfig, hasConsistencyRound } from '../../config/round-config.ts';
import { ringOrder } from '../../graph/harary.ts';
import { WORD_BYTES } from '../../key-derivation.ts';
import { decodeAcknowledgement } from '../../messages/acknowledgement.ts';
import { type Message, NO_INDEX, decodeMessage } from '../../messages/header.ts';
import { type MaskedInput, decodeMaskedInput } from '../../messages/masked-input.ts';
import { encodeInbox } from '../../messages/shares.ts';
import { encodeSurvivors, encodeSurvivorsBody } from '../../messages/survivors.ts';
import { encodeUnmaskRequest } from '../../messages/unmask-request.ts';
import { type ReleasedShares, decodeUnmaskResponse } from '../../messages/unmask-response.ts';
import { encodeWords } from '../../messages/words.ts';
import { acceptMessage } from '../../server/accept.ts';
import { openStage } from '../../server/advance.ts';
import { ServerRound, type ServerStage } from '../../server/round.ts';
import { SEALED_SHARE_BYTES } from '../../share-encryption.ts';
import { jointSeed, survivorsHash } from '../../transcript.ts';
import { testingIdentities } from '../identities.ts';
import { testingRng } from '../rng.ts';
import { acceptingPolicy } from '../run-round.ts';
import type { CutPlan } from './model.ts';
import { Puppet } from './puppet.ts';

/** Everything a lying server has of a round in the end. Members are meant by their index, not their place on the ring. */
export class LyingServer {
  readonly config: RoundConfig;
  readonly round: ServerRound;
  /** Member at each place of the ring. */
  order: Uint32Array = new Uint32Array(0);
  refusals = 0;
  /** By member: masked inputs with the seeds that came with them, and the shares it released. */
  readonly inputs: (MaskedInput | undefined)[] = [];
  readonly responses: (ReleasedShares | undefined)[] = [];
  readonly puppets: (Puppet | undefined)[] = [];
  readonly #clients: SecAggClient[];
  readonly #ids: string[];
  #places: Uint32Array = new Uint32Array(0);
  #plan: CutPlan = { dealt: [], survived: [] };

  constructor(config: RoundConfig) {
    this.config = config;
    this.round = new ServerRound(config, roundConfigDigest(config));
    this.#ids = Array.from({ length: config.clients }, (_, i) => `c${i}`);
    const { identities, directory } = testingIdentities(this.#ids, 'cuts');
    this.#clients = this.#ids.map(
      (id) =>
        new SecAggClient({
          id,
          config,
          policy: acceptingPolicy(config),
          persist: async () => undefined,
          singleInstance: true,
          sealingKey: new Uint8Array(32),
          rng: testingRng(`cuts/${id}`),
          ...(config.identities ? { identity: identities[id], directory } : {}),
        }),
    );
  }

  /** The input of a member: (i, −i, 1) with i modulo 100. */
  static input(member: number): Int32Array {
    return Int32Array.of(member % 100, -(member % 100), 1);
  }

  /** Sets the round up, lies as the plan says, and collects what clients answer. @param corrupt - Places on the ring. */
  async play(plan: CutPlan, corrupt: ReadonlySet<number>): Promise<void> {
    const { config, round } = this;
    this.#plan = plan;
    await this.#setUp();
    for (const place of corrupt) {
      const member = this.order[place];
      this.puppets[member] = await Puppet.of(round, member, testingRng(`cuts/c${member}`));
    }
    for (const member of this.#honest()) {
      const dealt = Array.from(round.peersOf(member), (peer) => this.told('dealt', member, peer));
      this.#clients[member].setInput({ [config.vectors[0].name]: LyingServer.input(member) });
      const answer = await this.#offer(member, encodeInbox(config, member, dealt, round.inboxOf(member)));
      if (answer === undefined) continue;
      const holders = dealt.filter(Boolean).length;
      this.inputs[member] = decodeMaskedInput(config, answer.body.slice(), holders);
    }
    const requests = hasConsistencyRound(config) ? await this.#acknowledged() : this.#demands();
    for (const [member, request] of requests) {
      const answer = await this.#offer(member, request);
      if (answer === undefined) continue;
      this.responses[member] = decodeUnmaskResponse(answer.body.slice(), this.dealersOf(member).length);
    }
  }

  /** Whether `member` was told that `other` dealt, or survived. */
  told(what: 'dealt' | 'survived', member: number, other: number): boolean {
    return this.#plan[what][this.#places[member]][this.#places[other]] === 1;
  }

  /** Whom a member masked with, and whose shares it was told it holds; itself too in the complete graph. */
  dealersOf(member: number): number[] {
    const peers = Array.from(this.round.peersOf(member)).filter((peer) => this.told('dealt', member, peer));
    return this.round.complete ? [...peers, member].sort((a, b) => a - b) : peers;
  }

  /** The encrypted share of its seed that `dealer` made for `holder`; zeros where it made none. */
  sealedSeed(dealer: number, holder: number): Uint8Array {
    const { round } = this;
    if (round.complete) return round.sealedShare(dealer, holder, 'selfMask');
    const at = this.dealersOf(dealer).indexOf(holder) * SEALED_SHARE_BYTES;
    const sealed = this.inputs[dealer]?.seed?.sealed;
    return at < 0 || sealed === undefined
      ? new Uint8Array(SEALED_SHARE_BYTES)
      : sealed.subarray(at, at + SEALED_SHARE_BYTES);
  }

  /** A request of its own for each member; refused ones are counted. */
  async offer(member: number, message: Uint8Array): Promise<Message | undefined> {
    return this.#offer(member, message);
  }

  async #setUp(): Promise<void> {
    const { config, round } = this;
    const accept = (stage: ServerStage, member: number, bytes: Uint8Array): void =>
      acceptMessage(round, stage, utf8Encode(this.#ids[member]), decodeMessage(config, bytes));
    for (const [member, client] of this.#clients.entries()) accept('advertise', member, await client.start());
    let { stage, recipients, make } = openStage(round, 'advertise');
    for (;;) {
      for (const member of recipients) {
        accept(stage, member, (await this.#clients[member].receive(make(member))) as Uint8Array);
      }
      if (stage === 'share') break;
      ({ stage, recipients, make } = openStage(round, stage));
    }
    const places = Uint32Array.from({ length: config.clients }, (_, i) => i);
    this.order = round.complete ? places : ringOrder(jointSeed(round.transcript), config.clients);
    this.#places = new Uint32Array(config.clients);
    this.order.forEach((member, place) => (this.#places[member] = place));
  }

  async #acknowledged(): Promise<Map<number, Uint8Array>> {
    const { config, round } = this;
    const bodies = this.round.members.map(({ index }) => encodeSurvivorsBody(this.#survivorsFor(index)));
    const hashes = bodies.map((body) => survivorsHash(round.transcript, body));
    const given = bodies.map(() => new Map<number, Uint8Array>());
    for (const member of this.#honest()) {
      const answer = await this.#offer(member, encodeSurvivors(config, bodies[member]));
      if (answer === undefined) continue;
      const named = Array.from(round.peersOf(member)).filter((peer) => this.told('survived', member, peer));
      const { words } = decodeAcknowledgement(answer.body.slice());
      named.forEach((peer, i) => given[member].set(peer, words.subarray(i * WORD_BYTES, (i + 1) * WORD_BYTES)));
    }
    const requests = new Map<number, Uint8Array>();
    for (const member of this.#honest()) {
      const words: (Uint8Array | undefined)[] = [];
      for (const peer of round.peersOf(member)) {
        words.push((await this.puppets[peer]?.word(member, hashes[member])) ?? given[peer].get(member));
      }
      requests.set(member, encodeWords(config, member, { hash: hashes[member], words, seeds: this.#seedsFor(member) }));
    }
    return requests;
  }

  #demands(): Map<number, Uint8Array> {
    const { config, round } = this;
    return new Map(
      this.#honest().map((member) => {
        const all = this.#survivorsFor(member);
        const survived = round.complete ? all : Array.from(round.peersOf(member), (peer) => all[peer]);
        const total = round.complete ? all.filter(Boolean).length : config.clients;
        const request = { total, survived, seeds: round.complete ? new Uint8Array(0) : this.#seedsFor(member) };
        return [member, encodeUnmaskRequest(config, round.complete ? NO_INDEX : member, request)];
      }),
    );
  }

  #seedsFor(member: number): Uint8Array {
    if (this.round.complete) return new Uint8Array(0);
    const named = Array.from(this.round.peersOf(member)).filter((peer) => this.told('survived', member, peer));
    const seeds = new Uint8Array(named.length * SEALED_SHARE_BYTES);
    named.forEach((peer, i) => seeds.set(this.sealedSeed(peer, member), i * SEALED_SHARE_BYTES));
    return seeds;
  }

  #survivorsFor(member: number): boolean[] {
    return Array.from({ length: this.config.clients }, (_, other) => this.told('survived', member, other));
  }

  #honest(): number[] {
    return this.round.members.map(({ index }) => index).filter((member) => this.puppets[member] === undefined);
  }

  async #offer(member: number, message: Uint8Array): Promise<Message | undefined> {
    try {
      return decodeMessage(this.config, (await this.#clients[member].receive(message)) as Uint8Array);
    } catch (error) {
      if (!isFedkitError(error)) throw error;
      this.refusals++;
      return undefined;
    }
  }
}
