/**
 * The device's side of a federation: joins, downloads, trains, reports, and remembers across crashes what it must.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { checkAborted } from '../abort.ts';
import { epochIn } from '../algorithm/epoch.ts';
import { joined } from '../bytes.ts';
import { type FedkitError, isFedkitError } from '../errors.ts';
import { decodeState, type StateOwner } from '../model/state-file.ts';
import type { ClientHalf } from '../pipeline/contract.ts';
import type { PlainData } from '../plain-data.ts';
import { decodeBroadcast, stateOwner } from '../protocol/broadcast.ts';
import { sleep } from '../protocol/clock.ts';
import type { DeclineReason, Request, Response, RoundTask } from '../protocol/message.ts';
import type { ExchangeHost, SecureExchange } from '../secure/exchange.ts';
import { SerialQueue } from '../serial-queue.ts';
import { agree, checkTask } from './agreement.ts';
import { isRefusal, refusal, unusable } from './answers.ts';
import {
  accept,
  begin,
  type ClientRecord,
  type ExchangingWork,
  giveUp,
  remembers,
  resolve,
  sameRun,
  settle,
  type Work,
} from './client-record.ts';
import type { FederatedClientOptions, TrainingClient } from './contract.ts';
import { Refusals, stoppedBy, type Verdict, verdictOnTask, verdictOnTraining } from './fault.ts';
import { type TrainedWork, trainFor } from './local-work.ts';
import { LATER, LONGEST_WAIT, NOW, pauseAfter, waitOf } from './pauses.ts';
import type { ClientProgress, NextStep } from './progress.ts';
import { type RecordKeeper, recordKeeper } from './record-keeper.ts';
import type { RecordPlace } from './record-place.ts';
import { type StoredModel, storedModel } from './stored-model.ts';
import type { Surroundings } from './surroundings.ts';

type DeviceExchange = SecureExchange<ExchangingWork, Response, NextStep>;

/** What a device is put together from. */
export interface DeviceParts<B extends PlainData, U extends Update> {
  readonly half: ClientHalf<U>;
  readonly surroundings: Surroundings<B>;
  readonly place: RecordPlace;
  /** Of a pipeline under secure aggregation. */
  readonly exchange?: DeviceExchange;
}

/** A client that trains and reports. */
export class Device<B extends PlainData, C extends PlainData, U extends Update> implements TrainingClient<C> {
  readonly #options: FederatedClientOptions<B, C, U>;
  readonly #half: ClientHalf<U>;
  readonly #owner: StateOwner;
  readonly #records: RecordKeeper;
  readonly #around: Surroundings<B>;
  readonly #exchange: DeviceExchange | undefined;
  readonly #host: ExchangeHost<ExchangingWork, Response, NextStep>;
  #model: StoredModel | undefined;
  #unanswered = 0;
  readonly #refusals = new Refusals();
  readonly #queue = new SerialQueue();

  constructor(options: FederatedClientOptions<B, C, U>, { half, surroundings, place, exchange }: DeviceParts<B, U>) {
    this.#options = options;
    this.#half = half;
    this.#owner = stateOwner(options.pipeline);
    this.#records = recordKeeper(place, options.pipeline.digest);
    this.#around = surroundings;
    this.#exchange = exchange;
    this.#host = {
      save: (work) => this.#records.put({ ...this.#records.current, work }),
      send: (work, message) =>
        this.#send(work, { kind: 'exchange', ticket: work.task.ticket, ...(message && { message }) }),
      settle: (work, response) => this.#settle(work, response),
      uncounted: (work) => this.#resolve(work, 'uncounted'),
      failed: async (work, error, isMasked) =>
        isMasked && isRefusal(error) ? this.#complain(error, work.task) : this.#discard(work, error),
      again: { now: NOW, later: LATER },
    };
  }

  async run(): Promise<void> {
    for (;;) {
      const { next, milliseconds } = await this.step();
      if (next === 'closed') return;
      if (milliseconds > 0) await sleep(this.#around.where, this.#around.clock, milliseconds, this.#options.signal);
    }
  }

  step(): Promise<NextStep> {
    return this.#queue.run(async () => {
      checkAborted(this.#around.where, this.#options.signal);
      try {
        const next = await this.#advance(await this.#records.load());
        this.#unanswered = 0;
        return next;
      } catch (error) {
        if (!isFedkitError(error, 'UNAVAILABLE')) throw error;
        const { retryAfter = 0 } = error.details;
        const asked = typeof retryAfter === 'number' ? Math.min(retryAfter, LONGEST_WAIT) : 0;
        const milliseconds = asked + this.#pause(this.#unanswered++);
        this.#tell({ kind: 'retrying', error, milliseconds });
        return { next: 'request', milliseconds };
      }
    });
  }

  state(): Promise<C | undefined> {
    return this.#queue.run(async () => {
      const { state } = (await this.#records.load()).kept;
      return state && (decodeState(state, this.#owner) as C);
    });
  }

  #advance({ work }: ClientRecord): Promise<NextStep> {
    switch (work.kind) {
      case 'none':
        // While its round goes on, there may be other work.
        return this.#settleOrJoin();
      case 'training':
        return this.#trainOrDownload(work);
      case 'reporting':
        return this.#report(work);
      case 'exchanging':
        // Without an exchange no record of one is read.
        return (this.#exchange as DeviceExchange).step(work, this.#host);
      case 'leaving':
        return this.#leave(work.ticket, work.reason);
    }
  }

  async #settleOrJoin(): Promise<NextStep> {
    const step = await this.#settled();
    if (step !== 'pending') return step;
    const joined = await this.#join();
    // The run may have ended since it was asked: with the round in question.
    if (joined.next === 'closed') await this.#settled();
    return joined;
  }

  async #join(): Promise<NextStep> {
    const response = await this.#ask({ kind: 'join', ...this.#heldEpoch() });
    if (response.kind === 'refused') return this.#complain(refusal(response));
    if (response.kind === 'wait') this.#tell({ kind: 'waiting', milliseconds: waitOf(response) });
    if (response.kind !== 'task') return this.#otherwise(response);
    const { task } = response;
    const record = this.#records.current;
    if (sameRun(record, task) && task.ticket === record.resolved)
      this.#unusable('a new ticket', 'one that is resolved');
    try {
      await agree(this.#around.where, task, this.#options, this.#half, (request) => this.#ask(request));
    } catch (error) {
      if (isFedkitError(error) && !isRefusal(error)) throw error;
      return this.#giveUp(task, verdictOnTask(error));
    }
    await this.#commit(begin(record, task, this.#around.clock.now()), { kind: 'joined', task });
    return NOW;
  }

  async #trainOrDownload({ task, expiresAt }: Extract<Work, { kind: 'training' }>): Promise<NextStep> {
    if (this.#around.clock.now() >= expiresAt) {
      await this.#commit(giveUp(this.#records.current, task.ticket), { kind: 'expired', task });
      return NOW;
    }
    try {
      // Again: the record may be that of an older version of the app, with other terms.
      checkTask(this.#around.where, task, this.#options, this.#half);
    } catch (error) {
      return this.#giveUp(task, verdictOnTask(error));
    }
    if (this.#records.current.unsettled) {
      // A later round's task is trained from what the earlier one left.
      const step = await this.#settled();
      return step === 'pending' ? LATER : step;
    }
    const model = (this.#model ??= await storedModel(this.#around.where, this.#options.store, this.#options.id, task));
    return model.complete ? this.#train(task, model) : this.#download(task, model);
  }

  async #download(task: RoundTask, model: StoredModel): Promise<NextStep> {
    const other = await model.fetch(this.#around.ask);
    if (other?.kind === 'refused') return this.#giveUp(task, verdictOnTask(refusal(other)));
    if (other) return this.#otherwise(other);
    this.#tell({ kind: 'received', task, bytes: model.received });
    return { next: model.complete ? 'training' : 'request', milliseconds: 0 };
  }

  async #train(task: RoundTask, model: StoredModel): Promise<NextStep> {
    const { current } = this.#records;
    let broadcast: B;
    try {
      const { size } = this.#options.pipeline;
      broadcast = decodeBroadcast(`${this.#around.where}: broadcast`, model.verified(), this.#owner, size) as B;
    } catch (error) {
      await model.drop();
      return this.#giveUp(task, verdictOnTask(error));
    }
    this.#tell({ kind: 'downloaded', task, broadcast });
    let trained: Awaited<ReturnType<typeof trainFor>>;
    try {
      trained = await trainFor(task, broadcast, current.kept, this.#half, this.#owner, this.#around, this.#options);
    } catch (error) {
      if (isFedkitError(error, 'ABORTED')) throw error;
      return this.#giveUp(task, verdictOnTraining(error));
    }
    await this.#commit({ ...current, work: trained.work }, { kind: 'trained', task, local: trained.local });
    await model.drop();
    return NOW;
  }

  async #report(work: Extract<Work, { kind: 'reporting' }>): Promise<NextStep> {
    const response = await this.#send(work, joined(work.request));
    return 'next' in response ? response : this.#settle(work, response);
  }

  /** Sends what the transport may refuse for good, as too long: there is no use in trying that again. */
  async #send(work: TrainedWork, request: Request | Uint8Array): Promise<Response | NextStep> {
    try {
      return await this.#ask(request);
    } catch (error) {
      if (isFedkitError(error, 'OUT_OF_RANGE')) return this.#discard(work, error);
      throw error;
    }
  }

  async #settle(work: TrainedWork, response: Response): Promise<NextStep> {
    this.#checkTicket(response, work.task);
    switch (response.kind) {
      case 'accepted': {
        const { current } = this.#records;
        if (!remembers(current, work)) return this.#resolve(work, 'counted');
        this.#refusals.forget();
        await this.#commit(accept(current, work), { kind: 'accepted', task: work.task });
        return NOW;
      }
      case 'finished':
        return this.#resolve(work, response.counted ? 'counted' : 'uncounted');
      case 'late':
        return this.#resolve(work, 'late');
      case 'refused':
        return this.#discard(work, refusal(response));
      default:
        return this.#otherwise(response);
    }
  }

  async #resolve(work: TrainedWork, outcome: 'counted' | 'uncounted' | 'late' | 'closed'): Promise<NextStep> {
    const { task } = work;
    const event: ClientProgress<B> =
      outcome === 'counted' ? { kind: 'counted', task } : { kind: 'discarded', task, reason: outcome };
    this.#refusals.forget();
    await this.#commit(resolve(this.#records.current, work, outcome === 'counted'), event);
    return NOW;
  }

  /** Asks what became of an accepted report, and keeps what follows; `pending` while its round goes on, or if nothing waits. */
  async #settled(): Promise<NextStep | 'pending'> {
    const { unsettled } = this.#records.current;
    if (!unsettled) return 'pending';
    const { task } = unsettled;
    const response = await this.#ask({ kind: 'outcome', ticket: task.ticket });
    this.#checkTicket(response, task);
    if (response.kind === 'wait') return 'pending';
    const counted = this.#outcomeOf(response);
    if (counted === undefined) return this.#complain(refusal(response as Response & { kind: 'refused' }), task);
    await this.#commit(
      settle(this.#records.current, counted),
      counted ? { kind: 'counted', task } : { kind: 'discarded', task, reason: 'uncounted' },
    );
    return NOW;
  }

  /** Whether an accepted report counts; `undefined` where the server refuses to say now. */
  #outcomeOf(response: Response): boolean | undefined {
    switch (response.kind) {
      case 'finished':
        return response.counted;
      case 'late':
        return false;
      case 'refused':
        // A server that does not know the question counts whatever it accepts; one that does not know the ticket has lost it.
        if (response.code === 'DECODE_FAILED') return true;
        return response.code === 'INVALID_ARGUMENT' ? false : undefined;
      default:
        return this.#unusable('the outcome of a ticket', response.kind);
    }
  }

  /** What this client says of its state as it joins: of algorithms whose server keeps a sum over them. */
  #heldEpoch(): { readonly epoch?: number } {
    const { current } = this.#records;
    // What waits to be settled may or may not be of the present epoch.
    if (!this.#options.pipeline.algorithm.settle || current.unsettled) return {};
    const { state } = current.kept;
    return { epoch: (state && epochIn(decodeState(state, this.#owner))) ?? 0 };
  }

  async #leave(ticket: number, reason?: DeclineReason): Promise<NextStep> {
    let response = await this.#ask(reason ? { kind: 'decline', ticket, reason } : { kind: 'leave', ticket });
    // One that knows no reasons.
    if (reason && response.kind === 'refused') response = await this.#ask({ kind: 'leave', ticket });
    if (response.kind === 'wait' || response.kind === 'closed') return this.#otherwise(response);
    // Whatever else it says, it has heard.
    await this.#commit({ ...this.#records.current, resolved: ticket, work: { kind: 'none' } });
    return { next: 'request', milliseconds: this.#refusals.count === 0 ? 0 : this.#pause(this.#refusals.count - 1) };
  }

  /** The answers that any request can get; what is none of them is as good as none. */
  async #otherwise(response: Response): Promise<NextStep> {
    if (response.kind === 'wait') return { next: 'request', milliseconds: waitOf(response) };
    if (response.kind !== 'closed') this.#unusable('an answer to the request', response.kind);
    const { current } = this.#records;
    if (current.work.kind === 'reporting' || current.work.kind === 'exchanging')
      await this.#resolve(current.work, 'closed');
    else if (current.work.kind !== 'none') await this.#commit({ ...current, work: { kind: 'none' } });
    return { next: 'closed', milliseconds: 0 };
  }

  /** What was trained cannot be brought to count. */
  async #discard(work: TrainedWork, error: unknown): Promise<NextStep> {
    if (!isRefusal(error)) throw error;
    const event = { kind: 'discarded', task: work.task, reason: 'refused' } as const;
    return this.#giveUp(work.task, verdictOnTask(error), event);
  }

  /** Declines a task; rejects with the error where another try is of no use, once the server has heard. */
  async #giveUp(task: RoundTask, { error, reason, final }: Verdict, ...events: ClientProgress<B>[]): Promise<NextStep> {
    const named: ClientProgress<B>[] = isFedkitError(error) ? [{ kind: 'refused', task, error, declined: reason }] : [];
    const again = this.#refusals.again(error);
    const { ticket } = task;
    await this.#commit(giveUp(this.#records.current, ticket, reason), ...events, ...named);
    if (!final && !again) return NOW;
    // A server that cannot hear it now hears it with the next step.
    await this.#leave(ticket, reason).catch(() => {});
    this.#refusals.forget();
    throw final ? error : stoppedBy(error);
  }

  /** Goes on after a refusal, unless it was the second for one reason. With a task, it is asked about to the end. */
  #complain(error: FedkitError, task?: RoundTask): NextStep {
    this.#tell({ kind: 'refused', ...(task && { task }), error });
    const again = this.#refusals.again(error);
    if (!again || task) return { next: 'request', milliseconds: this.#pause(this.#refusals.count - 1) };
    this.#refusals.forget();
    throw stoppedBy(error);
  }

  #checkTicket(response: Response, { ticket }: RoundTask): void {
    if ('ticket' in response && response.ticket !== ticket)
      this.#unusable(`an answer about ticket ${ticket}`, 'another');
  }

  #unusable(expected: string, got: string): never {
    return unusable(this.#around.where, expected, got);
  }

  #ask(request: Request | Uint8Array): Promise<Response> {
    return this.#around.ask(request);
  }

  #commit(record: ClientRecord, ...events: ClientProgress<B>[]): Promise<void> {
    return this.#records.commit(record, () => {
      if (record.work.kind !== 'exchanging') this.#exchange?.end();
      if (record.work.kind !== 'training') this.#model = undefined;
      for (const event of events) this.#tell(event);
    });
  }

  #tell(event: ClientProgress<B>): void {
    this.#around.tell(event);
  }

  #pause(failures: number): number {
    return pauseAfter(failures, this.#around.rng);
  }
}
