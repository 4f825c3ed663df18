/**
 * A federated server: runs the effects of {@link roundMachine} against a pipeline, an algorithm and a store.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import { isAsynchronous } from '../algorithm/asynchronous-rounds.ts';
import { refuse } from '../check.ts';
import { isFedkitError } from '../errors.ts';
import type { ServerHalf } from '../pipeline/contract.ts';
import type { PlainData } from '../plain-data.ts';
import { clientEntries, getClient } from './client-map.ts';
import { type RoundMachine, roundMachine, roundOfTicket } from './machine.ts';
import type { Response } from '../protocol/message.ts';
import { asynchronousServer, type AsynchronousServerOptions } from './asynchronous-server.ts';
import { broadcastPart } from '../protocol/broadcast.ts';
import { Desk, type Outcome, type StateRequest } from './desk.ts';
import { Presence } from './presence.ts';
import type { RoundRecord } from './record.ts';
import { checkRoundOptions, type RoundRules } from './round-options.ts';
import { Run } from './run.ts';
import {
  checkServerOptions,
  type FederatedServer,
  type FederatedServerOptions,
  type ServerEvent,
  type ServerLimits,
  type ServerProgress,
} from './server-options.ts';
import type { Answer } from './state.ts';
import { type Happening, RoundWork } from './work.ts';

/**
 * Starts a run, or goes on with the one that `store` holds, wherever a crash has left it.
 *
 * Everything a client is told is in the store before: a report that was acknowledged counts exactly once, whatever crashes
 * and whatever is sent again; a request during which the store fails is refused as `UNAVAILABLE`, and trying again is safe.
 * What a round releases is charged once by its pipeline, which is asked to close again after a crash in between.
 *
 * Requests take O(1) in clients. Memory and store hold one collector, one model and the reports since the last snapshot,
 * at most some eight times the collector.
 *
 * @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` for options that cannot be; `SHAPE_MISMATCH` for a store with a run
 * of another pipeline, algorithm, model or name; `DECODE_FAILED` for one with other bytes; `UNAVAILABLE` where it fails.
 * @example
 * ```ts
 * const server = await federatedServer({
 *   pipeline: plainUpdates({ algorithm: fedAvg(), size: model.layout.size }),
 *   initial: model.init(seededRng(1)),
 *   store: memoryStore(),
 *   cohort: 10,
 *   rounds: 20,
 *   clock: () => performance.now(),
 *   rng: secureRng(),
 * });
 * ```
 */
export async function federatedServer<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(options: FederatedServerOptions<S, B, C, U, R>): Promise<FederatedServer<S>> {
  const limits = checkServerOptions(options);
  const { algorithm } = options.pipeline;
  if (isAsynchronous(algorithm)) {
    const asynchronous = options as unknown as AsynchronousServerOptions<Update>;
    return (await asynchronousServer(asynchronous, algorithm, limits)) as unknown as FederatedServer<S>;
  }
  const half = options.pipeline.server();
  const rules = checkRoundOptions('federatedServer', options);
  if (rules.minimum < half.minimumContributors) {
    const expected = `at least the pipeline's ${half.minimumContributors} contributors`;
    refuse('OUT_OF_RANGE', 'federatedServer: minimum', expected, rules.minimum);
  }
  const machine = roundMachine({ ...options, collects: half.collects });
  const run = await Run.open(options, machine, half);
  return new RoundServer(options, limits, rules, machine, half, run);
}

class RoundServer<S extends PlainData, B extends PlainData, C extends PlainData, U extends Update, R extends PlainData>
  implements FederatedServer<S>
{
  readonly #options: FederatedServerOptions<S, B, C, U, R>;
  readonly #limits: Required<ServerLimits>;
  readonly #rules: RoundRules;
  readonly #machine: RoundMachine;
  readonly #half: ServerHalf<R>;
  readonly #presence: Presence;
  #run: Run<S, B, C, U, R>;
  #work: RoundWork<S, B, C, U, R>;
  readonly #desk: Desk;
  #background: Promise<void> | undefined;

  constructor(
    options: FederatedServerOptions<S, B, C, U, R>,
    limits: Required<ServerLimits>,
    rules: RoundRules,
    machine: RoundMachine,
    half: ServerHalf<R>,
    run: Run<S, B, C, U, R>,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#rules = rules;
    this.#machine = machine;
    this.#half = half;
    this.#presence = new Presence(limits.presence, options.clock());
    this.#desk = new Desk({
      requestBytes: limits.requestBytes,
      part: (request) => broadcastPart(request, this.#run.broadcast, limits.partBytes),
      answer: (client, request) => this.#answer(client, request),
      refused: async ({ code }) => {
        await this.#catchUp();
        await this.#note({ kind: 'refused', code });
      },
      stale: () => this.#run.journal.dead,
      reload: () => this.#reload(),
      tell: (event) => this.#tell(event),
    });
    this.#run = run;
    this.#work = this.#worker(run);
    this.#expectWaiting();
    this.#schedule();
  }

  get run(): Uint8Array {
    return this.#run.name.slice();
  }

  get state(): S {
    return this.#run.algorithmState;
  }

  get params(): Float32Array {
    return this.#options.pipeline.algorithm.params(this.#run.algorithmState);
  }

  get maximumRequestLength(): number {
    return this.#desk.maximumRequestLength;
  }

  get progress(): ServerProgress {
    const { phase, paused, round, published, waiting, current } = this.#run.state;
    const { open = 0, accepted = 0 } = current ?? {};
    return { phase, paused, round, published, waiting: waiting.size, open, accepted };
  }

  handle(client: ClientId, bytes: Uint8Array): Promise<Uint8Array> {
    return this.#desk.handle(client, bytes);
  }

  async tick(): Promise<void> {
    await this.#desk.attempt(() => this.#catchUp());
    while (this.#background) await this.#background;
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
    return this.#desk.attempt(() => {
      const { current, round } = this.#run.state;
      return this.#run.ledger.records(current ? current.round - 1 : round);
    });
  }

  async close(): Promise<void> {
    await this.#desk.exclusive(() => this.#run.journal.durable()).catch(() => {});
    await this.#desk.close();
    this.#run.dispose();
  }

  /** What one request comes to. */
  async #answer(client: ClientId, request: StateRequest): Promise<Outcome> {
    await this.#catchUp();
    const outcome = await this.#outcome(client, request);
    this.#schedule();
    return outcome;
  }

  async #outcome(client: ClientId, request: StateRequest): Promise<Outcome> {
    switch (request.kind) {
      case 'join':
        return { response: await this.#join(client) };
      case 'report':
        return this.#report(client, request.ticket, request.bytes);
      case 'exchange':
        return this.#converse(client, request.ticket, request.message);
      case 'leave':
        // Left is left: also with a ticket of an earlier round, or one that never was.
        await this.#note({ kind: 'left', client, ticket: request.ticket });
        return { response: { kind: 'left', ticket: request.ticket }, stored: this.#run.journal.durable() };
    }
  }

  async #join(client: ClientId): Promise<Response> {
    let standing = this.#machine.standing(this.#run.state, client);
    if (standing === undefined) {
      if (this.#run.state.waiting.size >= this.#limits.clients) return this.#wait();
      await this.#note({ kind: 'joined', client });
      standing = this.#machine.standing(this.#run.state, client) ?? { kind: 'wait' };
    }
    this.#presence.seen(client);
    if (standing.kind !== 'task') return standing.kind === 'closed' ? { kind: 'closed' } : this.#wait();
    const { broadcast, name, parameters } = this.#run;
    return {
      kind: 'task',
      task: {
        run: name,
        round: roundOfTicket(standing.ticket),
        ticket: standing.ticket,
        modelDigest: broadcast.digest,
        modelLength: broadcast.bytes.length,
        pipelineDigest: this.#options.pipeline.digest,
        parameters,
        expiresIn: standing.expiresIn,
      },
    };
  }

  async #report(client: ClientId, ticket: number, bytes: Uint8Array): Promise<Outcome> {
    const asked = await this.#reported(client, ticket);
    if (asked.kind !== 'accept') return { response: await this.#settled(client, asked.answer) };
    const { reports } = this.#run;
    if (!reports) refuse('PROTOCOL_STATE', 'federatedServer: report', 'an exchange, as the task says', 'a report');
    reports.accept(client, bytes);
    await this.#note({ kind: 'accepted', client, ticket }, bytes);
    return { response: { kind: 'accepted', ticket }, stored: this.#run.journal.durable() };
  }

  async #converse(client: ClientId, ticket: number, message: Uint8Array | undefined): Promise<Outcome> {
    if (this.#half.collects !== 'exchange') {
      refuse('PROTOCOL_STATE', 'federatedServer: exchange', 'a report, as the task says', 'an exchange');
    }
    if (message !== undefined) {
      const asked = await this.#reported(client, ticket);
      if (asked.kind === 'accept' && (await this.#received(client, message))) {
        await this.#note({ kind: 'accepted', client, ticket });
        return { response: this.#wait(), stored: this.#run.journal.durable() };
      }
      if (asked.kind === 'answer' && asked.answer.kind !== 'wait') {
        return { response: await this.#settled(client, asked.answer) };
      }
    }
    const standing = this.#machine.place(this.#run.state, client, ticket);
    if (standing.kind === 'open') {
      const bytes = this.#run.exchange?.messageFor(client);
      return { response: bytes ? { kind: 'message', bytes } : this.#wait() };
    }
    return { response: standing.kind === 'wait' ? this.#wait() : await this.#settled(client, standing) };
  }

  /** Whether the collector has this stage's message of a client now. False for one that belongs to another stage. */
  async #received(client: ClientId, message: Uint8Array): Promise<boolean> {
    const { exchange } = this.#run;
    if (!exchange) return false;
    try {
      await exchange.receive(client, message);
    } catch (error) {
      if (!isFedkitError(error, 'PROTOCOL_STATE')) throw error;
    }
    // One of an earlier stage, sent again, is taken or refused and changes nothing either way; one of this stage may have
    // been taken before a crash that came before the log knew.
    return !exchange.waitingFor.includes(client);
  }

  /** Asks the machine about a report; logs it unless it is to be taken: then its outcome is logged. */
  async #reported(client: ClientId, ticket: number): Promise<{ kind: 'accept' } | { kind: 'answer'; answer: Answer }> {
    const standing = this.#machine.place(this.#run.state, client, ticket);
    if (standing.kind === 'open') return { kind: 'accept' };
    await this.#note({ kind: 'reported', client, ticket });
    return { kind: 'answer', answer: standing };
  }

  /** The response to a ticket that is not, or no longer, awaited. */
  async #settled(client: ClientId, answer: Answer): Promise<Response> {
    switch (answer.kind) {
      case 'accepted':
      case 'late':
      case 'left':
        return answer;
      case 'earlier': {
        const { ticket } = answer;
        const counted = await this.#run.ledger.counted(roundOfTicket(ticket), client, ticket);
        await this.#note({ kind: 'stale', counted });
        if (this.#half.collects === 'exchange') return { kind: 'finished', ticket, counted };
        return { kind: counted ? 'accepted' : 'late', ticket };
      }
      case 'unknown':
        return refuse('INVALID_ARGUMENT', 'federatedServer: ticket', 'a ticket of this client', 'another');
      default:
        return this.#wait();
    }
  }

  #wait(): Response {
    return { kind: 'wait', milliseconds: Math.ceil(this.#rules.retryAfter) };
  }

  async #reload(): Promise<void> {
    const run = await Run.open(this.#options, this.#machine, this.#half);
    this.#run.dispose();
    this.#run = run;
    this.#work = this.#worker(run);
    this.#expectWaiting();
    this.#schedule();
  }

  /** Clients that waited when the state was stored have the usual time to ask again. */
  #expectWaiting(): void {
    for (const [client] of clientEntries(this.#run.state.waiting)) this.#presence.seen(client);
  }

  #worker(run: Run<S, B, C, U, R>): RoundWork<S, B, C, U, R> {
    return new RoundWork(
      this.#options,
      this.#rules,
      run,
      (event) => this.#tell(event),
      () => this.#desk.traffic(),
    );
  }

  /** Logs what happened and does what follows at once. */
  #note(happening: Happening, bytes?: Uint8Array): Promise<void> {
    return this.#work.perform(this.#work.step(happening, bytes));
  }

  /** Lets time pass. */
  async #catchUp(): Promise<void> {
    const time = this.#options.clock();
    this.#work.time = time;
    const gone = this.#presence.gone(time);
    for (const client of gone) {
      if (getClient(this.#run.state.waiting, client)) {
        await this.#note({ kind: 'left', client });
      }
    }
    while (this.#machine.due(this.#run.state, time)) await this.#note({ kind: 'tick' });
    this.#schedule();
  }

  /** What takes long runs after the request that made it necessary has its answer. */
  #schedule(): void {
    if (this.#background || this.#run.state.paused || this.#machine.outstanding(this.#run.state).length === 0) return;
    const work = this.#desk
      .attempt(() => {
        this.#work.time = this.#options.clock();
        return this.#work.finish();
      })
      .catch((error: unknown) => {
        this.#tell({ kind: 'failed', error });
        throw error;
      });
    this.#background = work.finally(() => {
      this.#background = undefined;
    });
    this.#background.catch(() => {});
  }

  async #control(kind: 'pause' | 'resume' | 'cancel'): Promise<void> {
    await this.#desk.attempt(async () => {
      await this.#catchUp();
      await this.#note({ kind });
      await this.#run.journal.durable();
      this.#schedule();
    });
  }

  #tell(event: ServerEvent): void {
    this.#options.onEvent?.(event);
  }
}
