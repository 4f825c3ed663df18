import { fedAvg, softmaxRegression } from '@fedkit/core';
import { iidPartition } from '@fedkit/core/simulation';
import { describe, expect, it } from 'vitest';
import { cellDigest, cellName, rowsOf, tableCells, tuningCells } from './cells.ts';
import type { ExperimentDefinition } from './definition.ts';
import { experiment } from './experiment.ts';
import { atEdge, configurations } from './grid.ts';
import { frontier } from './pareto.ts';
import { classification } from './task.ts';

const model = softmaxRegression({ inputs: 1, classes: 2 });
const examples = {
  inputs: Float32Array.from({ length: 1000 }, (_, i) => i),
  labels: Uint8Array.from({ length: 1000 }, (_, i) => i % 2),
};
const definition: ExperimentDefinition = {
  name: 'plan',
  task: () => classification({ model, train: examples, test: examples }),
  splits: { iid: (labels, rng) => iidPartition(labels.length, { clients: 10 }, rng) },
  algorithms: {
    one: () => fedAvg(),
    two: { make: () => fedAvg(), grid: { mu: [1, 2, 3] } },
  },
  local: ({ rate }) => ({ epochs: 1, batchSize: 10, learningRate: rate }),
  grid: { rate: [0.1, 0.2, 0.4, 0.8] },
  cohort: 5,
  rounds: 3,
  compare: { measure: 'accuracy' },
};

describe('an experiment', () => {
  it('gives every row as many tries, on seeds that the table does not use', () => {
    const plan = experiment(definition);
    const tries = rowsOf(plan).map((row) => tuningCells(plan, row));
    expect(tries.map(({ length }) => length)).toEqual([4, 4]);
    expect(new Set(tries[1].map(({ parameters }) => JSON.stringify(parameters))).size).toBe(4);
    const table = tableCells(plan, rowsOf(plan)[0], { rate: 0.1 });
    expect(table.map(({ seed, phase }) => `${phase} ${seed}`)).toEqual([0, 1, 2, 3, 4].map((seed) => `table ${seed}`));
    expect(new Set([...tries.flat(), ...table].map(cellName)).size).toBe(13);
  });

  it('takes the lowest loss for the best unless it is told otherwise, and the highest of anything else', () => {
    const bestOf = (compare: ExperimentDefinition['compare']) => experiment({ ...definition, compare }).compare.best;
    expect(bestOf({ measure: 'loss' })).toBe('lowest');
    expect(bestOf({ measure: 'loss', best: 'highest' })).toBe('highest');
    expect(bestOf({ measure: 'accuracy' })).toBe('highest');
  });

  it('runs a cell anew once what it is made of was written differently, and no other', () => {
    const plan = experiment(definition);
    const [row, other] = rowsOf(plan);
    const [cell] = tableCells(plan, row, { rate: 0.1 });
    const changed = (change: Partial<ExperimentDefinition>) =>
      cellDigest(experiment({ ...definition, ...change }), cell);
    const digest = cellDigest(plan, cell);
    expect(changed({})).toBe(digest);
    expect(changed({ seeds: 9, about: 'more', algorithms: { ...definition.algorithms, three: () => fedAvg() } })).toBe(
      digest,
    );
    expect(changed({ rounds: 4 })).not.toBe(digest);
    expect(changed({ name: 'other' })).not.toBe(digest);
    expect(changed({ local: () => ({ epochs: 2, batchSize: 10, learningRate: 1 }) })).not.toBe(digest);
    expect(changed({ algorithms: { ...definition.algorithms, one: (_parameters) => fedAvg() } })).not.toBe(digest);
    expect(cellDigest(plan, tableCells(plan, other, { rate: 0.1 })[0])).not.toBe(digest);
  });

  it.each<[string, Partial<Record<keyof ExperimentDefinition | 'colour', unknown>>]>([
    ['experiment: expected one of name, about', { colour: 'red' }],
    ['tuning: expected budget, got the unknown option budgt', { tuning: { budgt: 1 } }],
    ['compare: expected target, got the unknown option targt', { compare: { measure: 'a', targt: 1 } }],
    [
      'compare.baseline: expected algorithm, got the unknown option algorithms',
      { compare: { measure: 'a', baseline: { algorithms: 'one' } } },
    ],
    [
      'algorithms: one: expected one of make, grid, local, got the unknown option gird',
      { algorithms: { one: { make: fedAvg, gird: {} } } },
    ],
    ['algorithms: one: make: expected a function, got undefined', { algorithms: { one: {} } }],
    ['channels: plain: expected a function or \'none\', got "nnoe"', { channels: { plain: 'nnoe' } }],
    ['compare.target: expected a finite number, got "0.6"', { compare: { measure: 'a', target: '0.6' } }],
    ['rounds: expected an integer ≥ 1, got "3"', { rounds: '3' }],
    ['rounds: expected an integer ≥ 1, got 0', { rounds: 0 }],
    ['algorithms: expected at least one entry', { algorithms: {} }],
    [
      'compare.baseline.algorithm: expected one of the algorithms, got "SGD"',
      { compare: { measure: 'a', baseline: { algorithm: 'SGD' } } },
    ],
    ["tuning.budget: expected at most 4, the configurations of one's grid, got 5", { tuning: { budget: 5 } }],
    ['grid.rate: expected different finite numbers', { grid: { rate: [1, 1] } }],
    ['name: expected letters', { name: '../elsewhere' }],
    ["compare.best: expected 'highest' or 'lowest'", { compare: { measure: 'a', best: 'most' } }],
    ['splits: expected names without |', { splits: { 'a|b': () => [] } }],
  ])('is refused: %s', (message, change) => {
    expect(() => experiment({ ...definition, ...change } as ExperimentDefinition)).toThrow(message);
  });
});

describe('classification', () => {
  it('deals no row to both phases, and measures tuning on rows that no client has', async () => {
    const seen = { tuning: new Set<number>(), table: new Set<number>() };
    const task = classification({
      model,
      train: examples,
      test: examples,
      trainer: ({ rows }) => {
        for (const row of rows ?? []) current.add(row);
        return { train: async () => Promise.reject(new Error('not here')), gradient: async (at) => at };
      },
    });
    const { seededRng } = await import('@fedkit/core');
    let current = seen.tuning;
    for (const phase of ['tuning', 'table'] as const) {
      current = seen[phase];
      for (const seed of [1, 2]) {
        const split = definition.splits?.iid;
        const { clients } = await task.federation({ ...(split && { split }), rng: seededRng(seed), phase });
        expect((clients as readonly unknown[]).length).toBe(10);
      }
    }
    expect([...seen.tuning].filter((row) => seen.table.has(row))).toEqual([]);
    expect([seen.tuning.size, seen.table.size]).toEqual([450, 500]);
    expect(() => classification({ model, train: examples, test: examples, tuningShare: 1 })).toThrow('tuningShare');
  });
});

describe('grids', () => {
  it('are sampled alike for whoever asks', () => {
    const grid = { a: [1, 2, 3, 4, 5], b: [1, 2, 3] };
    expect(configurations(grid, 99).length).toBe(15);
    expect(configurations(grid, 6)).toEqual(configurations({ ...grid }, 6));
    expect(new Set(configurations(grid, 6).map((one) => JSON.stringify(one))).size).toBe(6);
    expect(configurations({}, 1)).toEqual([{}]);
  });

  it('mark what was chosen at their ends', () => {
    const grid = { a: [1, 2, 3], b: [7], c: [5, 4] };
    expect(atEdge(grid, { a: 2, b: 7, c: 4 })).toEqual(['c']);
    expect(atEdge(grid, { a: 3, b: 7, c: 5 })).toEqual(['a', 'c']);
  });
});

it('finds what nothing beats at both cost and value', () => {
  const points = [
    { cost: 3, value: 5 },
    { cost: 1, value: 2 },
    { cost: 2, value: 1 },
    { cost: 3, value: 4 },
    { cost: 9, value: 5 },
  ];
  expect(frontier(points, 'highest')).toEqual([points[1], points[0]]);
  expect(frontier(points, 'lowest')).toEqual([points[1], points[2]]);
});
