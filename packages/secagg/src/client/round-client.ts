/**
 * A client of secure aggregation as a state machine: a message in, at most one message out, no IO of its own.
 *
 * @module
 */
import { type ClientId, FedkitError, type SecureRng } from '@fedkit/core';
import { checkBytes, checkOptions, refuse, SerialQueue } from '@fedkit/core/internal';
import type { CohortEntry } from '../cohort-ledger.ts';
import { roundConfigDigest } from '../config/encode-config.ts';
import { type RoundConfig, checkRoundConfig, hasConsistencyRound } from '../config/round-config.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { copyOf, equal } from '../internal/bytes.ts';
import { decodeAbort, encodeAbort } from '../messages/abort.ts';
import { MESSAGE, type Message, NO_INDEX, decodeMessage } from '../messages/header.ts';
import { encodeId } from '../messages/member.ts';
import { StateKeeper } from '../persist/keep.ts';
import { openState, sealState } from '../persist/seal.ts';
import { checkPolicy, checkSigning } from '../policy.ts';
import { secretSource } from '../randomness.ts';
import { acknowledge } from './acknowledge.ts';
import { advertise } from './advertise.ts';
import { type ClientInput, type InputVectors, checkInput, eraseInput } from './input.ts';
import { joinCohort, joinRing, revealPart } from './join.ts';
import { maskInput } from './mask-input.ts';
import { openShares } from './open-shares.ts';
import type { SecAggClientOptions } from './options.ts';
import { type ClientRound, signingOf, type Step } from './round.ts';
import { shareKeys } from './share-keys.ts';
import type { Signing } from './signing.ts';
import {
  type ClientStage,
  type ClientState,
  decodeClientState,
  emptyState,
  encodeClientState,
  eraseReplaced,
  progressOf,
  withAnswer,
  withoutSecrets,
} from './state.ts';
import { agreedCohort } from './survivors.ts';
import { unmask, unmaskAcknowledged } from './unmask.ts';

/** What a client is made of, with its cryptography. */
export type RoundClientOptions = SecAggClientOptions & {
  readonly provider: CryptoProvider;
  /** Without it a client enters no round with identities. */
  readonly signing: Signing | undefined;
};

/** A client of a round, whose cryptography is given: what `SecAggClient` does. */
export class RoundClient {
  readonly #options: RoundClientOptions;
  readonly #config: RoundConfig;
  readonly #configDigest: Uint8Array;
  readonly #provider: CryptoProvider;
  readonly #rng: SecureRng;
  readonly #keeper: StateKeeper;
  readonly #cohorts: CohortEntry | undefined;
  #state: ClientState;
  #input: ClientInput | undefined;
  readonly #queue = new SerialQueue();

  /** @throws FedkitError of `checkPolicy` for a round this client refuses, before anything secret exists. */
  constructor(options: RoundClientOptions) {
    this.#config = checkRoundConfig(options.config);
    checkPolicy(options.policy, this.#config);
    checkBytes('SecAggClient: sealingKey', options.sealingKey, 32);
    checkSigning(options, this.#config);
    if (this.#config.identities && hasConsistencyRound(this.#config) && typeof options.directory !== 'function') {
      const expected = 'one where clients sign and the server may lie';
      refuse('INVALID_ARGUMENT', 'SecAggClient: directory', expected, options.directory);
    }
    if (options.ledger !== undefined) {
      // Not by its class: whoever has no ledger carries none.
      if (typeof options.ledger?.entryFor !== 'function')
        refuse('INVALID_ARGUMENT', 'SecAggClient: ledger', 'a CohortLedger', options.ledger);
      if (this.#config.graph !== 'complete') {
        refuse('INVALID_ARGUMENT', 'SecAggClient: ledger', 'a complete graph, where clients see the cohort', 'a ring');
      }
      const corrupt = Math.floor(options.policy.corruptFraction * this.#config.clients);
      this.#cohorts = options.ledger.entryFor(options.id, corrupt);
    }
    if (options.identity !== undefined) checkBytes('SecAggClient: identity', options.identity.secretKey, 32);
    this.#rng = secretSource(options.rng);
    this.#options = { ...options, sealingKey: copyOf(options.sealingKey) };
    this.#configDigest = roundConfigDigest(this.#config);
    this.#provider = options.provider;
    this.#keeper = new StateKeeper(this.#provider, options);
    const id = encodeId('SecAggClient: id', options.id);
    const none = new Uint8Array(0);
    this.#state = emptyState({ index: NO_INDEX, id, channelKey: none, maskKey: none });
  }

  /**
   * Puts a fresh client where `persist` last saved it.
   *
   * @throws FedkitError `AUTHENTICATION_FAILED` for another key, client, round or configuration.
   */
  static resumed<C extends RoundClient>(client: C, sealedState: Uint8Array): C {
    const { sealingKey } = client.#options;
    const bytes = openState(client.#provider, sealingKey, 'client', client.#configDigest, sealedState);
    const state = decodeClientState(client.#config, bytes);
    bytes.fill(0);
    if (!equal(state.self.id, client.#state.self.id)) {
      throw new FedkitError(
        'AUTHENTICATION_FAILED',
        'SecAggClient.restore: expected state of this client, got another',
      );
    }
    client.#state = state;
    client.#keeper.restored(sealedState);
    const agreed = client.#cohorts && agreedCohort(client.#config, state);
    if (agreed) client.#cohorts?.restored(agreed);
    return client;
  }

  get id(): ClientId {
    return this.#options.id;
  }

  /** What it has sent last. */
  get stage(): ClientStage {
    return this.#state.stage;
  }

  /** The first message; again on every call. */
  start(): Promise<Uint8Array> {
    return this.#queue.run(async () => {
      this.#refuseAborted();
      const sent = this.#state.answers.find(({ type }) => type === 0);
      if (sent !== undefined) return sent.answer.slice();
      return this.#keep(0, new Uint8Array(32), await advertise(this.#round(), this.#state));
    });
  }

  /**
   * Sets what this client adds to the sum, once, before the shares arrive. Copied.
   *
   * @param options.weight - Integer in [1, maximumWeight], default 1; multiplies every vector.
   * @throws FedkitError `SHAPE_MISMATCH`, `OUT_OF_RANGE`, `INVALID_ARGUMENT` for an input that does not fit the round;
   * `PROTOCOL_STATE` the second time, or when it is too late.
   */
  setInput(vectors: InputVectors, options: { readonly weight?: number } = {}): void {
    checkOptions('SecAggClient.setInput', options, { weight: true });
    const { stage } = this.#state;
    if (this.#input !== undefined || ['masked', 'acknowledged', 'unmasked', 'opened', 'aborted'].includes(stage)) {
      throw new FedkitError(
        'PROTOCOL_STATE',
        `SecAggClient.setInput: expected one input before masking, got another in stage ${stage}`,
      );
    }
    this.#input = checkInput(this.#config, vectors, options.weight ?? 1);
  }

  /**
   * Takes a message of the server and gives the answer; `undefined` after the server's abort. The same message again gets the same answer
   * until one that follows it was answered.
   *
   * @throws FedkitError `DECODE_FAILED`, `AUTHENTICATION_FAILED`, `THRESHOLD_NOT_MET` or `PROTOCOL_STATE`; the state is
   * as before. Whatever `persist` throws passes through, and the state is as before too.
   */
  receive(message: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#queue.run(async () => {
      const bytes = copyOf(checkBytes('SecAggClient.receive: message', message));
      const decoded = decodeMessage(this.#config, bytes);
      this.#refuseAborted();
      const request = this.#provider.sha256(bytes);
      const answered = this.#state.answers.find(({ type }) => type === decoded.type);
      if (answered !== undefined) {
        const same = equal(answered.request, request);
        if (same && answered.answer.length > 0) return answered.answer.slice();
        const expected = same ? 'a request of the stage that runs' : 'the request already answered';
        const got = same ? 'one whose answer the server has used' : 'another of its kind';
        throw new FedkitError('PROTOCOL_STATE', `SecAggClient.receive: expected ${expected}, got ${got}`);
      }
      if (decoded.type === MESSAGE.abort) {
        decodeAbort(decoded.body);
        await this.#end();
        return undefined;
      }
      try {
        return await this.#keep(decoded.type, request, await this.#step(decoded));
      } finally {
        this.#cohorts?.drop();
      }
    });
  }

  /** Gives the round up: erases what is secret, refuses everything after, and returns the message that says so. */
  abort(): Promise<Uint8Array> {
    return this.#queue.run(async () => {
      this.#refuseAborted();
      const { index } = this.#state.self;
      const message = encodeAbort(this.#config, index, this.#config.identities);
      await this.#end();
      return this.#signed(message);
    });
  }

  /** Says where the round stands; nothing secret. */
  toJSON(): { id: ClientId; stage: ClientStage; round: number } {
    return { id: this.id, stage: this.stage, round: this.#config.round };
  }

  toString(): string {
    return `SecAggClient ${this.id}, ${this.stage}`;
  }

  async #step(message: Message): Promise<Step> {
    const state = this.#state;
    const round = this.#round();
    const key = `${state.stage} ${message.type}`;
    switch (key) {
      case `advertised ${MESSAGE.cohort}`:
        if (this.#config.graph === 'complete') return shareKeys(round, joinCohort(round, state, message));
        break;
      case `advertised ${MESSAGE.commitments}`:
        if (this.#config.graph === 'harary') return revealPart(round, this.#withSignature(state), message);
        break;
      case `revealed ${MESSAGE.neighbours}`:
        return shareKeys(round, joinRing(round, state, message));
      case `shared ${MESSAGE.shares}`:
        return maskInput(round, state, message);
      case `masked ${MESSAGE.unmaskRequest}`:
        if (!hasConsistencyRound(this.#config)) return unmask(round, state, message);
        break;
      case `masked ${MESSAGE.survivors}`:
        if (hasConsistencyRound(this.#config)) return acknowledge(round, state, message);
        break;
      case `acknowledged ${MESSAGE.words}`:
        return unmaskAcknowledged(round, state, message);
      case `unmasked ${MESSAGE.openingRequest}`:
        return openShares(round, state, message);
      default:
    }
    throw new FedkitError(
      'PROTOCOL_STATE',
      `SecAggClient.receive: expected the message that follows stage ${state.stage}, got type ${message.type}`,
    );
  }

  /** Its own entry as the server must show it: with the signature that ended the advertisement. */
  #withSignature(state: ClientState): ClientState {
    const sent = state.answers.find(({ type }) => type === 0)?.answer;
    if (!this.#config.identities || sent === undefined) return state;
    return { ...state, self: { ...state.self, signature: sent.slice(sent.length - 64) } };
  }

  /** Saves the new state, and only then keeps it and hands the answer out. */
  async #keep(type: number, request: Uint8Array, { state, answer }: Step): Promise<Uint8Array> {
    const signed = this.#signed(answer);
    await this.#commit({ ...state, answers: withAnswer(state.answers, { type, request, answer: signed }) });
    return signed.slice();
  }

  /** The message with its signature, where the round has identities. */
  #signed(content: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (!this.#config.identities) return content;
    const { identity, signing } = this.#options;
    return signingOf(signing).sign(this.#provider, this.#config, this.#configDigest, identity, content);
  }

  #end(): Promise<void> {
    return this.#commit({ ...withoutSecrets(this.#state), stage: 'aborted' });
  }

  async #commit(next: ClientState): Promise<void> {
    const bytes = encodeClientState(this.#config, next);
    const { sealingKey } = this.#options;
    const sealed = sealState(this.#provider, this.#rng, sealingKey, 'client', this.#configDigest, bytes);
    bytes.fill(0);
    this.#provider.discard?.(bytes);
    await this.#keeper.keep(sealed, progressOf(next.stage));
    this.#cohorts?.keep();
    eraseReplaced(this.#state, next, this.#provider.discard);
    this.#state = next;
    if (this.#input !== undefined && ['masked', 'unmasked', 'aborted'].includes(next.stage)) {
      eraseInput(this.#provider, this.#input);
      this.#input = undefined;
    }
  }

  #round(): ClientRound {
    return {
      config: this.#config,
      configDigest: this.#configDigest,
      provider: this.#provider,
      rng: this.#rng,
      identity: this.#options.identity,
      directory: this.#options.directory,
      signing: this.#options.signing,
      ledger: this.#cohorts,
      maximumMissingParts: this.#options.policy.maximumMissingParts ?? this.#config.clients,
      input: this.#input,
    };
  }

  #refuseAborted(): void {
    if (this.#state.stage === 'aborted') {
      throw new FedkitError('PROTOCOL_STATE', 'SecAggClient: expected a round that goes on, got one that was aborted');
    }
  }
}
