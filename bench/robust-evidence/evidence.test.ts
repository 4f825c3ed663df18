import { type Aggregator, seededRng } from '@fedkit/core';
import { signFlip } from '@fedkit/core/simulation';
import { describe, expect, it } from 'vitest';
import { readMnist } from '../../examples/data/mnist.ts';
import { type Behaviour, federation, train } from './federation.ts';
import { heatmap } from './heatmap.ts';
import { candidates } from './rules.ts';

const CLIENTS = 15;
const BYZANTINE = 3;

describe('rules against attacks on MNIST, in small', () => {
  const { train: digits, test } = readMnist();
  const rows = Uint32Array.from({ length: 500 }, (_, i) => 20 * i);
  const world = federation(digits, { ...test, rows }, CLIENTS, 'small');
  const accuracy = async (name: string, behaviour: Behaviour) => {
    const candidate = candidates.find((rule) => rule.name === name);
    if (candidate === undefined) throw new Error(`no rule ${name}`);
    const aggregator = candidate.rule(world.model.layout.size, CLIENTS, BYZANTINE);
    return (await train(world, { ...candidate, aggregator }, behaviour, BYZANTINE, 5, 'small')).at(-1) as number;
  };

  it('flipped signs ruin the mean and not the rules made for them', async () => {
    expect(await accuracy('mean', 'honest')).toBeGreaterThan(0.7);
    expect(await accuracy('mean', signFlip({ scale: 5 }))).toBeLessThan(0.3);
    for (const name of ['coordinate median', 'geometric median', 'FLTrust', 'mixing, trimmed mean']) {
      expect(await accuracy(name, signFlip({ scale: 5 }))).toBeGreaterThan(0.6);
    }
  });

  it('repeats to the bit', async () => {
    expect(await accuracy('Multi-Krum', 'label-flip')).toBe(await accuracy('Multi-Krum', 'label-flip'));
  });

  it('asks no rule for more than it says it needs', () => {
    for (const { needs, rule } of candidates) {
      const clients = needs(BYZANTINE);
      const aggregator: Aggregator<unknown, Float32Array> = rule(2, clients, BYZANTINE);
      const accumulator = aggregator.create({ reference: Float32Array.of(1, 1) });
      const rng = seededRng('needs');
      for (let i = 0; i < clients; i++) {
        aggregator.accumulate(accumulator, { client: `${i}`, values: Float32Array.of(rng.uniform(), rng.uniform()) });
      }
      expect(aggregator.finalize(accumulator)).toHaveLength(2);
    }
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
