/**
 * A federated server without rounds: runs an {@link AsynchronousAlgorithm} behind the same requests, store and ledger.
 *
 * @module
 */
import { fromHex, toHex } from '../from-hex.ts';
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { AsynchronousAlgorithm, AsynchronousState } from '../algorithm/asynchronous.ts';
import type { FedAvgBroadcast } from '../algorithm/fed-avg.ts';
import { refuse } from '../check.ts';
import type { ErrorCode } from '../errors.ts';
import type { StateOwner } from '../model/state-file.ts';
import type { ReportingServer } from '../pipeline/contract.ts';
import { stateOwner } from '../protocol/broadcast.ts';
import { broadcastPart, encodeBroadcast, type EncodedBroadcast } from '../protocol/encoded-broadcast.ts';
import type { Publication, Request, Response } from '../protocol/message.ts';
import {
  type AsynchronousMachine,
  asynchronousMachine,
  type AsynchronousRunEffect,
  type AsynchronousRunEvent,
  type AsynchronousRunState,
  type Worker,
} from './asynchronous-machine.ts';
import { asynchronousProgress } from './asynchronous-progress.ts';
import { decodeReport, halfWithoutRounds } from './asynchronous-report.ts';
import { getClient } from './client-map.ts';
import { checkNotOver, firstModel } from './first-state.ts';
import type { Outcome, StateRequest } from './dispatcher.ts';
import { guardedStore } from './guarded-store.ts';
import { checkedStore } from '../store/checked-store.ts';
import { type Captured, Journal, type JournalEntry, type Snapshot } from './journal.ts';
import { LatestModels } from './latest-models.ts';
import { Ledger } from './ledger.ts';
import { advanceClock } from './logical-clock.ts';
import type { RoundRules } from './round-options.ts';
import { admit, checkIdentity, keepTerms, malformed, type RunIdentity, runIdentity } from './run-identity.ts';
import type {
  AsynchronousServerOptions,
  FederatedServer,
  ServerEvent,
  ServerLimits,
  ServerProgress,
} from './server-options.ts';
import { type Control, ServerShell } from './shell.ts';

const FORMAT = 'fedkit asynchronous run 1';

interface Head extends RunIdentity {
  readonly run: string;
  /** Of the first model; absent in runs of earlier versions. */
  readonly initial?: string;
  readonly machine: AsynchronousRunState;
}

type Happening = AsynchronousRunEvent extends infer E ? (E extends unknown ? Omit<E, 'time'> : never) : never;

/** Opens a run of the pipeline's algorithm. */
export async function openAsynchronousServer<U extends Update>(
  options: AsynchronousServerOptions<U>,
  limits: Required<ServerLimits>,
  rules: RoundRules,
): Promise<FederatedServer<FedAvgBroadcast>> {
  const server = new AsynchronousServer(options, halfWithoutRounds(options.pipeline), limits, rules);
  await server.open();
  return server;
}

class AsynchronousServer<U extends Update> extends ServerShell<FedAvgBroadcast> {
  readonly #options: AsynchronousServerOptions<U>;
  readonly #algorithm: AsynchronousAlgorithm<U>;
  readonly #half: ReportingServer<U>;
  readonly #machine: AsynchronousMachine;
  readonly #owner: StateOwner;
  readonly #identity: RunIdentity;
  protected readonly ledger: Ledger;
  readonly #models = new LatestModels();
  #journal: Journal | undefined;
  #state: AsynchronousRunState;
  #model: AsynchronousState | undefined;
  #initial: string | undefined;
  protected name: Uint8Array;
  #time: number;
  #swept = 0;
  /** As the store knows it. */
  #stored: AsynchronousRunState;

  constructor(
    options: AsynchronousServerOptions<U>,
    half: ReportingServer<U>,
    limits: Required<ServerLimits>,
    rules: RoundRules,
  ) {
    const { pipeline } = options;
    super(options, pipeline, limits, rules);
    this.#options = { ...options, store: checkedStore(guardedStore(options.store)) };
    this.#algorithm = pipeline.algorithm;
    this.#half = half;
    this.#machine = asynchronousMachine(rules);
    this.#owner = stateOwner(pipeline);
    this.#identity = runIdentity(FORMAT, pipeline.digest, this.#owner);
    this.ledger = new Ledger(this.#options.store, () => this.journal.epoch.number);
    this.name = options.run ? new Uint8Array(options.run) : options.rng.fill(new Uint8Array(16));
    this.#time = options.clock();
    this.#state = this.#stored = this.#machine.init(this.#time);
  }

  /** Before the first request. */
  async open(): Promise<void> {
    await this.load();
    this.announceFromHere();
  }

  protected get journal(): Journal {
    return this.#journal as Journal;
  }

  protected get recorded(): number {
    const { version, phase } = this.#stored;
    return phase === 'cancelled' ? version + 1 : version;
  }

  protected get published(): number {
    return this.#state.version;
  }

  get state(): FedAvgBroadcast {
    return { params: this.params };
  }

  get params(): Float32Array {
    return this.#opened.params;
  }

  get progress(): ServerProgress {
    return asynchronousProgress(this.#state, this.#stored, this.lastFailure);
  }

  protected get rounds(): undefined {
    return undefined;
  }

  protected get idle(): boolean {
    return this.#state.working.size === 0;
  }

  async tick(): Promise<void> {
    await this.requests.attempt(async () => {
      await this.#note({ kind: 'tick' });
      await this.journal.durable();
    });
  }

  protected part(request: Request & { kind: 'model' }): Uint8Array {
    return broadcastPart(request, this.#models.of(request.digest));
  }

  protected noteRefusal(code: ErrorCode): Promise<void> {
    return this.#note({ kind: 'refused', code });
  }

  protected async noteControl(control: Control): Promise<void> {
    if (control.kind !== 'pause' && control.kind !== 'resume' && control.kind !== 'cancel') {
      refuse('PROTOCOL_STATE', `federatedServer: ${control.kind}`, 'a run with rounds', 'one without');
    }
    await this.#note(control as { kind: 'pause' | 'resume' | 'cancel' });
  }

  /** Nothing takes long here: a step is taken with the report that makes it due. */
  protected schedule(): void {}

  protected async load(): Promise<void> {
    const { store, initial, clock, pipeline } = this.#options;
    const { journal, stored } = await Journal.open(
      {
        store,
        capture: async (at) => this.#capture(at),
        admit: (found) => admit(found, (snapshot) => this.#headOf(snapshot)),
      },
      this.#journal?.epoch,
    );
    this.dispose();
    this.#journal = journal;
    if (!stored.snapshot) {
      this.#state = this.#machine.init(clock());
      this.#model = this.#algorithm.init(initial);
      this.#initial = firstModel(initial);
      await keepTerms(store, pipeline.terms);
      await journal.checkpoint();
      return;
    }
    const { collector } = stored.snapshot;
    const { run: name, initial: begun, machine } = await this.#headOf(stored.snapshot);
    if (!collector) throw malformed('the state of the algorithm', 'none');
    this.name = fromHex(name);
    this.#initial = begun;
    this.#state = machine;
    this.#model = this.#algorithm.deserialize(collector, this.#owner.model);
    for (const entry of stored.entries) await this.#replay(entry);
    if (journal.crowded) await journal.checkpoint();
    this.#time = clock();
    this.#swept = this.#state.now;
    this.#step({ kind: 'restored' });
    const { phase, filled, version } = this.#state;
    checkNotOver(phase, begun, () => firstModel(initial));
    const enough = version >= this.rules.rounds;
    if (phase === 'finished' ? filled && !enough : phase === 'running' && enough) this.#step({ kind: 'resized' });
    // What options say is so again after a crash.
    this.#stored = this.#state;
  }

  #headOf({ head }: Snapshot): Promise<Head> {
    const { store, pipeline, run } = this.#options;
    return checkIdentity<Head>(head, this.#identity, { store, terms: pipeline.terms, run });
  }

  protected async answer(client: ClientId, request: StateRequest): Promise<Outcome> {
    switch (request.kind) {
      case 'join':
        return this.#join(client);
      case 'report':
        return this.#report(client, request.ticket, request.bytes);
      case 'leave':
        await this.#note({ kind: 'left', client, ticket: request.ticket });
        return { response: { kind: 'left', ticket: request.ticket }, stored: this.journal.durable() };
      case 'decline': {
        const { ticket, reason } = request;
        await this.#note({ kind: 'left', client, ticket, reason });
        const stored = this.journal.durable().then(() => this.tell({ kind: 'declined', client, ticket, reason }));
        return { response: { kind: 'left', ticket }, stored };
      }
      case 'outcome': {
        const { ticket } = request;
        const { kind } = this.#machine.place(this.#state, client, ticket);
        if (kind === 'open' || kind === 'wait') return { response: this.wait() };
        return {
          response: kind === 'accepted' ? { kind: 'finished', ticket, counted: true } : { kind: 'late', ticket },
        };
      }
      case 'exchange':
        return refuse('PROTOCOL_STATE', 'federatedServer: exchange', 'a report, as the task says', 'an exchange');
    }
  }

  async #join(client: ClientId): Promise<Outcome> {
    const standing = this.#machine.standing(this.#state, client);
    if (standing?.kind === 'closed') return { response: { kind: 'closed' } };
    if (standing?.kind === 'wait') return { response: this.wait() };
    const held = getClient(this.#state.working, client);
    if (held && this.#models.has(held.version)) return { response: this.#taskOf(held) };
    if (!held && (this.draining || this.#state.working.size >= this.limits.clients)) return { response: this.wait() };
    const { digest } = this.broadcast;
    const round = this.#state.version + 1;
    const parameters = toHex(this.#half.announce({ round, places: 1, modelDigest: digest }));
    const { ticket } = this.#algorithm.checkout(this.#opened, client);
    this.#step({ kind: 'checkedOut', client, ticket, parameters });
    const worker = getClient(this.#state.working, client) as Worker;
    return { response: this.#taskOf(worker), stored: this.journal.durable() };
  }

  async #report(client: ClientId, ticket: number, bytes: Uint8Array): Promise<Outcome> {
    const place = this.#machine.place(this.#state, client, ticket);
    if (place.kind !== 'open') {
      await this.#note({ kind: 'reported', client, ticket });
      if (place.kind === 'accepted' || place.kind === 'late') return { response: place };
      return { response: this.wait() };
    }
    const worker = getClient(this.#state.working, client) as Worker;
    const contribution = await decodeReport(this.#half, client, worker, bytes, this.name);
    // No turn of the event loop between these two, or a snapshot could see the one without the other.
    const receipt = this.#algorithm.submit(this.#opened, ticket, contribution);
    await this.#note({ kind: 'submitted', client, ticket, ...receipt }, bytes);
    if (receipt.outcome === 'stepped') await this.#ask();
    const counted = receipt.outcome === 'stepped' || receipt.outcome === 'buffered';
    return { response: { kind: counted ? 'accepted' : 'late', ticket }, stored: this.journal.durable() };
  }

  /** Lets time pass: looks at every client at work four times a deadline, and at none otherwise. */
  protected async catchUp(): Promise<void> {
    const time = this.#options.clock();
    this.#time = time;
    const { now } = advanceClock(this.#state, time, !this.#state.paused);
    if (now - this.#swept < this.rules.reporting / 4) return;
    this.#swept = now;
    await this.#note({ kind: 'tick' });
  }

  /** Whether the step was the last. */
  async #ask(): Promise<void> {
    if (this.#state.phase !== 'running') return;
    if (await this.#options.until?.(this.params, this.#state.version)) await this.#note({ kind: 'finish' });
  }

  #step(happening: Happening, bytes?: Uint8Array): readonly AsynchronousRunEffect[] {
    const time = this.#time;
    const { up, down } = this.requests.traffic();
    if (up + down > 0) this.#log({ kind: 'traffic', time, up, down });
    return this.#log({ ...happening, time } as AsynchronousRunEvent, bytes);
  }

  #log(event: AsynchronousRunEvent, bytes?: Uint8Array): readonly AsynchronousRunEffect[] {
    const { state, effects } = this.#machine.step(this.#state, event);
    this.#state = state;
    this.journal.append(bytes ? { event, bytes } : { event });
    // At once, so that a snapshot never sees the one without the other.
    this.#forget(effects);
    return effects;
  }

  /** Logs what happened and does what follows. */
  async #note(happening: Happening, bytes?: Uint8Array): Promise<void> {
    if (happening.kind === 'tick' || happening.kind === 'refused') this.#time = this.#options.clock();
    const told: ServerEvent[] = [];
    for (const effect of this.#step(happening, bytes)) {
      if (effect.kind === 'flush') {
        this.#algorithm.flush(this.#opened);
        await this.#note({ kind: 'flushed' });
        await this.#ask();
      } else if (effect.kind === 'publish' || effect.kind === 'abandon') {
        await this.ledger.put({ record: effect.record, counted: [] });
        told.push({ kind: effect.record.outcome, record: effect.record });
      } else if (effect.kind === 'checkpoint') {
        await this.journal.checkpoint();
        if (this.#state.phase === 'finished') told.push({ kind: 'finished' });
      }
    }
    if (told.length === 0) return;
    await this.journal.durable();
    this.#stored = this.#state;
    for (const event of told) this.tell(event);
  }

  /** Once the store has the reports that made the model. */
  protected override async publication(): Promise<Publication> {
    if (this.journal.dead) await this.requests.attempt(() => {});
    const publication = super.publication();
    await this.journal.durable();
    return publication;
  }

  async #replay({ event, bytes }: JournalEntry): Promise<void> {
    const logged = event as AsynchronousRunEvent;
    if (logged.kind === 'checkedOut') {
      const { ticket } = this.#algorithm.checkout(this.#opened, logged.client);
      if (ticket !== logged.ticket) throw malformed(`ticket ${ticket}`, `${logged.ticket}`);
    } else if (logged.kind === 'submitted') {
      const worker = getClient(this.#state.working, logged.client);
      if (!worker || !bytes) throw malformed('the report of a client at work', 'none');
      const contribution = await decodeReport(this.#half, logged.client, worker, bytes, this.name);
      this.#algorithm.submit(this.#opened, logged.ticket, contribution);
    } else if (logged.kind === 'flushed') {
      this.#algorithm.flush(this.#opened);
    }
    const { state, effects } = this.#machine.step(this.#state, logged);
    this.#state = state;
    this.#forget(effects);
    for (const effect of effects) {
      if (effect.kind === 'publish' || effect.kind === 'abandon') {
        await this.ledger.put({ record: effect.record, counted: [] });
      }
    }
  }

  #forget(effects: readonly AsynchronousRunEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'drop') this.#algorithm.leave(this.#opened, effect.client);
    }
  }

  #taskOf({ ticket, version, since, parameters }: Worker): Response {
    const model = this.#models.get(version) as EncodedBroadcast;
    const expiresIn = Math.max(1, Math.ceil(since + this.rules.reporting - this.#state.now));
    return this.task(model, { round: version + 1, ticket, parameters: fromHex(parameters), expiresIn });
  }

  /** The broadcast of the current version; encoded once. */
  protected get broadcast(): EncodedBroadcast {
    return this.#models.at(this.#state.version, () =>
      encodeBroadcast({ params: this.params }, this.#owner, this.limits.partBytes),
    );
  }

  get #opened(): AsynchronousState {
    return this.#model as AsynchronousState;
  }

  #capture(at: () => void): Captured {
    at();
    const initial = this.#initial === undefined ? {} : { initial: this.#initial };
    const head: Head = { ...this.#identity, run: toHex(this.name), ...initial, machine: this.#state };
    const collector = this.#algorithm.serialize(this.#opened, this.#owner.model);
    return { head, bytes: new Uint8Array(0), collector: [collector] };
  }

  protected dispose(): void {
    if (this.#model) this.#algorithm.dispose(this.#model);
    this.#model = undefined;
    this.#models.clear();
  }
}
