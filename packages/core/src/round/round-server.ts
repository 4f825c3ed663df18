/**
 * A server with rounds: runs the effects of {@link roundMachine} against a pipeline, an algorithm and a store.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import { type ErrorCode, isFedkitError } from '../errors.ts';
import type { ServerHalf } from '../pipeline/contract.ts';
import { halfOn } from '../engine/round-engine.ts';
import type { PlainData } from '../plain-data.ts';
import { broadcastPart, type EncodedBroadcast } from '../protocol/encoded-broadcast.ts';
import type { DeclineReason, Request, Response } from '../protocol/message.ts';
import { clientEntries, getClient } from './client-map.ts';
import type { Outcome, StateRequest } from './dispatcher.ts';
import { HeldEpochs } from './held-epochs.ts';
import type { Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';
import { type RoundMachine, roundMachine } from './machine.ts';
import { Presence } from './presence.ts';
import { roundOfTicket, type RoundRules } from './round-options.ts';
import { Run } from './run.ts';
import type { FederatedServer, FederatedServerOptions, ServerLimits, ServerProgress } from './server-options.ts';
import { type Control, ServerShell } from './shell.ts';
import type { Answer, RoundState } from './state.ts';
import { checkPossible } from './possible-places.ts';
import { type Happening, RoundWork } from './work.ts';
import { progressOf } from './round-progress.ts';

/** Opens a run of rounds. */
export async function openRoundServer<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData>(
  options: FederatedServerOptions<S, B, U, R>,
  limits: Required<ServerLimits>,
  rules: RoundRules,
): Promise<FederatedServer<S>> {
  if (options.pipeline.algorithm.mirrors && options.federationSize === undefined) {
    const expected = `N, the clients of the whole federation: ${options.pipeline.algorithm.kind} divides by it, and whoever waits is not N`;
    refuse('INVALID_ARGUMENT', 'federatedServer: federationSize', expected, undefined);
  }
  const half = halfOn(options.engine, options.pipeline.server());
  if (rules.minimum < half.minimumContributors) {
    const expected = `at least the pipeline's ${half.minimumContributors} contributors`;
    refuse('OUT_OF_RANGE', 'federatedServer: minimum', expected, rules.minimum);
  }
  checkPossible(half, rules);
  const { collects, minimumContributors } = half;
  const machine = roundMachine({ ...options, collects, minimumContributors });
  const run = await Run.open(options, machine, half);
  return new RoundServer(options, limits, rules, machine, half, run);
}

class RoundServer<
  S extends PlainData,
  B extends PlainData,
  U extends Update,
  R extends PlainData,
> extends ServerShell<S> {
  readonly #options: FederatedServerOptions<S, B, U, R>;
  readonly #machine: RoundMachine;
  readonly #half: ServerHalf<R>;
  readonly #presence: Presence;
  readonly #held: HeldEpochs;
  #run: Run<S, B, U, R>;
  #work: RoundWork<S, B, U, R>;
  #background: Promise<void> | undefined;
  /** Since when the lack of clients that was told last has lasted. */
  #unfilledSince: number | undefined;

  constructor(
    options: FederatedServerOptions<S, B, U, R>,
    limits: Required<ServerLimits>,
    rules: RoundRules,
    machine: RoundMachine,
    half: ServerHalf<R>,
    run: Run<S, B, U, R>,
  ) {
    super(options, options.pipeline, limits, rules);
    this.#options = options;
    this.#machine = machine;
    this.#half = half;
    this.#presence = new Presence(limits.presence, options.clock());
    this.#held = new HeldEpochs(limits.clients);
    this.#run = run;
    this.#work = this.#worker(run);
    this.announceFromHere();
    this.#expectWaiting();
    this.schedule();
  }

  protected get name(): Uint8Array {
    return this.#run.name;
  }

  protected get journal(): Journal {
    return this.#run.journal;
  }

  protected get ledger(): Ledger {
    return this.#run.ledger;
  }

  protected get recorded(): number {
    return this.#run.recorded;
  }

  protected get broadcast(): EncodedBroadcast {
    return this.#run.broadcast;
  }

  protected get published(): number {
    return this.#run.stateRound;
  }

  get state(): S {
    return this.#run.algorithmState;
  }

  get params(): Float32Array {
    return this.#options.pipeline.algorithm.params(this.#run.algorithmState);
  }

  get progress(): ServerProgress {
    const { shownState: state, history } = this.#run;
    const deadline = this.#machine.deadline(state, this.#options.clock());
    return progressOf(state, deadline, { history, ...this.lastFailure });
  }

  protected get rounds(): RoundState {
    return this.#run.state;
  }

  protected get idle(): boolean {
    const { current, phase } = this.#run.state;
    return current === null || phase === 'finished' || phase === 'cancelled';
  }

  async tick(): Promise<void> {
    await this.requests.attempt(() => this.catchUp());
    while (this.#background) await this.#background;
  }

  protected part(request: Request & { kind: 'model' }): Uint8Array {
    return broadcastPart(request, this.#run.broadcast);
  }

  protected noteRefusal(code: ErrorCode): Promise<void> {
    return this.#note({ kind: 'refused', code });
  }

  protected async noteControl(control: Control): Promise<void> {
    if (control.kind === 'rolledBack') {
      const { phase } = this.#run.state;
      if (phase === 'finished' || phase === 'cancelled') {
        refuse('PROTOCOL_STATE', 'federatedServer.rollBack', 'a run that goes on', phase);
      }
      await this.#run.rollBack(control.round);
    }
    await this.#note(control);
  }

  protected dispose(): void {
    this.#run.dispose();
  }

  protected async answer(client: ClientId, request: StateRequest): Promise<Outcome> {
    switch (request.kind) {
      case 'decline':
        return this.#decline(client, request.ticket, request.reason);
      case 'join':
        this.#held.note(client, request.epoch);
        return { response: await this.#join(client) };
      case 'outcome':
        return { response: await this.#outcome(client, request.ticket) };
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

  async #decline(client: ClientId, ticket: number, reason: DeclineReason): Promise<Outcome> {
    const before = this.#run.state.resting;
    await this.#note({ kind: 'declined', client, ticket, reason });
    const isNew = this.#run.state.resting !== before;
    const stored = this.#run.journal.durable().then(() => {
      if (isNew) this.tell({ kind: 'declined', client, ticket, reason });
    });
    return { response: { kind: 'left', ticket }, stored };
  }

  async #join(client: ClientId): Promise<Response> {
    let standing = this.#machine.standing(this.#run.state, client);
    if (standing === undefined) {
      if (this.#run.state.excluded?.some((one) => one.client === client)) {
        refuse(
          'AUTHENTICATION_FAILED',
          'federatedServer: join',
          'a client that follows the protocol',
          'one that did not',
        );
      }
      const { current, phase, round, waiting } = this.#run.state;
      const next = current && phase === 'waiting' ? current.round : round + 1;
      if (waiting.size >= this.limits.clients || this.#half.draw?.asks(next, client) === false) return this.wait();
      await this.#note({ kind: 'joined', client });
      standing = this.#machine.standing(this.#run.state, client) ?? { kind: 'wait' };
    }
    this.#presence.seen(client);
    if (standing.kind !== 'task') return standing.kind === 'closed' ? { kind: 'closed' } : this.wait();
    const { ticket, expiresIn } = standing;
    const { broadcast, parameters } = this.#run;
    return this.task(broadcast, { round: roundOfTicket(ticket), ticket, parameters, expiresIn });
  }

  async #report(client: ClientId, ticket: number, bytes: Uint8Array): Promise<Outcome> {
    const asked = await this.#reported(client, ticket);
    if (asked.kind !== 'accept') return { response: await this.#settled(client, asked.answer) };
    const { reports } = this.#run;
    if (!reports) refuse('PROTOCOL_STATE', 'federatedServer: report', 'an exchange, as the task says', 'a report');
    const kept = await reports.keep(client, bytes);
    await this.#work.perform(
      await reports.accept(client, kept, () => this.#work.step({ kind: 'accepted', client, ticket }, kept)),
    );
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
        return { response: this.wait(), stored: this.#run.journal.durable() };
      }
      if (asked.kind === 'answer' && asked.answer.kind !== 'wait') {
        return { response: await this.#settled(client, asked.answer) };
      }
    }
    const standing = this.#machine.place(this.#run.state, client, ticket);
    if (standing.kind === 'open') {
      const bytes = this.#run.exchange?.messageFor(client);
      return { response: bytes ? { kind: 'message', bytes } : this.wait() };
    }
    return { response: standing.kind === 'wait' ? this.wait() : await this.#settled(client, standing) };
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
    return !(exchange.awaits?.(client) ?? exchange.waitingFor.includes(client));
  }

  /** Asks the machine about a report; logs it unless it is to be taken: then its outcome is logged. */
  async #reported(client: ClientId, ticket: number): Promise<{ kind: 'accept' } | { kind: 'answer'; answer: Answer }> {
    const standing = this.#machine.place(this.#run.state, client, ticket);
    if (standing.kind === 'open') return { kind: 'accept' };
    await this.#note({ kind: 'reported', client, ticket });
    return { kind: 'answer', answer: standing };
  }

  /** What became of an accepted report. */
  async #outcome(client: ClientId, ticket: number): Promise<Response> {
    const standing = this.#machine.place(this.#run.state, client, ticket);
    switch (standing.kind) {
      case 'earlier':
        return {
          kind: 'finished',
          ticket,
          counted: await this.#run.ledger.counted(roundOfTicket(ticket), client, ticket),
        };
      case 'late':
      case 'left':
        return { kind: 'late', ticket };
      case 'unknown':
        return refuse('INVALID_ARGUMENT', 'federatedServer: ticket', 'a ticket of this client', 'another');
      default:
        return this.wait();
    }
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
        // Whoever took part in an exchange asks what became of it.
        if (this.#half.collects === 'exchange') return { kind: 'finished', ticket, counted };
        await this.#note({ kind: 'stale', counted });
        return { kind: counted ? 'accepted' : 'late', ticket };
      }
      case 'unknown':
        return refuse('INVALID_ARGUMENT', 'federatedServer: ticket', 'a ticket of this client', 'another');
      default:
        return this.wait();
    }
  }

  protected async load(): Promise<void> {
    const run = await Run.open(this.#options, this.#machine, this.#half, this.#run.journal.epoch);
    this.#run.dispose();
    this.#run = run;
    this.#work = this.#worker(run);
    this.#expectWaiting();
    this.schedule();
  }

  /** Clients that waited when the state was stored have the usual time to ask again. */
  #expectWaiting(): void {
    for (const [client] of clientEntries(this.#run.state.waiting)) this.#presence.seen(client);
  }

  #worker(run: Run<S, B, U, R>): RoundWork<S, B, U, R> {
    return new RoundWork(
      this.#options,
      this.rules,
      run,
      (event) => this.tell(event),
      () => this.requests.traffic(),
      () => this.draining,
      this.#held,
    );
  }

  /** Logs what happened and does what follows at once. */
  #note(happening: Happening, bytes?: Uint8Array): Promise<void> {
    return this.#work.perform(this.#work.step(happening, bytes));
  }

  protected async catchUp(): Promise<void> {
    const time = this.#options.clock();
    this.#work.time = time;
    const gone = this.#presence.gone(time);
    for (const client of gone) {
      if (getClient(this.#run.state.waiting, client)) {
        await this.#note({ kind: 'left', client });
      }
    }
    while (this.#machine.due(this.#run.state, time)) await this.#note({ kind: 'tick' });
    this.#tellUnfilled();
    this.schedule();
  }

  #tellUnfilled(): void {
    const { state } = this.#run;
    if (!this.#machine.unfilled(state, this.#work.time) || this.#unfilledSince === state.since) return;
    this.#unfilledSince = state.since;
    const { current, round, waiting, resting } = state;
    this.tell({
      kind: 'unfilled',
      round: current?.round ?? round + 1,
      needed: this.#machine.needed(state),
      waiting: waiting.size,
      resting: resting?.size ?? 0,
    });
  }

  /** What takes long runs after the request that made it necessary has its answer. */
  protected schedule(): void {
    const [next] = this.#machine.outstanding(this.#run.state);
    if (this.#background || this.#run.state.paused || next === undefined) return;
    if (this.draining && next.kind === 'open' && !next.refill) return;
    const work = this.requests
      .attempt(() => {
        this.#work.time = this.#options.clock();
        return this.#work.finish();
      })
      .catch((error: unknown) => {
        this.tell({ kind: 'failed', error });
        throw error;
      });
    this.#background = work.finally(() => {
      this.#background = undefined;
    });
    this.#background.catch(() => {});
  }
}
