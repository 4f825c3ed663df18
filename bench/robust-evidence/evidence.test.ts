import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Aggregator,
  type AnyAlgorithm,
  plainTrainer,
  seededRng,
  softmaxRegression,
  type Trainer,
} from '@fedkit/core';
import { simulate } from '@fedkit/core/simulation';
import { describe, expect, it } from 'vitest';
import { runExperiment } from '../../packages/fedkit/src/index.ts';
import { robustRules } from './experiment.ts';
import { heatmap } from './heatmap.ts';
import { besideOwn } from './references.ts';
import { algorithmOf, candidates } from './rules.ts';

/** Accuracies by rule and attack, of one seed and a few rounds. */
async function inSmall(by: 'updates' | 'labels', rules: readonly string[], attacks: readonly string[]) {
  const whole = robustRules('small', { byzantine: 6, by });
  const some = <T>(entries: Readonly<Record<string, T>>, names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, entries[name]]));
  const few = { ...whole, algorithms: some(whole.algorithms, rules), attacks: some(whole.attacks, attacks) };
  const directory = mkdtempSync(join(tmpdir(), 'robust-'));
  const short = {
    ...few,
    rounds: 8,
    seeds: 1,
    compare: { ...whole.compare, baseline: { algorithm: rules[0], channel: 'plain' } },
  };
  const { rows } = await runExperiment(short, { directory });
  rmSync(directory, { recursive: true });
  return (rule: string, attack: string) =>
    rows.find(({ row }) => row.algorithm === rule && row.attack === attack)?.final.mean;
}

describe('rules against attacks on MNIST, in small', () => {
  it('flipped signs ruin the mean and not the rules made for them', async () => {
    const withstand = ['coordinate median', 'geometric median', 'FLTrust', 'mixing, trimmed mean', 'centered clipping'];
    const accuracy = await inSmall('updates', ['mean', ...withstand], ['honest', 'sign flip × 5']);
    expect(accuracy('mean', 'honest')).toBeGreaterThan(0.7);
    expect(accuracy('mean', 'sign flip × 5')).toBeLessThan(0.3);
    for (const name of withstand) expect(accuracy(name, 'sign flip × 5')).toBeGreaterThan(0.6);
  });

  it('flipped labels cost the mean, and repeat to the bit', async () => {
    const accuracy = await inSmall('labels', ['mean', 'Multi-Krum', 'FLTrust'], ['label flip']);
    const again = await inSmall('labels', ['mean', 'Multi-Krum', 'FLTrust'], ['label flip']);
    const honest = await inSmall('updates', ['mean'], ['honest']);
    expect(accuracy('mean', 'label flip')).toBeLessThan((honest('mean', 'honest') as number) - 0.02);
    for (const name of ['mean', 'Multi-Krum', 'FLTrust'])
      expect(accuracy(name, 'label flip')).toBe(again(name, 'label flip'));
  });

  it('asks no rule for more than it says it needs', () => {
    for (const { needs, rule } of candidates) {
      const byzantine = 3;
      const clients = needs(byzantine);
      const aggregator: Aggregator<unknown, Float32Array> = rule(32, clients, byzantine);
      const accumulator = aggregator.create({ reference: new Float32Array(32).fill(1) });
      const rng = seededRng('needs');
      for (let i = 0; i < clients; i++)
        aggregator.accumulate(accumulator, {
          client: `${i}`,
          values: Float32Array.from({ length: 32 }, () => rng.uniform()),
        });
      expect(aggregator.finalize(accumulator)).toHaveLength(32);
    }
  });
});

describe('rules with a reference', () => {
  const model = softmaxRegression({ inputs: 1, classes: 2 });
  const trainer = (slope: number) =>
    plainTrainer(model, { inputs: Float32Array.of(slope, -slope), labels: Uint8Array.of(0, 1) });
  const run = (algorithm: AnyAlgorithm, rounds: number, clients: readonly Trainer[] = [1, 2, 3].map(trainer)) =>
    simulate({
      algorithm,
      clients,
      local: { steps: 1, batchSize: 'all', learningRate: 0.1 },
      initial: new Float32Array(model.layout.size),
      cohort: 3,
      rounds,
      seed: 1,
    });

  it('has the update that its own digits make of the round’s model', async () => {
    const seen: (readonly number[])[] = [];
    const mean = candidates[0].rule;
    const spied = (size: number): Aggregator<unknown, Float32Array> => {
      const rule = mean(size, 3, 0);
      return {
        ...rule,
        create(context) {
          seen.push([...(context?.reference ?? [])]);
          return rule.create();
        },
        accumulate: (accumulator, contribution) => rule.accumulate(accumulator, contribution),
        finalize: (accumulator) => rule.finalize(accumulator),
        dispose: (accumulator) => rule.dispose(accumulator),
      };
    };
    const own = trainer(5);
    const { params } = await run(besideOwn(spied, own), 1);
    await run(besideOwn(spied, own), 2);
    const options = { steps: 1, batchSize: 'all', learningRate: 0.1, rng: seededRng(0) } as const;
    const from = async (start: Float32Array) => [...(await own.train(start, {}, options)).values];
    expect(seen).toEqual([await from(new Float32Array(4)), await from(new Float32Array(4)), await from(params)]);
  });

  it('of the aggregate before has none in a first round', async () => {
    const clipping = candidates.find(({ name }) => name === 'centered clipping');
    if (clipping === undefined) throw new Error('no centered clipping');
    const { reference: _previous, ...plain } = clipping;
    // Clients that never agree: descent from the aggregate before and from the median differs.
    const apart = [0, 0.1, 9].map(
      (value): Trainer => ({
        train: async (start) => ({ values: start.map(() => value), steps: 1, examples: 1 }),
        gradient: async (at) => at.slice(),
      }),
    );
    const both = async (rounds: number) =>
      Promise.all(
        [clipping, plain].map(async (rule) => {
          const algorithm = algorithmOf(rule, 3, 1, () => trainer(1));
          return (await run(algorithm, rounds, apart)).params;
        }),
      );
    const [first, second] = await both(1);
    expect(first).toEqual(second);
    const [following, alone] = await both(3);
    expect(following).not.toEqual(alone);
  });
});

describe('heatmap', () => {
  it('draws every cell and escapes what it is given', () => {
    const svg = heatmap({
      title: 'a < b',
      groups: [{ name: 'group', columns: ['one', 'two|lines'] }],
      rows: [{ name: 'rule', cells: [0.5, 'none'], note: '3 ms' }],
      noteTitle: 'cost',
    });
    expect(svg).toContain('<title>a &lt; b</title>');
    for (const shown of ['50.0', 'none', '3 ms', 'two', 'lines']) expect(svg).toContain(`>${shown}</text>`);
  });
});
