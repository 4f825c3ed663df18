/**
 * An experiment, checked when it is written and not when it has run for an hour.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import type { AlgorithmEntry, Experiment, ExperimentDefinition, Grid } from './definition.ts';
import { product } from './grid.ts';

const KNOWN: { readonly [K in keyof Required<ExperimentDefinition>]: true } = {
  name: true,
  about: true,
  task: true,
  splits: true,
  algorithms: true,
  channels: true,
  attacks: true,
  devices: true,
  local: true,
  schedule: true,
  cohort: true,
  rounds: true,
  evaluateEvery: true,
  seeds: true,
  grid: true,
  tuning: true,
  compare: true,
};

/** The grid that an algorithm searches: everyone's, with its own. */
export function gridOf(shared: Grid, entry: AlgorithmEntry): Grid {
  return { ...shared, ...(typeof entry === 'function' ? {} : entry.grid) };
}

/**
 * Checks a definition and fills in what it leaves out. Export it as a module's default for `fedkit bench`, or give it to
 * `runExperiment`.
 *
 * Every algorithm through every channel, under every attack, on all devices and splits tries equally many configurations, on seeds and
 * clients that the table does not use; the table then runs the best of them on `seeds` seeds, each of which gives all of them the same
 * data, initial model and cohorts.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for unknown members, empty lists and names that do not exist, `OUT_OF_RANGE` for numbers,
 * and for a tuning budget larger than some algorithm's grid: it would get fewer tries than the others.
 */
export function experiment(definition: ExperimentDefinition): Experiment {
  const fail = (code: 'INVALID_ARGUMENT' | 'OUT_OF_RANGE', where: string, expected: string, got: unknown): never => {
    throw new FedkitError(code, `experiment: ${where}: expected ${expected}, got ${String(got)}`);
  };
  for (const name of Object.keys(definition)) {
    if (!Object.hasOwn(KNOWN, name))
      fail('INVALID_ARGUMENT', 'member', `one of ${Object.keys(KNOWN).join(', ')}`, name);
  }
  const whole = (where: string, value: unknown, least = 1): number =>
    Number.isSafeInteger(value) && (value as number) >= least
      ? (value as number)
      : fail('OUT_OF_RANGE', where, `an integer ≥ ${least}`, value);
  const some = <T>(where: string, entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> => {
    if (typeof entries !== 'object' || entries === null || Object.keys(entries).length === 0)
      fail('INVALID_ARGUMENT', where, 'at least one entry', entries);
    for (const name of Object.keys(entries))
      if (name === '' || /[\n\t|]/.test(name))
        fail('INVALID_ARGUMENT', where, 'names without |, tabs and lines', JSON.stringify(name));
    return entries;
  };
  const { name, grid = {}, compare } = definition;
  if (typeof name !== 'string' || !/^[\w. -]+$/.test(name) || /^\.+$/.test(name))
    fail('INVALID_ARGUMENT', 'name', 'letters, digits, ., _, - and spaces', JSON.stringify(name));
  for (const member of ['task', 'local'] as const)
    if (typeof definition[member] !== 'function')
      fail('INVALID_ARGUMENT', member, 'a function', typeof definition[member]);
  const algorithms = some('algorithms', definition.algorithms);
  const channels = some('channels', definition.channels ?? { plain: 'none' });
  if (typeof compare?.measure !== 'string')
    fail('INVALID_ARGUMENT', 'compare.measure', 'the name of a measure', compare?.measure);
  const baseline = {
    algorithm: compare.baseline?.algorithm ?? Object.keys(algorithms)[0],
    channel: compare.baseline?.channel ?? Object.keys(channels)[0],
  };
  if (!Object.hasOwn(algorithms, baseline.algorithm))
    fail('INVALID_ARGUMENT', 'compare.baseline.algorithm', 'one of the algorithms', baseline.algorithm);
  if (!Object.hasOwn(channels, baseline.channel))
    fail('INVALID_ARGUMENT', 'compare.baseline.channel', 'one of the channels', baseline.channel);
  if (compare.best !== undefined && compare.best !== 'highest' && compare.best !== 'lowest')
    fail('INVALID_ARGUMENT', 'compare.best', "'highest' or 'lowest'", compare.best);

  const sizes = Object.entries(algorithms).map(([algorithm, entry]) => {
    const own = gridOf(grid, entry);
    for (const [parameter, values] of Object.entries(own)) {
      const where = `${algorithm}: grid.${parameter}`;
      if (!Array.isArray(values) || values.length === 0) fail('INVALID_ARGUMENT', where, 'at least one value', values);
      if (values.some((value) => !Number.isFinite(value)) || new Set(values).size < values.length)
        fail('OUT_OF_RANGE', where, 'different finite numbers', values.join());
    }
    return { algorithm, size: product(own).length };
  });
  const budget = whole('tuning.budget', definition.tuning?.budget ?? Math.min(...sizes.map(({ size }) => size)));
  for (const { algorithm, size } of sizes)
    if (size < budget)
      fail('OUT_OF_RANGE', 'tuning.budget', `at most ${size}, the configurations of ${algorithm}'s grid`, budget);
  const rounds = whole('rounds', definition.rounds);
  if (typeof definition.cohort !== 'function') whole('cohort', definition.cohort);
  return Object.freeze({
    ...definition,
    splits: definition.splits ? some('splits', definition.splits) : { own: undefined },
    algorithms,
    channels,
    attacks: some('attacks', definition.attacks ?? { honest: 'none' }),
    devices: some('devices', definition.devices ?? { instant: 'none' }),
    rounds,
    evaluateEvery: whole('evaluateEvery', definition.evaluateEvery ?? 1),
    seeds: whole('seeds', definition.seeds ?? 5),
    grid,
    tuning: {
      budget,
      seeds: whole('tuning.seeds', definition.tuning?.seeds ?? 1),
      rounds: whole('tuning.rounds', definition.tuning?.rounds ?? rounds),
    },
    compare: {
      ...compare,
      best: compare.best ?? (compare.measure === 'loss' ? 'lowest' : 'highest'),
      average: whole('compare.average', compare.average ?? 1),
      baseline,
    },
  });
}
