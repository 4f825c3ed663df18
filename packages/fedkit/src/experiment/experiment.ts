/**
 * An experiment, checked when it is written and not when it has run for an hour.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkOptions, describe, type OptionNames } from '@fedkit/core/internal';
import type { AlgorithmEntry, Comparison, Experiment, ExperimentDefinition, Grid, Tuning } from './definition.ts';
import { product } from './grid.ts';

const MEMBERS: OptionNames<ExperimentDefinition> = {
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
const TUNING: OptionNames<Tuning> = { budget: true, seeds: true, rounds: true };
const COMPARISON: OptionNames<Comparison> = { measure: true, best: true, target: true, baseline: true, average: true };
const BASELINE: OptionNames<NonNullable<Comparison['baseline']>> = { algorithm: true, channel: true };
const ENTRY: OptionNames<Exclude<AlgorithmEntry, (...given: never) => unknown>> = {
  make: true,
  grid: true,
  local: true,
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
 * @throws FedkitError `INVALID_ARGUMENT` for unknown members at any depth, empty lists and names that do not exist, `OUT_OF_RANGE` for numbers,
 * and for a tuning budget larger than some algorithm's grid: it would get fewer tries than the others.
 */
export function experiment(definition: ExperimentDefinition): Experiment {
  const fail = (code: 'INVALID_ARGUMENT' | 'OUT_OF_RANGE', where: string, expected: string, got: unknown): never => {
    throw new FedkitError(code, `experiment: ${where}: expected ${expected}, got ${describe(got)}`);
  };
  checkOptions('experiment', definition, MEMBERS);
  checkOptions('experiment: tuning', definition.tuning ?? {}, TUNING);
  checkOptions('experiment: compare', definition.compare, COMPARISON);
  checkOptions('experiment: compare.baseline', definition.compare.baseline ?? {}, BASELINE);
  const whole = (where: string, value: unknown, least = 1): number =>
    Number.isSafeInteger(value) && (value as number) >= least
      ? (value as number)
      : fail('OUT_OF_RANGE', where, `an integer ≥ ${least}`, value);
  const some = <T>(where: string, entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> => {
    if (typeof entries !== 'object' || entries === null || Object.keys(entries).length === 0)
      fail('INVALID_ARGUMENT', where, 'at least one entry', entries);
    for (const name of Object.keys(entries))
      if (name === '' || /[\n\t|]/.test(name)) fail('INVALID_ARGUMENT', where, 'names without |, tabs and lines', name);
    return entries;
  };
  const { name, grid = {}, compare } = definition;
  if (typeof name !== 'string' || !/^[\w. -]+$/.test(name) || /^\.+$/.test(name))
    fail('INVALID_ARGUMENT', 'name', 'letters, digits, ., _, - and spaces', name);
  for (const member of ['task', 'local'] as const)
    if (typeof definition[member] !== 'function') fail('INVALID_ARGUMENT', member, 'a function', definition[member]);
  const algorithms = some('algorithms', definition.algorithms);
  for (const [algorithm, entry] of Object.entries(algorithms)) {
    const where = `algorithms: ${algorithm}`;
    if (typeof entry === 'function') continue;
    checkOptions(`experiment: ${where}`, entry, ENTRY);
    if (typeof entry.make !== 'function') fail('INVALID_ARGUMENT', `${where}: make`, 'a function', entry.make);
  }
  const channels = some('channels', definition.channels ?? { plain: 'none' });
  const attacks = some('attacks', definition.attacks ?? { honest: 'none' });
  const devices = some('devices', definition.devices ?? { instant: 'none' });
  for (const [kind, entries] of Object.entries({ channels, attacks, devices })) {
    for (const [entry, value] of Object.entries<unknown>(entries))
      if (value !== 'none' && typeof value !== 'function')
        fail('INVALID_ARGUMENT', `${kind}: ${entry}`, "a function or 'none'", value);
  }
  if (typeof compare.measure !== 'string')
    fail('INVALID_ARGUMENT', 'compare.measure', 'the name of a measure', compare.measure);
  if (compare.target !== undefined && !Number.isFinite(compare.target))
    fail('OUT_OF_RANGE', 'compare.target', 'a finite number', compare.target);
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
      const odd = values.findIndex((value, i) => !Number.isFinite(value) || values.indexOf(value) < i);
      if (odd >= 0) fail('OUT_OF_RANGE', where, 'different finite numbers', values[odd]);
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
    attacks,
    devices,
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
