/**
 * The server of secure aggregation as a state machine: messages in, messages out, no IO and no clock of its own.
 *
 * @module
 */
import { type ClientId, FedkitError, secureRng } from '@fedkit/core';
import { checkOptions, type OptionNames, checkBytes, heard, refuse, SerialQueue } from '@fedkit/core/internal';
import { roundConfigDigest } from '../config/encode-config.ts';
import { checkRoundConfig } from '../config/round-config.ts';
import { defaultProvider } from '../crypto/default-provider.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { copyOf, equal } from '../internal/bytes.ts';
import { decodeAbort, encodeAbort } from '../messages/abort.ts';
import { MESSAGE, type Message, NO_INDEX, decodeMessage } from '../messages/header.ts';
import { encodeId } from '../messages/member.ts';
import { openState, sealState } from '../persist/seal.ts';
import { Blame, type Verdict } from './blame.ts';
import { Outbox } from './outbox.ts';
import type { Evidence } from './evidence.ts';
import { acceptMessage } from './accept.ts';
import { type OpenedStage, openStage, reopenStage, requireEnough } from './advance.ts';
import type { SecAggResult, SecAggServerOptions, ServerProgress } from './options.ts';
import { ServerRound, type ServerStage } from './round.ts';
import { decodeServerState, encodeServerState } from './state.ts';
import { sumOfMasks } from './sum-of-masks.ts';
import { EXPECTED, checkMember, checkPlace, checkSignature, checkTurn, participants, refuseState } from './turn.ts';
import { type Suspects, Unmasking } from './unmask.ts';

/**
 * The server of one round.
 *
 * `receive` takes each client's message; `advance` ends a stage with whoever has answered and gives the next messages.
 * When to advance is the caller's to decide: when all have answered ({@link waitingFor} is empty), or at a deadline, or
 * in the last stage as soon as {@link ready}. A refused message changes nothing; which client sent it is known, since the
 * caller names it.
 *
 * @complexity Memory O(entries + clients · degree): a masked input is folded into the sum as it arrives.
 */
export class SecAggServer {
  readonly #options: SecAggServerOptions;
  readonly #tell: (progress: ServerProgress) => void;
  readonly #provider: CryptoProvider;
  readonly #round: ServerRound;
  /** Of the messages taken, so that the same one again is known; under a key that stays here. */
  readonly #digests: Map<string, Uint8Array> = new Map();
  readonly #digestKey: Uint8Array = secureRng().fill(new Uint8Array(32));
  readonly #left: Set<ClientId> = new Set();
  readonly #signed: Map<ClientId, Uint8Array> = new Map();
  readonly #contradictions: Map<ClientId, Evidence> = new Map();
  #stage: ServerStage = 'advertise';
  #received = 0;
  #unmasked = false;
  #suspects: readonly Suspects[] = [];
  #blame: Blame | undefined;
  #expectedCount: number;
  #outbox: Outbox | undefined;
  readonly #queue = new SerialQueue();

  constructor(options: SecAggServerOptions) {
    checkOptions('SecAggServer', options, {
      config: true,
      persist: true,
      sealingKey: true,
      directory: true,
      executor: true,
      onProgress: true,
      provider: true,
    } satisfies OptionNames<typeof options>);
    const config = checkRoundConfig(options.config);
    if ((options.persist === undefined) !== (options.sealingKey === undefined)) {
      refuse('INVALID_ARGUMENT', 'SecAggServer: persist', 'it together with a sealingKey', 'one of them');
    }
    const { sealingKey } = options;
    if (sealingKey !== undefined) checkBytes('SecAggServer: sealingKey', sealingKey, 32);
    if (config.identities && options.directory === undefined) {
      refuse('INVALID_ARGUMENT', 'SecAggServer: directory', 'one in rounds with identities', undefined);
    }
    if (!config.identities && options.directory !== undefined) {
      refuse('INVALID_ARGUMENT', 'SecAggServer: directory', 'none in a round without identities', 'one');
    }
    // A copy: a caller may erase its own.
    this.#tell = heard(options.onProgress);
    this.#options = { ...options, ...(sealingKey && { sealingKey: copyOf(sealingKey) }) };
    this.#provider = options.provider ?? defaultProvider();
    this.#round = new ServerRound(config, roundConfigDigest(config));
    this.#expectedCount = config.clients;
  }

  /** A server that goes on from what `persist` last saved. */
  static restore(options: SecAggServerOptions & { readonly sealedState: Uint8Array }): SecAggServer {
    const { sealedState, ...rest } = options;
    const server = new SecAggServer(rest);
    if (rest.sealingKey === undefined)
      refuse('INVALID_ARGUMENT', 'SecAggServer.restore: sealingKey', '32 bytes', undefined);
    const { configDigest } = server.#round;
    const bytes = openState(server.#provider, rest.sealingKey, 'server', configDigest, sealedState);
    const { stage, suspicion } = decodeServerState(bytes, server.#round, server.#digestKey, server.#digests);
    bytes.fill(0);
    server.#suspects = suspicion.suspects;
    if (suspicion.openings)
      server.#blame = new Blame(server.#round, server.#provider, suspicion.suspects, suspicion.openings);
    server.#enter(stage, 0);
    const reopened = reopenStage(server.#round, stage);
    if (reopened !== undefined) server.#outbox = server.#outboxOf(reopened);
    server.#expectedCount = stage === 'advertise' ? server.#round.config.clients : server.waitingFor.length;
    return server;
  }

  get stage(): ServerStage {
    return this.#stage;
  }

  /** Clients whose message of this stage has not come and who have not left; none in `advertise`, where anyone may come. */
  get waitingFor(): ClientId[] {
    const ids = this.#round.indices(participants(this.#round, this.#stage)).map((index) => this.#round.idOf(index));
    return ids.filter((id) => !this.#left.has(id) && !this.#digests.has(this.#slot(id)));
  }

  /** Whether {@link SecAggServer.waitingFor} has a client: a caller that asks after every message need not have the list made. */
  awaits(clientId: ClientId): boolean {
    const place = this.#round.places.get(clientId);
    if (place === undefined || this.#left.has(clientId) || this.#digests.has(this.#slot(clientId))) return false;
    const part = participants(this.#round, this.#stage)[place];
    return part !== undefined && part !== false;
  }

  /** Whether `advance` has what it needs. */
  get ready(): boolean {
    try {
      requireEnough(this.#round, this.#stage, this.#provider);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Takes one client's message.
   *
   * The same message again is accepted and changes nothing; another in its place is refused, and so is any message of a
   * stage that has ended: a masked input that comes after its owner was declared dropped is never looked at.
   *
   * @param clientId - Who sent it, as the transport authenticated it.
   * @param message - Must stay as it is until the promise settles; nothing of it is kept by reference after.
   * @throws FedkitError `DECODE_FAILED`, `AUTHENTICATION_FAILED` or `PROTOCOL_STATE`; the state is as before.
   */
  receive(clientId: ClientId, message: Uint8Array): Promise<void> {
    return this.#queue.run(() => {
      const round = this.#round;
      const bytes = checkBytes('SecAggServer.receive: message', message);
      const id = encodeId('SecAggServer.receive: clientId', clientId);
      const decoded = decodeMessage(round.config, bytes);
      const digest = this.#digest(bytes);
      const slot = `${decoded.type} ${clientId}`;
      const earlier = this.#digests.get(slot);
      if (earlier !== undefined && equal(earlier, digest)) return;
      if (decoded.type === MESSAGE.openings && earlier === undefined) {
        this.#acceptOpenings(clientId, decoded);
        this.#digests.set(slot, digest);
        return;
      }
      if (earlier !== undefined) this.#noteContradiction(clientId, decoded, bytes);
      if (decoded.type === MESSAGE.abort) checkMember(round, clientId, decoded);
      else checkTurn(round, this.#stage, clientId, decoded, earlier !== undefined);
      this.#checkSignature(clientId, decoded);
      if (decoded.type === MESSAGE.abort) {
        decodeAbort(decoded.body);
        this.leave(clientId);
        return;
      }
      acceptMessage(round, this.#stage, id, decoded);
      if (decoded.type === MESSAGE.acknowledgement && decoded.signed) this.#signed.set(clientId, copyOf(bytes));
      this.#digests.set(slot, digest);
      this.#left.delete(clientId);
      this.#received++;
      this.#progress('messages', this.#received, this.#expectedCount);
    });
  }

  /** Notes that a client has gone, so that nobody waits for it. What it already sent counts; it may come back in time. */
  leave(clientId: ClientId): void {
    // Of strangers nothing is kept, however many there are.
    if (this.#round.places.has(clientId)) this.#left.add(clientId);
  }

  /**
   * Ends the stage: who has not answered has dropped out of what follows. The last call unmasks the sum and returns no
   * messages.
   *
   * @returns The messages to send, by client; each is made when it is read, and reading it again gives the same bytes.
   * @throws FedkitError `THRESHOLD_NOT_MET` where too few have answered, `AUTHENTICATION_FAILED` where shares were wrong,
   * `PROTOCOL_STATE` after the end; the state is as before, and later messages may still make it succeed.
   */
  advance(): Promise<Map<ClientId, Uint8Array>> {
    return this.#queue.run(async () => {
      const round = this.#round;
      requireEnough(round, this.#stage, this.#provider);
      if (this.#stage === 'unmask') {
        // A save that failed is tried again; the masks are taken out once.
        if (!this.#unmasked) await this.#unmask();
        await this.#save('finished');
        this.#enter('finished', 0);
        this.#outbox = undefined;
        return new Map();
      }
      const opened = openStage(round, this.#stage);
      const { stage, recipients } = opened;
      await this.#save(stage);
      if (stage === 'input') round.keepDealers(recipients);
      this.#enter(stage, recipients.length);
      this.#outbox = this.#outboxOf(opened);
      return this.#outbox;
    });
  }

  /**
   * What this stage began with for `clientId`, as the `advance` that opened it gave it: again on every call, and after
   * {@link SecAggServer.restore}. `undefined` for who is not in the stage.
   */
  messageFor(clientId: ClientId): Uint8Array | undefined {
    return this.#outbox?.get(clientId);
  }

  /** Whose masked inputs are in the sum so far, in the order of their places. */
  get contributors(): ClientId[] {
    return this.#round.survivors().map((index) => this.#round.idOf(index));
  }

  /**
   * Pairs of clients of which at least one cheated, as far as unmasking came across them; also after it failed. Empty
   * before. After a restore those that were found where unmasking came to a sum, or whose openings were kept.
   */
  get suspects(): readonly Suspects[] {
    return [...this.#suspects];
  }

  /**
   * The signed acknowledgements that were taken, whole, by client: what this server can show of whom it heard what from. Where
   * the round has identities, and since the last restore.
   */
  get acknowledgements(): ReadonlyMap<ClientId, Uint8Array> {
    return new Map([...this.#signed].map(([client, message]) => [client, copyOf(message)]));
  }

  /** Clients that signed two different acknowledgements, with both: see {@link verifyEvidence}. At most one pair of each. */
  get evidence(): readonly Evidence[] {
    return [...this.#contradictions.values()];
  }

  /**
   * Asks suspects to open single shares, of the kind that was released and no other; their answers go to `receive`. It
   * can be done once, since a client answers once, when unmasking has come to its end: a restored server asks the same.
   *
   * @returns The messages by client; none where nobody is suspected. The same on every call.
   */
  askOpenings(): Map<ClientId, Uint8Array> {
    this.#blame ??= new Blame(this.#round, this.#provider, this.#suspects);
    return this.#blame.requests;
  }

  /** Ends the questions: no other opening is taken, and those that came are in the saved state, restored with it. */
  keepOpenings(): Promise<void> {
    return this.#queue.run(async () => {
      this.askOpenings();
      this.#blame?.end();
      await this.#save(this.#stage);
    });
  }

  /** Whether {@link SecAggServer.keepOpenings} was called, here or before a restore. */
  get openingsKept(): boolean {
    return this.#blame?.ended ?? false;
  }

  /** What the openings that have come say of each pair of {@link suspects}; empty before {@link askOpenings}. */
  get verdicts(): readonly Verdict[] {
    return this.#blame?.verdicts ?? [];
  }

  /** The sums. @throws FedkitError `PROTOCOL_STATE` before the round is finished. */
  result(): SecAggResult {
    if (this.#stage !== 'finished') {
      throw new FedkitError(
        'PROTOCOL_STATE',
        `SecAggServer.result: expected a finished round, got one in stage ${this.#stage}`,
      );
    }
    const { config, sum } = this.#round;
    const survivors = this.#round.survivors().map((index) => this.#round.idOf(index));
    return {
      sums: Object.fromEntries(config.vectors.map(({ name }, i) => [name, sum.centered(i)])),
      weight: config.maximumWeight === 1 ? survivors.length : sum.centered(config.vectors.length)[0],
      survivors,
    };
  }

  /** Gives the round up. @returns The message for every client that has advertised. */
  abort(): Promise<Map<ClientId, Uint8Array>> {
    return this.#queue.run(() => {
      this.#stage = 'aborted';
      this.#round.sum.erase();
      const message = encodeAbort(this.#round.config, NO_INDEX, false);
      this.#outbox = new Outbox(
        this.#round.members.map(({ index }) => this.#round.idOf(index)),
        () => message.slice(),
      );
      return this.#outbox;
    });
  }

  #outboxOf({ recipients, make }: OpenedStage): Outbox {
    const round = this.#round;
    return new Outbox(
      recipients.map((index) => round.idOf(index)),
      (id) => make(round.places.get(id) as number),
    );
  }

  async #unmask(): Promise<void> {
    const round = this.#round;
    const unmasking = new Unmasking(round, this.#provider);
    this.#suspects = unmasking.suspects;
    const masks = await sumOfMasks(unmasking, this.#provider, this.#options.executor, (done, total) =>
      this.#progress('masks', done, total),
    );
    // Only now is the sum touched: an executor that fails leaves the round as it was.
    round.sum.addSum(masks);
    masks.release();
    this.#unmasked = true;
  }

  /** A second acknowledgement is refused whatever it says; signed by the same client, it is kept beside the first. */
  #noteContradiction(clientId: ClientId, message: Message, bytes: Uint8Array): void {
    const first = this.#signed.get(clientId);
    if (first === undefined || message.type !== MESSAGE.acknowledgement || this.#contradictions.has(clientId)) return;
    this.#checkSignature(clientId, message);
    this.#contradictions.set(clientId, { clients: [clientId, clientId], messages: [copyOf(first), copyOf(bytes)] });
  }

  #acceptOpenings(clientId: ClientId, message: Message): void {
    const place = this.#round.places.get(clientId);
    if (place === undefined || this.#blame?.asks(place) !== true) {
      refuseState(clientId, 'openings from a client that was asked', 'others');
    }
    checkPlace(clientId, place, message.index);
    this.#checkSignature(clientId, message);
    this.#blame.accept(place, message.body);
  }

  #checkSignature(clientId: ClientId, message: Message): void {
    checkSignature(this.#round, this.#provider, this.#options.directory, clientId, message);
  }

  #enter(stage: ServerStage, expected: number): void {
    this.#stage = stage;
    this.#received = 0;
    this.#expectedCount = expected;
  }

  /** A Poly1305 tag: three times as fast as a hash on masked inputs, and as good under a key nobody else has. */
  #digest(message: Uint8Array): Uint8Array {
    return this.#provider.seal(this.#digestKey, new Uint8Array(0), message);
  }

  #slot(id: ClientId): string {
    return `${EXPECTED[this.#stage]} ${id}`;
  }

  #progress(kind: ServerProgress['kind'], done: number, total: number): void {
    this.#tell({ stage: this.#stage, kind, done, total });
  }

  async #save(stage: ServerStage): Promise<void> {
    const { persist, sealingKey } = this.#options;
    if (persist === undefined || sealingKey === undefined) return;
    const openings = this.#blame?.ended ? this.#blame.openings : undefined;
    const suspicion = { suspects: this.#suspects, ...(openings && { openings }) };
    const bytes = encodeServerState(this.#round, stage, this.#digestKey, this.#digests, suspicion);
    const sealed = sealState(this.#provider, secureRng(), sealingKey, 'server', this.#round.configDigest, bytes);
    bytes.fill(0);
    this.#provider.discard?.(bytes);
    await persist(sealed);
  }
}
