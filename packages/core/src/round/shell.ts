/**
 * What every federated server does around its rounds, or without them: requests come in one after another, the operator
 * pauses, resumes and cancels, records are read, and the end waits for what is under way.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { FedkitError } from '../errors.ts';
import type { PipelineTerms } from '../pipeline/contract.ts';
import { encodeTerms } from '../pipeline/terms.ts';
import type { PlainData } from '../plain-data.ts';
import type { EncodedBroadcast } from '../protocol/broadcast.ts';
import type { Request, Response, RoundTask } from '../protocol/message.ts';
import { Dispatcher, type Outcome, type StateRequest } from './dispatcher.ts';
import { isSuperseded, type Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';
import type { RoundRecord } from './record.ts';
import type { RoundRules } from './round-options.ts';
import type { FederatedServer, ServerEvent, ServerLimits, ServerProgress, ServerSettings } from './server-options.ts';

/** A server's task, less what is the same in all of one run. */
export type TaskFacts = Omit<RoundTask, 'run' | 'modelDigest' | 'modelLength' | 'pipelineDigest'>;

/** The part of a server that knows of no rounds. What is behind it runs alone: one piece of work after another. */
export abstract class ServerShell<S extends PlainData> implements FederatedServer<S> {
  protected readonly settings: ServerSettings;
  protected readonly limits: Required<ServerLimits>;
  protected readonly rules: RoundRules;
  protected readonly requests: Dispatcher;
  readonly #pipeline: PipelineTerms;
  #superseded: FedkitError | undefined;

  constructor(settings: ServerSettings, pipeline: PipelineTerms, limits: Required<ServerLimits>, rules: RoundRules) {
    this.settings = settings;
    this.limits = limits;
    this.rules = rules;
    this.#pipeline = pipeline;
    this.requests = new Dispatcher({
      requestBytes: limits.requestBytes,
      part: (request) => this.part(request),
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
      reload: () => (this.#superseded ? Promise.reject(this.#superseded) : this.load()),
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
  /** The latest round that has a record. */
  protected abstract get recorded(): number;
  /** Reads what the store holds, or begins. */
  protected abstract load(): Promise<void>;
  /** Reads from the model; never waits. */
  protected abstract part(request: Request & { kind: 'model' }): Response;
  /** What one request comes to. */
  protected abstract answer(client: ClientId, request: StateRequest): Promise<Outcome>;
  protected abstract noteRefusal(code: FedkitError['code']): Promise<void>;
  protected abstract noteControl(kind: 'pause' | 'resume' | 'cancel'): Promise<void>;
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
    return this.#control('pause');
  }

  resume(): Promise<void> {
    return this.#control('resume');
  }

  cancel(): Promise<void> {
    return this.#control('cancel');
  }

  records(): Promise<RoundRecord[]> {
    return this.requests.attempt(() =>
      this.ledger.records(this.recorded, (error) => this.tell({ kind: 'failed', error })),
    );
  }

  async close(): Promise<void> {
    await this.requests.exclusive(() => this.journal.durable()).catch(() => {});
    await this.requests.close();
    this.dispose();
  }

  protected wait(): Response {
    return { kind: 'wait', milliseconds: Math.ceil(this.rules.retryAfter) };
  }

  protected task({ digest, bytes }: EncodedBroadcast, facts: TaskFacts): Response {
    const { digest: pipelineDigest } = this.#pipeline;
    const task = { ...facts, run: this.name, modelDigest: digest, modelLength: bytes.length, pipelineDigest };
    return { kind: 'task', task };
  }

  protected tell(event: ServerEvent): void {
    this.settings.onEvent?.(event);
  }

  /** Where another server has opened the run, this one has stopped for good. */
  #noteFailure(error: unknown): void {
    if (this.#superseded || !isSuperseded(error)) return;
    this.#superseded = error;
    this.tell({ kind: 'superseded' });
  }

  async #control(kind: 'pause' | 'resume' | 'cancel'): Promise<void> {
    await this.requests.attempt(async () => {
      await this.catchUp();
      await this.noteControl(kind);
      await this.journal.durable();
      this.schedule();
    });
  }
}
