/**
 * A federation in one process: seeded cohorts, any algorithm, the same bytes every time.
 *
 * @module
 */
import { checkAborted, turn } from '../abort.ts';
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { ClientReport } from '../algorithm/contract.ts';
import { epochIn, isFresh } from '../algorithm/mirror.ts';
import { checkInteger, checkVector, refuse } from '../check.ts';
import type { ClientStates } from '../client/client-states.ts';
import { FedkitError, isFedkitError } from '../errors.ts';
import type { Layout } from '../model/layout.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';
import type { Selector } from '../select/contract.ts';
import { uniformSelection } from '../select/uniform.ts';
import { type Channel, type ChannelResult, openChannel } from './channel.ts';
import type { Conditions } from './conditions.ts';
import { type ClientEngine, describeLayout, type EngineOptions, inlineEngine, type LocalOptions } from './engine.ts';
import type { FinishedRound, SimulationProgress } from './progress.ts';

/** What to simulate. */
export type SimulationOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  E,
> = Pick<EngineOptions<S, B, C, U, R>, 'algorithm' | 'seed'> &
  (
    | Pick<EngineOptions<S, B, C, U, R>, 'clients' | 'local'>
    | { readonly engine: ClientEngine<B, C, U>; readonly local?: LocalOptions }
  ) & {
    /** The initial model, shape [d]. */
    readonly initial: Float32Array;
    /** The server's layout; every client that knows its own must have the same. */
    readonly layout?: Layout;
    /** How many clients a round asks, uniformly without replacement, or how to draw them. */
    readonly cohort: number | Selector;
    /**
     * Who drops out and who is slow; default: nobody. They start from `local`, so an engine's is to be named here
     * again.
     */
    readonly conditions?: Conditions;
    /**
     * What updates travel through: `plainUpdates` with any codec, `centralDp`, `secureSum` and `distributedDp` around
     * {@link clearAggregation}. Encoded, folded and decoded as in a federation, all of it drawn from `seed`; what clients keep follows
     * from what was counted. Default: as they are. Its algorithm must be `algorithm`.
     */
    readonly channel?: Channel<S, B, C, U, R>;
    /** Whether a model or update that is no longer finite ends the simulation with what there is, or throws; default `throw`. */
    readonly divergence?: 'result' | 'throw';
    /** Where clients' states are kept; default: in memory. With it `clients` of the result is empty. */
    readonly clientStates?: ClientStates<C>;
    /** The most rounds to run, an integer ≥ 1. */
    readonly rounds: number;
    /** Measures the global model after every round. `params` is not to be changed. */
    readonly evaluate?: (params: Float32Array, round: number) => E | Promise<E>;
    /** Ends the simulation after a round with this evaluation. */
    readonly until?: (evaluation: E, round: number) => boolean;
    readonly onProgress?: (event: SimulationProgress<S, B, C, U, E>) => void;
    /** Checked between local steps and between clients. */
    readonly signal?: AbortSignal;
  };

/** How a simulation ended. */
export interface SimulationResult<S, C, E> {
  /** The global model, shape [d]. */
  readonly params: Float32Array;
  /** The server's state, from which rounds could go on. */
  readonly state: S;
  /** What each client that took part keeps, unless `clientStates` does. */
  readonly clients: ReadonlyMap<ClientId, C>;
  readonly rounds: readonly FinishedRound<E>[];
  /** Why it ended early, where values were no longer finite and `divergence` is `result`. */
  readonly diverged?: FedkitError;
}

/**
 * Runs rounds of a federated algorithm over simulated clients. Cohorts are drawn from `seed`, clients visited and
 * folded in a fixed order, so that two runs with one seed give the same bytes: on any engine with trainers in plain
 * arrays, on one engine and backend with TensorFlow.js.
 *
 * A round whose cohort is empty, as a Poisson sample may be, changes nothing.
 *
 * @throws FedkitError `THRESHOLD_NOT_MET` for a cohort that is too small, `SHAPE_MISMATCH` if layouts or lengths
 * differ, `OUT_OF_RANGE` if a client reports a value that is not finite, `ABORTED`. What goes wrong in a round is told
 * with its number and the client's name. Nothing of the caller's was changed.
 */
export async function simulate<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  E = undefined,
>(options: SimulationOptions<S, B, C, U, R, E>): Promise<SimulationResult<S, C, E>> {
  const { algorithm, initial, layout, evaluate, until, onProgress, signal } = options;
  const engine = 'engine' in options ? options.engine : inlineEngine(options);
  const rounds = checkInteger('simulate: rounds', options.rounds, 1);
  const selector = typeof options.cohort === 'number' ? uniformSelection({ cohort: options.cohort }) : options.cohort;
  checkVector('simulate: initial', initial, layout?.size ?? engine.layout?.size);
  if (layout && engine.layout && !layout.equals(engine.layout)) {
    const expected = `the server's layout, ${describeLayout(layout)}`;
    refuse('SHAPE_MISMATCH', "simulate: the clients' layout", expected, describeLayout(engine.layout));
  }
  const root = seededRng(options.seed);
  const states = new Map<ClientId, C>();
  const { conditions } = options;
  if (conditions && !options.local)
    refuse('INVALID_ARGUMENT', 'simulate: local', 'options that conditions start from', undefined);
  const clientStates: ClientStates<C> = options.clientStates ?? {
    get: async (client) => states.get(client),
    put: async (client, own) => {
      states.set(client, own);
    },
  };
  const memories = new Map<ClientId, Uint8Array>();
  const { channel } = options;
  if (channel && channel.algorithm !== algorithm) {
    refuse('INVALID_ARGUMENT', 'simulate: channel', 'a pipeline around this very algorithm', channel.algorithm?.kind);
  }
  const finished: FinishedRound<E>[] = [];
  const aggregator = algorithm.aggregator(initial.length);
  let state = algorithm.init(initial);

  for (let round = 1; round <= rounds; round++) {
    checkAborted(`simulate: round ${round}`, signal);
    const cohort = at(`round ${round}`, { round }, () => selector.select(engine.clients, root.fork('cohort', round)));
    const plans = new Map(
      (
        conditions?.(
          cohort.clients,
          cohort.clients.map(() => options.local),
          root.fork('conditions', round),
        ) ?? []
      ).map((plan, i) => [cohort.clients[i], plan]),
    );
    const reporting = conditions ? cohort.clients.filter((client) => plans.get(client)) : cohort.clients;
    const broadcast = algorithm.broadcast(state);
    onProgress?.({ kind: 'started', round, rounds, cohort, broadcast });
    const accumulator = aggregator.create();
    const kept = new Map<ClientId, C>();
    const held = new Map<ClientId, C>();
    const open =
      channel && reporting.length > 0
        ? openChannel(channel, { round, places: reporting.length, broadcast, rng: root.fork('channel', round) })
        : undefined;
    let sent: ChannelResult<C, R> | undefined;
    let diverged: FedkitError | undefined;
    try {
      await inOrder(
        reporting,
        engine.concurrency,
        async (client) => {
          await turn();
          checkAborted(`simulate: round ${round}`, signal);
          const own = await clientStates.get(client);
          if (own !== undefined) held.set(client, own);
          const local = plans.get(client);
          const task = {
            client,
            round,
            broadcast,
            ...(own !== undefined && { state: own }),
            ...(local && { local }),
          };
          return engine.run(task, signal);
        },
        (client, report, done) => {
          if (open) {
            const state = held.get(client);
            const memory = memories.get(client);
            open.add(client, report, { ...(state !== undefined && { state }), ...(memory && { memory }) });
          } else {
            aggregator.accumulate(accumulator, { ...report.contribution, client });
            kept.set(client, report.state);
          }
          onProgress?.({ kind: 'reported', round, client, done, of: reporting.length, report });
        },
        (client, error) => placed(`round ${round}, client ${JSON.stringify(client)}`, { round, client }, error),
      );
      const population = engine.clients.length;
      if (open) {
        sent = await open.close({ round, scheme: cohort.scheme, population });
        for (const [client, own] of sent.states) kept.set(client, own);
      }
      const contributors = sent?.contributors ?? reporting;
      const known =
        epochIn(broadcast) === undefined
          ? {}
          : { fresh: contributors.filter((client) => isFresh(broadcast, held.get(client))).length };
      const info = { round, cohort: contributors.length, population, ...known };
      // Where everybody dropped out the model stays.
      if (reporting.length > 0) {
        state = at(`round ${round}`, { round }, () =>
          algorithm.serverStep(state, sent ? sent.aggregate : aggregator.finalize(accumulator), info),
        );
      }
    } catch (error) {
      if (options.divergence !== 'result' || !isFedkitError(error, 'OUT_OF_RANGE')) throw error;
      diverged = error;
    } finally {
      aggregator.dispose(accumulator);
      open?.dispose();
    }
    if (diverged)
      return { params: algorithm.params(state).slice(), state, clients: states, rounds: finished, diverged };
    for (const [client, memory] of sent?.memories ?? []) memories.set(client, memory);
    // Only a round that went through changes what clients keep.
    for (const [client, own] of kept) await clientStates.put(client, own);
    const evaluation = evaluate && (await evaluate(algorithm.params(state), round));
    checkAborted(`simulate: round ${round}`, signal);
    const over: FinishedRound<E> = {
      round,
      cohort,
      reported: reporting,
      ...(evaluate && { evaluation: evaluation as E }),
      ...(sent && { facts: sent.facts, bytesUp: sent.bytesUp }),
    };
    finished.push(over);
    onProgress?.({ kind: 'finished', rounds, state, ...over });
    if (evaluate && until?.(evaluation as E, round)) break;
  }
  return { params: algorithm.params(state).slice(), state, clients: states, rounds: finished };
}

/**
 * Runs `work` for every client, up to `concurrency` at once, and folds the results in the cohort's order. If something
 * fails, nothing more is begun, what runs is awaited, and the failure of the first such client is thrown.
 */
async function inOrder<U, C>(
  clients: readonly ClientId[],
  concurrency: number,
  work: (client: ClientId) => Promise<ClientReport<U, C>>,
  fold: (client: ClientId, report: ClientReport<U, C>, done: number) => void,
  place: (client: ClientId, error: unknown) => unknown,
): Promise<void> {
  const waiting = new Map<number, ClientReport<U, C>>();
  let begun = 0;
  let folded = 0;
  const failures: { index: number; error: unknown }[] = [];
  const runner = async () => {
    while (begun < clients.length && failures.length === 0) {
      const index = begun++;
      try {
        waiting.set(index, await work(clients[index]));
      } catch (error) {
        failures.push({ index, error });
      }
      while (failures.length === 0 && waiting.has(folded)) {
        const report = waiting.get(folded) as ClientReport<U, C>;
        waiting.delete(folded);
        try {
          fold(clients[folded], report, folded + 1);
        } catch (error) {
          failures.push({ index: folded, error });
        }
        folded++;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, clients.length) }, runner));
  const [first] = failures.sort((a, b) => a.index - b.index);
  if (first) throw place(clients[first.index], first.error);
}

function at<T>(place: string, details: Record<string, string | number>, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw placed(place, details, error);
  }
}

/** The same error with the place in front of its message; errors that are not ours pass as they are. */
function placed(place: string, details: Record<string, string | number>, error: unknown): unknown {
  if (!isFedkitError(error)) return error;
  return new FedkitError(error.code, `simulate: ${place}: ${error.message}`, {
    details: { ...error.details, ...details },
    cause: error,
  });
}
