/**
 * What every federated server does around its rounds, or without them: requests come in one after another, the operator
 * pauses, resumes and cancels, records are read, and the end waits for what is under way.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkInteger, checkPositive } from '../check.ts';
import { checkClientId } from '../client-id.ts';
import type { FedkitError } from '../errors.ts';
import type { PipelineTerms } from '../pipeline/contract.ts';
import { encodeTerms } from '../pipeline/terms.ts';
import type { PlainData } from '../plain-data.ts';
import type { EncodedBroadcast } from '../protocol/encoded-broadcast.ts';
import type { Publication, Request, Response, RoundTask } from '../protocol/message.ts';
import { graceOf, within } from '../protocol/grace.ts';
import { noTelemetry, type Telemetry } from '../telemetry/contract.ts';
import { Announcer } from './announcer.ts';
import { Dispatcher, type Outcome, type StateRequest } from './dispatcher.ts';
import { isSuperseded, type Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';
import type { RoundRecord } from './record.ts';
import type { RoundRules } from './round-options.ts';
import type {
  FederatedServer,
  Grace,
  ServerEvent,
  ServerLimits,
  ServerProgress,
  ServerSettings,
} from './server-options.ts';
import type { RoundState } from './state.ts';
import { countEvent, observeProgress } from './telemetry.ts';

/** A server's task, less what is the same in all of one run. */
export type TaskFacts = Omit<RoundTask, 'run' | 'modelDigest' | 'modelLength' | 'pipelineDigest'>;

/** What an operator does to a run. */
export type Control =
  | { readonly kind: 'pause' | 'resume' | 'cancel' }
  | { readonly kind: 'extend'; readonly milliseconds: number }
  | { readonly kind: 'rolledBack'; readonly round: number }
  | { readonly kind: 'readmitted'; readonly client: ClientId };

/** The part of a server that knows of no rounds. What is behind it runs alone: one piece of work after another. */
export abstract class ServerShell<S extends PlainData> implements FederatedServer<S> {
  protected readonly settings: ServerSettings;
  protected readonly limits: Required<ServerLimits>;
  protected readonly rules: RoundRules;
  protected readonly requests: Dispatcher;
  readonly #pipeline: PipelineTerms;
  readonly #announcer: Announcer;
  readonly #telemetry: Telemetry;
  #superseded: FedkitError | undefined;
  #closed = false;
  protected draining = false;
  /** Who waits for a round to end. */
  readonly #drains = new Set<() => void>();

  constructor(settings: ServerSettings, pipeline: PipelineTerms, limits: Required<ServerLimits>, rules: RoundRules) {
    this.settings = settings;
    this.limits = limits;
    this.rules = rules;
    this.#pipeline = pipeline;
    this.#telemetry = settings.telemetry ?? noTelemetry;
    this.#announcer = new Announcer((event) => {
      countEvent(this.#telemetry, event);
      try {
        return settings.onEvent?.(event);
      } finally {
        if (event.kind === 'published') this.#publish(event.record);
      }
    }, settings.clock);
    observeProgress(this.#telemetry, () => (this.#closed ? undefined : this.progress));
    this.requests = new Dispatcher({
      requestBytes: limits.requestBytes,
      part: (request) => this.part(request),
      published: () => this.publication(),
      terms: () => encodeTerms(pipeline.terms),
      answer: async (client, request) => {
        await this.catchUp();
        const outcome = await this.answer(client, request);
        this.schedule();
        return outcome;
      },
      refused: async ({ code }) => {
        await this.catchUp();
        await this.noteRefusal(code);
      },
      stale: () => this.journal.dead,
      reload: async () => {
        if (this.#superseded) throw this.#superseded;
        await this.load();
        await this.#announceMissed();
      },
      counted: (up, down) => {
        this.#telemetry.count('fedkit_request_bytes_total', up);
        this.#telemetry.count('fedkit_response_bytes_total', down);
      },
      failed: (error) => this.#noteFailure(error),
      tell: (event) => this.tell(event),
    });
  }

  abstract get state(): S;
  abstract get params(): Float32Array;
  abstract get progress(): ServerProgress;
  /** The run's name; not to be written to. */
  protected abstract get name(): Uint8Array;
  protected abstract get journal(): Journal;
  protected abstract get ledger(): Ledger;
  /** The latest round that has a record, as the store knows. */
  protected abstract get recorded(): number;
  /** The machine's state of a run with rounds. */
  protected abstract get rounds(): RoundState | undefined;
  /** Whether nobody is at work on anything that a drain waits for. */
  protected abstract get idle(): boolean;
  /** The latest model's broadcast; encoded once. */
  protected abstract get broadcast(): EncodedBroadcast;
  /** The round whose step gave it. */
  protected abstract get published(): number;
  /** Reads what the store holds, or begins. */
  protected abstract load(): Promise<void>;
  /** Reads from the model; never waits. */
  protected abstract part(request: Request & { kind: 'model' }): Uint8Array;
  /** What one request comes to. */
  protected abstract answer(client: ClientId, request: StateRequest): Promise<Outcome>;
  protected abstract noteRefusal(code: FedkitError['code']): Promise<void>;
  protected abstract noteControl(control: Control): Promise<void>;
  /** Lets time pass. */
  protected abstract catchUp(): Promise<void>;
  /** Begins what takes long, after the answer to the request that made it necessary. */
  protected abstract schedule(): void;
  protected abstract dispose(): void;
  abstract tick(): Promise<void>;

  get run(): Uint8Array {
    return this.name.slice();
  }

  get maximumRequestLength(): number {
    return this.requests.maximumRequestLength;
  }

  handle(client: ClientId, request: Uint8Array): Promise<Uint8Array> {
    return this.requests.handle(client, request);
  }

  pause(): Promise<void> {
    return this.#control({ kind: 'pause' });
  }

  resume(): Promise<void> {
    return this.#control({ kind: 'resume' });
  }

  cancel(): Promise<void> {
    return this.#control({ kind: 'cancel' });
  }

  async extend(milliseconds: number): Promise<void> {
    checkPositive('federatedServer.extend: milliseconds', milliseconds);
    return this.#control({ kind: 'extend', milliseconds });
  }

  async readmit(client: ClientId): Promise<void> {
    checkClientId('federatedServer.readmit: client', client);
    await this.#control({ kind: 'readmitted', client });
  }

  async rollBack(round: number): Promise<void> {
    checkInteger('federatedServer.rollBack: round', round, 0);
    await this.#control({ kind: 'rolledBack', round });
    this.tell({ kind: 'rolledBack', round });
  }

  async records(since: number = 0): Promise<RoundRecord[]> {
    checkInteger('federatedServer.records: since', since, 0);
    // Memory is ahead of a store that has failed: what counts is read first.
    if (this.#closed || this.#superseded || this.journal.dead) await this.requests.attempt(() => {});
    try {
      return await this.ledger.records({ since, last: this.recorded }, (error) => this.tell({ kind: 'failed', error }));
    } catch (error) {
      this.tell({ kind: 'failed', error });
      throw error;
    }
  }

  async drain(options: Grace = {}): Promise<boolean> {
    const grace = graceOf('federatedServer.drain', options);
    this.draining = true;
    if (this.idle) return true;
    let over = (): void => {};
    const ended = new Promise<void>((resolve) => (over = resolve));
    this.#drains.add(over);
    await within(grace, ended);
    this.#drains.delete(over);
    return this.idle;
  }

  async close(options: Grace = {}): Promise<void> {
    const grace = graceOf('federatedServer.close', options);
    this.draining = true;
    const last = this.requests
      .exclusive(() => this.journal.durable())
      .catch(() => {})
      .then(() => this.requests.close())
      .then(() => this.journal.deletions.settled());
    this.requests.refuse();
    await within(grace, last);
    this.#closed = true;
    this.dispose();
  }

  get health(): { readonly healthy: boolean; readonly reason?: string } {
    if (this.#closed) return { healthy: false, reason: 'closed' };
    if (this.#superseded) return { healthy: false, reason: 'superseded' };
    return { healthy: true };
  }

  get readiness(): { readonly ready: boolean; readonly reason?: string } {
    const { healthy, reason } = this.health;
    if (!healthy) return { ready: false, ...(reason !== undefined && { reason }) };
    if (this.draining) return { ready: false, reason: 'draining' };
    if (this.journal.dead) return { ready: false, reason: 'store' };
    return { ready: true };
  }

  /** The latest model that the store says is the run's. */
  protected publication(): Publication | Promise<Publication> {
    const { digest: modelDigest, length: modelLength } = this.broadcast;
    const { digest: pipelineDigest } = this.#pipeline;
    return { run: this.name, round: this.published, modelDigest, modelLength, pipelineDigest };
  }

  protected wait(): Response {
    return { kind: 'wait', milliseconds: Math.ceil(this.rules.retryAfter) };
  }

  protected task({ digest, length }: EncodedBroadcast, facts: TaskFacts): Response {
    const { digest: pipelineDigest } = this.#pipeline;
    const task = { ...facts, run: this.name, modelDigest: digest, modelLength: length, pipelineDigest };
    return { kind: 'task', task };
  }

  protected tell(event: ServerEvent): void {
    this.#announcer.tell(event);
    if (this.idle) for (const over of this.#drains) over();
  }

  /** Of rounds that are told late, there is the latest model alone. */
  #publish(record: RoundRecord): void {
    const { onPublish } = this.settings;
    if (onPublish === undefined || record.round !== this.published) return;
    const params = this.params.slice();
    void (async () => onPublish({ params, record }))().catch((error: unknown) => this.tell({ kind: 'failed', error }));
  }

  /** Before the first request: what was so before is no news. */
  protected announceFromHere(): void {
    this.#announcer.begin(this.rounds, this.recorded);
  }

  protected get lastFailure(): Pick<ServerProgress, 'lastFailure'> {
    const { lastFailure } = this.#announcer;
    return lastFailure ? { lastFailure } : {};
  }

  /** What was stored although the store said that it failed. */
  async #announceMissed(): Promise<void> {
    const { recorded } = this.#announcer;
    const missed = this.recorded > recorded ? await this.ledger.records({ since: recorded, last: this.recorded }) : [];
    this.#announcer.catchUp(this.rounds, missed);
  }

  /** Where another server has opened the run, this one has stopped for good. */
  #noteFailure(error: unknown): void {
    if (this.#superseded || !isSuperseded(error)) return;
    this.#superseded = error;
    this.tell({ kind: 'superseded' });
  }

  async #control(control: Control): Promise<void> {
    await this.requests.attempt(async () => {
      await this.catchUp();
      await this.noteControl(control);
      await this.journal.durable();
      this.schedule();
    });
  }
}
