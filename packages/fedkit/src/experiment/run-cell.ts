/**
 * One run of an experiment.
 *
 * @module
 */
import { type ClientId, FedkitError, type SeededRng, seededRng } from '@fedkit/core';
import { checkOptions, describe, type OptionNames } from '@fedkit/core/internal';
import { type EvaluationContext, type FinishedRound, simulate } from '@fedkit/core/simulation';
import type { Cell } from './cells.ts';
import type { AttackEntry, BothWays, ChannelContext, Experiment } from './definition.ts';
import type { Federation, Measures, OpenTask } from './task.ts';

/** Where a run stood after a round that was evaluated, 0 before the first; bytes are sums over all clients and rounds so far. */
export interface Point {
  readonly round: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** The virtual clock. */
  readonly seconds?: number;
  /** What recipients of the models have learned at most, by a channel's ledger. */
  readonly epsilon?: number;
  readonly measures: Measures;
}

/** What a run came to. */
export interface CellResult {
  readonly curve: readonly Point[];
  /** Why it left the finite numbers, after the last point. */
  readonly diverged?: string;
  readonly milliseconds: number;
}

/**
 * Runs a cell. All chance of its data, model and cohorts comes from its phase and seed alone, so that rows are paired.
 *
 * @param onRound - Told after each round.
 * @throws FedkitError `INVALID_ARGUMENT` if the evaluation does not give the measure that is compared; what parts throw, but for
 * values that are no longer finite: these are a result.
 */
export async function runCell(
  experiment: Experiment,
  task: OpenTask,
  cell: Cell,
  {
    onRound,
    signal,
  }: { readonly onRound?: (round: number, rounds: number) => void; readonly signal?: AbortSignal } = {},
): Promise<CellResult> {
  const began = performance.now();
  const { row, phase, seed, parameters } = cell;
  const split = experiment.splits[row.split];
  const rng = seededRng(`${experiment.name} | ${row.split} | ${phase} | ${seed}`);
  const federation = await task.federation({ ...(split && { split }), rng: rng.fork('federation'), phase });
  const ids = idsOf(federation);
  const entry = experiment.algorithms[row.algorithm];
  const algorithm = (typeof entry === 'function' ? entry : entry.make)(parameters);
  const local = ((typeof entry === 'object' && entry.local) || experiment.local)(parameters);
  const rounds = phase === 'tuning' ? experiment.tuning.rounds : experiment.rounds;
  const text = `${phase} ${seed}`;
  const makeChannel = experiment.channels[row.channel];
  const context = {
    algorithm: algorithm as ChannelContext['algorithm'],
    layout: federation.layout,
    parameters,
    population: ids.length,
    rounds,
    seed: text,
  };
  const made = makeChannel === 'none' ? undefined : await makeChannel(context);
  const { up: channel, down: downlink } = made && 'down' in made ? checkBothWays(row.channel, made) : { up: made };
  const makeDevices = experiment.devices[row.devices];
  const { conditions, of, ...clock } = makeDevices === 'none' ? {} : makeDevices(text);
  if (!of && Object.values(clock).some((value) => value !== undefined))
    throw new FedkitError(
      'INVALID_ARGUMENT',
      `experiment: devices ${row.devices}: expected \`of\` beside a clock, got none`,
    );
  const byzantine = attackers(experiment.attacks[row.attack], ids, rng.fork('attackers'));
  const cohort = experiment.cohort;

  const curve: Point[] = [];
  let [bytesUp, bytesDown] = [0, 0];
  const after = (over: FinishedRound<Measures>) => {
    bytesUp += over.bytesUp;
    bytesDown += over.bytesDown;
    onRound?.(over.round, rounds);
    const { evaluation, seconds, facts } = over;
    if (!evaluation) return;
    const epsilon = facts?.epsilon?.recipients;
    curve.push({
      round: over.round,
      bytesUp,
      bytesDown,
      ...(seconds !== undefined && { seconds }),
      ...(epsilon !== undefined && { epsilon }),
      measures: evaluation,
    });
  };
  const measure = async (params: Float32Array, seen: EvaluationContext<unknown, unknown, unknown>) => {
    const measures = await federation.evaluate(params, seen);
    const { measure: wanted } = experiment.compare;
    if (Object.hasOwn(measures, wanted)) return comparable(measures);
    const got = Object.keys(measures).join(', ') || 'nothing';
    throw new FedkitError(
      'INVALID_ARGUMENT',
      `compare.measure: expected one that was evaluated, ${got}, got ${wanted}`,
    );
  };
  const state: unknown = algorithm.init(federation.initial);
  const untrained = { state, broadcast: () => algorithm.broadcast(state), clientState: async () => undefined };
  const start = { round: 0, bytesUp: 0, bytesDown: 0, ...(of && { seconds: 0 }) };
  curve.push({ ...start, measures: await measure(federation.initial, untrained) });
  const { diverged } = await simulate({
    algorithm,
    clients: federation.clients,
    local,
    initial: federation.initial,
    layout: federation.layout,
    cohort: typeof cohort === 'number' ? cohort : cohort(ids.length),
    rounds,
    seed: `${experiment.name} | ${text}`,
    divergence: 'result',
    evaluateEvery: experiment.evaluateEvery,
    evaluate: (params, _round, seen) => measure(params, seen),
    onProgress: (event) => event.kind === 'finished' && after(event),
    ...(experiment.schedule && { schedule: experiment.schedule }),
    ...(channel && { channel }),
    ...(downlink && { downlink }),
    ...(conditions && { conditions }),
    ...(of && { devices: { ...clock, of } }),
    ...(byzantine && { byzantine }),
    ...(signal && { signal }),
  });
  const milliseconds = Math.round(performance.now() - began);
  return { curve, ...(diverged && { diverged: diverged.message }), milliseconds };
}

/** JSON, which keeps results, has neither infinities nor NaN: whatever is not finite is NaN, before it is kept and after. */
export function comparable(measures: Readonly<Record<string, number | null>>): Measures {
  const finite = ([name, value]: [string, number | null]) => [name, Number.isFinite(value) ? value : Number.NaN];
  return Object.fromEntries(Object.entries(measures).map(finite)) as Measures;
}

function checkBothWays(name: string, both: BothWays): BothWays {
  const where = `experiment: channels: ${name}`;
  checkOptions(where, both, { up: true, down: true } satisfies OptionNames<BothWays>);
  if (typeof both.down === 'function') return both;
  throw new FedkitError('INVALID_ARGUMENT', `${where}: down: expected a function, got ${describe(both.down)}`);
}

function idsOf({ clients }: Federation): readonly ClientId[] {
  return 'ids' in clients ? clients.ids : clients.map((_, i) => String(i));
}

function attackers(entry: AttackEntry, ids: readonly ClientId[], rng: SeededRng) {
  if (entry === 'none') return undefined;
  const made = entry();
  checkOptions('experiment: attacks', made, { share: true, attack: true } satisfies OptionNames<typeof made>);
  const { share, attack } = made;
  if (!(share >= 0 && share < 1))
    throw new FedkitError('OUT_OF_RANGE', `experiment: attacks: share: expected a number in [0, 1), got ${share}`);
  const pool = [...ids];
  const clients: ClientId[] = [];
  for (let left = Math.round(share * ids.length); left > 0; left--)
    clients.push(...pool.splice(rng.below(pool.length), 1));
  return { clients, attack };
}
