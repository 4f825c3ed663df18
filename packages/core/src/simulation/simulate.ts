/**
 * A federation in one process: seeded cohorts, any algorithm, the same bytes every time.
 *
 * @module
 */
import { toHex } from '../hex.ts';
import { checkAborted } from '../abort.ts';
import { turn } from '../turn.ts';
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { ClientReport } from '../algorithm/contract.ts';
import { epochIn, isFresh } from '../algorithm/epoch.ts';
import type { RoundMetrics } from '../algorithm/round-metrics.ts';
import { checkInteger, checkVector, refuse, checkOptions } from '../check.ts';
import type { ClientStates } from '../client/client-states.ts';
import { type FedkitError, isFedkitError } from '../errors.ts';
import type { PlainData } from '../plain-data.ts';
import { secureRng, seededRng } from '../random.ts';
import { partOf } from '../select/part-of.ts';
import { uniformSelection } from '../select/uniform.ts';
import { forge, isByzantine } from './byzantine.ts';
import { type ChannelResult, openChannel, type Sent } from './channel.ts';
import { decodeStanding, encodeStanding } from './checkpoint.ts';
import { inTime, secondsOf } from './devices.ts';
import { openDownlink } from './downlink.ts';
import { type ClientTask, describeLayout, inlineEngine } from './engine.ts';
import { at, inOrder, placed } from './in-order.ts';
import { SIMULATION_OPTIONS, type SimulationOptions, type SimulationResult } from './options.ts';
import type { FinishedRound } from './progress.ts';
import { rawBytes } from './raw-bytes.ts';

/**
 * Runs rounds of a federated algorithm over simulated clients. Cohorts are drawn from `seed`, clients visited and
 * folded in a fixed order, so that two runs with one seed give the same bytes: on any engine with trainers in plain
 * arrays, on one engine and backend with TensorFlow.js.
 *
 * A round whose cohort is empty, as a Poisson sample may be, changes nothing; nor does one from which so many dropped out, or came
 * too late, that its channel would release nothing.
 *
 * @throws FedkitError `THRESHOLD_NOT_MET` for a cohort that is too small, `SHAPE_MISMATCH` if layouts or lengths
 * differ, `OUT_OF_RANGE` if a client reports a value that is not finite, `ABORTED`, `DECODE_FAILED` for a `from` that is no checkpoint.
 * What goes wrong in a round is told with its number and the client's name. Nothing of the caller's was changed.
 */
export async function simulate<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  E = undefined,
>(options: SimulationOptions<S, B, C, U, R, E>): Promise<SimulationResult<S, C, E>> {
  checkOptions('simulate', options, SIMULATION_OPTIONS);
  const { algorithm, initial, layout, conditions, devices, byzantine, schedule, channel, evaluate, signal } = options;
  const engine =
    'engine' in options
      ? options.engine
      : inlineEngine({ algorithm, clients: options.clients, local: options.local, seed: options.seed });
  const rounds = checkInteger('simulate: rounds', options.rounds, 1);
  const every = checkInteger('simulate: evaluateEvery', options.evaluateEvery ?? 1, 1);
  const selector = typeof options.cohort === 'number' ? uniformSelection({ cohort: options.cohort }) : options.cohort;
  checkVector('simulate: initial', initial, layout?.size ?? engine.layout?.size);
  if (layout && engine.layout && !layout.equals(engine.layout)) {
    const expected = `the server's layout, ${describeLayout(layout)}`;
    refuse('SHAPE_MISMATCH', "simulate: the clients' layout", expected, describeLayout(engine.layout));
  }
  if ((conditions || schedule) && !options.local)
    refuse('INVALID_ARGUMENT', 'simulate: local', 'options that conditions or a schedule start from', undefined);
  if (channel && channel.algorithm !== algorithm)
    refuse('INVALID_ARGUMENT', 'simulate: channel', 'a pipeline around this very algorithm', channel.algorithm?.kind);

  const { draw, minimumContributors } = channel?.server() ?? { minimumContributors: 1 };
  const root = seededRng(options.seed);
  // Of a ledger two simulations are two runs, however alike they are.
  const run = options.channel ? toHex(secureRng().fill(new Uint8Array(16))) : '';
  const known = layout ?? engine.layout;
  const owner = { kind: algorithm.kind, model: known?.digest() ?? `${initial.length} parameters` };
  const begun = options.from && decodeStanding<S, C>(options.from, owner, root);
  const { downlink: make } = options;
  if (begun && (begun.downlink === undefined) !== (make === undefined)) {
    const expected = begun.downlink ? 'one, as the checkpoint has' : 'none, as the checkpoint has none';
    refuse('INVALID_ARGUMENT', 'simulate: downlink', expected, make && 'one');
  }
  const down = make && openDownlink({ algorithm, make, owner, ...(begun?.downlink && { from: begun.downlink }) });
  const states = new Map<ClientId, C>(begun?.clients);
  const memories = new Map<ClientId, Uint8Array>(begun?.memories);
  const clientStates: ClientStates<C> = options.clientStates ?? {
    get: async (client) => states.get(client),
    put: async (client, own) => {
      states.set(client, own);
    },
  };
  const attacks = byzantine ? isByzantine(byzantine) : () => false;
  const population = engine.clients.length;
  const finished: FinishedRound<E>[] = [];
  const aggregator = algorithm.aggregator(initial.length);
  let clock = begun?.seconds ?? 0;
  let state = begun?.state ?? algorithm.init(initial);
  const result = (round: number): SimulationResult<S, C, E> => {
    const [ended, seconds] = [state, clock];
    const checkpoint = () => {
      const downlink = down && { downlink: down.standing() };
      return encodeStanding({ round, seconds, state: ended, clients: states, memories, ...downlink }, owner, root);
    };
    return { params: algorithm.params(state).slice(), state, clients: states, rounds: finished, checkpoint };
  };

  for (let round = (begun?.round ?? 0) + 1; round <= rounds; round++) {
    const where = `simulate: round ${round}`;
    checkAborted(where, signal);
    const there = devices?.available
      ? engine.clients.filter((client) => devices.available?.(client, clock))
      : engine.clients;
    const askable = draw ? there.filter((client) => draw.asks(round, client)) : there;
    const all = at(`round ${round}`, { round }, () => selector.select(askable, root.fork('cohort', round)));
    const cohort = partOf(all, draw?.share(round) ?? 1, minimumContributors, root.fork('share', round));
    const local = options.local && schedule ? schedule(options.local, round) : options.local;
    const meant = cohort.clients.map(() => local);
    const drawn = conditions?.(cohort.clients, meant, root.fork('conditions', round)) ?? meant;
    const plans = new Map(cohort.clients.map((client, i) => [client, drawn[i]]));
    const asked = conditions ? cohort.clients.filter((client) => plans.get(client)) : cohort.clients;
    const broadcast = algorithm.broadcast(state);
    const whole = rawBytes(broadcast);
    const missed = down && at(`round ${round}`, { round }, () => down.fetch(cohort.clients, broadcast));
    const fetched = (client: ClientId) => missed?.get(client) ?? whole;
    await options.onProgress?.({ kind: 'started', round, rounds, cohort, broadcast });

    const accumulator = aggregator.create();
    const kept = new Map<ClientId, C>();
    const held = new Map<ClientId, C>();
    const open =
      channel && asked.length > 0
        ? openChannel(channel, { round, places: asked.length, broadcast, rng: root.fork('channel', round) })
        : undefined;
    const send = (client: ClientId, report: ClientReport<U, C>): Sent => {
      const own = held.get(client);
      const memory = memories.get(client);
      if (open)
        return open.encode(client, report, { ...(own !== undefined && { state: own }), ...(memory && { memory }) });
      const count = () => {
        aggregator.accumulate(accumulator, { ...report.contribution, client });
        if (!attacks(client)) kept.set(client, report.state);
      };
      return { bytes: rawBytes(report.contribution.values), count };
    };
    const arrivals: (Sent & { readonly client: ClientId; readonly seconds: number })[] = [];
    let done = 0;
    let bytesUp = 0;
    const receive = async (client: ClientId, report: ClientReport<U, C>, steps: number) => {
      const sent = send(client, report);
      bytesUp += sent.bytes;
      const work = { down: fetched(client), steps, up: sent.bytes };
      const seconds = devices ? secondsOf(devices.of(client), work) : 0;
      arrivals.push({ client, seconds, ...sent });
      // Without a clock nobody is late, and nothing need wait.
      if (!devices) sent.count();
      await options.onProgress?.({ kind: 'reported', round, client, done: ++done, of: asked.length, report });
    };
    const honest: ClientReport<U, C>[] = [];
    let contributors: readonly ClientId[] = [];
    let sent: ChannelResult<C, R> | undefined;
    let metrics: RoundMetrics | undefined;
    let seconds = clock;
    try {
      await inOrder(
        asked.filter((client) => !attacks(client)),
        engine.concurrency,
        async (client) => {
          await turn();
          checkAborted(where, signal);
          const own = await clientStates.get(client);
          if (own !== undefined) held.set(client, own);
          const plan = conditions || schedule ? plans.get(client) : undefined;
          const task: ClientTask<B, C> = {
            client,
            round,
            broadcast,
            ...(own !== undefined && { state: own }),
            ...(plan && { local: plan }),
          };
          return engine.run(task, signal);
        },
        (client, report) => {
          if (byzantine) honest.push(report);
          return receive(client, report, report.local.steps);
        },
        (client, error) => placed(`round ${round}, client ${JSON.stringify(client)}`, { round, client }, error),
      );
      if (byzantine && honest.length > 0) {
        const reports = honest.map(({ contribution }) => contribution);
        for (const client of asked.filter(attacks)) {
          const contribution = forge(byzantine.attack, reports, root.fork('attack', round, client));
          await receive(client, { ...honest[0], contribution }, 0);
        }
      }
      if (devices) {
        const over = inTime(arrivals, devices, cohort.clients.length);
        for (const arrival of arrivals) if (over.counted.has(arrival)) arrival.count();
        contributors = arrivals.filter((arrival) => over.counted.has(arrival)).map(({ client }) => client);
        seconds += over.seconds;
      } else {
        contributors = arrivals.map(({ client }) => client);
      }
      const least = open?.minimumContributors ?? 1;
      // A cohort that could never be enough is a mistake, and the channel says so; one that shrank is a round that came to nothing.
      const shrank = contributors.length < cohort.clients.length || cohort.scheme.kind === 'poisson';
      if (contributors.length === 0 || (contributors.length < least && shrank)) {
        contributors = [];
      } else {
        if (open) {
          sent = await open.close({ round, run, scheme: cohort.scheme, population });
          for (const [client, own] of sent.states) if (!attacks(client)) kept.set(client, own);
          contributors = sent.contributors;
        }
        const count = contributors.filter((client) => !attacks(client) && isFresh(broadcast, held.get(client))).length;
        const fresh = epochIn(broadcast) === undefined ? {} : { fresh: count };
        const info = { round, cohort: contributors.length, population, ...fresh };
        state = at(`round ${round}`, { round }, () => {
          const aggregate = sent ? sent.aggregate : aggregator.finalize(accumulator);
          metrics = algorithm.metricsOf?.(aggregate, sent?.noiseStd?.metrics);
          const next = algorithm.serverStep(state, aggregate, info);
          return down ? down.publish(state, next, root.fork('downlink', round)) : next;
        });
      }
    } catch (error) {
      if (options.divergence !== 'result' || !isFedkitError(error, 'OUT_OF_RANGE')) throw error;
      return { ...result(round - 1), diverged: error as FedkitError };
    } finally {
      aggregator.dispose(accumulator);
      open?.dispose();
    }
    clock = seconds;
    // Only a round that went through changes what clients keep.
    if (contributors.length > 0) {
      // As on a device: a report that counted and gave no memory leaves none.
      for (const client of sent?.contributors ?? []) {
        const memory = sent?.memories.get(client);
        if (memory) memories.set(client, memory);
        else memories.delete(client);
      }
      for (const [client, own] of kept) await clientStates.put(client, own);
    }
    const due = evaluate && (round % every === 0 || round === rounds);
    const evaluation = due
      ? await evaluate(algorithm.params(state), round, {
          state,
          broadcast: () => algorithm.broadcast(state),
          clientState: (client) => clientStates.get(client),
        })
      : undefined;
    checkAborted(where, signal);
    const counted = new Set(contributors);
    const over: FinishedRound<E> = {
      round,
      cohort,
      reported: contributors,
      late: devices ? arrivals.map(({ client }) => client).filter((client) => !counted.has(client)) : [],
      ...(due && { evaluation: evaluation as E }),
      ...((sent || metrics) && { facts: { ...sent?.facts, ...(metrics && { metrics }) } }),
      bytesUp,
      bytesDown: cohort.clients.reduce((sum, client) => sum + fetched(client), 0),
      ...(devices && { seconds: clock }),
    };
    finished.push(over);
    await options.onProgress?.({
      kind: 'finished',
      rounds,
      state,
      checkpoint: () => result(round).checkpoint(),
      ...over,
    });
    if (due && (await options.until?.(evaluation as E, round))) return result(round);
  }
  return result(Math.max(rounds, begun?.round ?? 0));
}
