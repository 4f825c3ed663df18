/**
 * An asynchronous federation in one process, on a clock of its own: clients that take as long as they take.
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { turn } from '../turn.ts';
import type { NoState } from '../plain-data.ts';
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { AsynchronousAlgorithm, Receipt } from '../algorithm/asynchronous.ts';
import { checkOptions, type OptionNames, checkInteger, checkPositive, refuse } from '../check.ts';
import { type SeededRng, seededRng, shuffle } from '../random.ts';
import { type Clients, lazyClients, type LocalOptions } from './engine.ts';

/** What became of one client's work. */
export interface AsynchronousEvent extends Receipt {
  readonly client: ClientId;
  /** When the contribution arrived, in the unit of `duration`. */
  readonly time: number;
  /** The server's steps, this one included. */
  readonly version: number;
}

/** Options of {@link simulateAsynchronously}. */
export interface AsynchronousSimulationOptions<U extends Update, E> {
  /** `fedBuff()` or `fedAsync()`. */
  readonly algorithm: AsynchronousAlgorithm<U>;
  /** One trainer each. */
  readonly clients: Clients;
  /** How each trains. */
  readonly local: LocalOptions;
  /** The initial model, shape [d]. */
  readonly initial: Float32Array;
  /** All chance follows from it. */
  readonly seed: number | string | Uint8Array;
  /** Clients at work at any time, an integer ≥ 1 and ≤ the number of clients. */
  readonly concurrency: number;
  /** Server steps to run, an integer ≥ 1. */
  readonly versions: number;
  /** How long a client works on one model, > 0; `undefined` if it leaves instead and never reports. */
  readonly duration: (client: ClientId, rng: SeededRng) => number | undefined;
  /** Measures the model after every server step. */
  readonly evaluate?: (params: Float32Array, version: number) => E | Promise<E>;
  /** Told of every arrival, in order. Awaited. */
  readonly onEvent?: (event: AsynchronousEvent) => unknown;
  /** Once it fires, the simulation rejects with `ABORTED`. */
  readonly signal?: AbortSignal;
}

/** How an asynchronous simulation ended. */
export interface AsynchronousSimulationResult<E> {
  /** Shape [d]. */
  readonly params: Float32Array;
  /** What `evaluate` said after each server step. */
  readonly evaluations: readonly E[];
  readonly events: readonly AsynchronousEvent[];
  /** Clients that left. */
  readonly left: readonly ClientId[];
}

/**
 * Keeps `concurrency` clients at work, drawn uniformly from the idle ones, and hands in their contributions in the
 * order in which they finish; ties in the order in which they began. The same seed gives the same bytes.
 *
 * @throws FedkitError `THRESHOLD_NOT_MET` once every client has left, `OUT_OF_RANGE` for options out of range,
 * `ABORTED`, and what clients and the algorithm throw.
 */
export async function simulateAsynchronously<U extends Update, E = undefined>(
  options: AsynchronousSimulationOptions<U, E>,
): Promise<AsynchronousSimulationResult<E>> {
  checkOptions('simulateAsynchronously', options, {
    algorithm: true,
    clients: true,
    local: true,
    initial: true,
    seed: true,
    concurrency: true,
    versions: true,
    duration: true,
    evaluate: true,
    onEvent: true,
    signal: true,
  } satisfies OptionNames<typeof options>);
  const where = 'simulateAsynchronously';
  const { algorithm, local, duration, evaluate, onEvent, signal } = options;
  const source = lazyClients(options.clients);
  const concurrency = checkInteger(`${where}: concurrency`, options.concurrency, 1, source.ids.length);
  const versions = checkInteger(`${where}: versions`, options.versions, 1);
  const root = seededRng(options.seed);
  const arrivals = root.fork('arrivals');
  const idle = shuffle([...source.ids], arrivals);
  const working: Work[] = [];
  const events: AsynchronousEvent[] = [];
  const left: ClientId[] = [];
  const evaluations: E[] = [];
  const state = algorithm.init(options.initial);
  /** What clients keep: local tensors, where there are roles. */
  const kept = new Map<ClientId, NoState>();
  let clock = 0;
  let tasks = 0;

  const begin = () => {
    while (working.length < concurrency && idle.length > 0) {
      const place = arrivals.below(idle.length);
      const [client] = idle.splice(place, 1);
      const task = tasks++;
      const rng = root.fork('task', task);
      const checkout = algorithm.checkout(state, client);
      const takes = duration(client, rng.fork('duration'));
      if (takes === undefined) {
        algorithm.leave(state, client);
        left.push(client);
        continue;
      }
      const due = clock + checkPositive(`${where}: duration`, takes);
      working.push({ client, rng, due, task, ...checkout });
    }
  };

  try {
    while (state.version < versions) {
      begin();
      if (working.length === 0) refuse('THRESHOLD_NOT_MET', where, 'a client that is still there', 'none');
      working.sort((a, b) => a.due - b.due || a.task - b.task);
      const { client, rng, due, ticket, broadcast } = working.shift() as Work;
      clock = due;
      await turn();
      checkAborted(where, signal);
      const trainer = await source.trainer(client);
      const how = { ...local, rng: rng.fork('training'), ...(signal && { signal }) };
      const held = kept.get(client);
      const { contribution, state: own } = await algorithm.clientRound({
        broadcast,
        ...(held && { state: held }),
        trainer,
        options: how,
      });
      const receipt = algorithm.submit(state, ticket, { ...contribution, client });
      if (receipt.outcome === 'stepped' || receipt.outcome === 'buffered') kept.set(client, own);
      idle.push(client);
      const event = { ...receipt, client, time: clock, version: state.version };
      events.push(event);
      await onEvent?.(event);
      if (receipt.outcome === 'stepped' && evaluate) evaluations.push(await evaluate(state.params, state.version));
    }
    return { params: state.params.slice(), evaluations, events, left };
  } finally {
    algorithm.dispose(state);
  }
}

interface Work {
  readonly client: ClientId;
  readonly rng: SeededRng;
  readonly due: number;
  readonly task: number;
  readonly ticket: number;
  readonly broadcast: { readonly params: Float32Array };
}
