import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { naturalPartition, noisyFeatures, quantityPartition, similarityPartition } from './other-partitions.ts';

const labels = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 10);
const labelsOf = (rows: Uint32Array) => new Set(Array.from(rows, (row) => labels[row])).size;

describe('quantityPartition', () => {
  it('gives every row to exactly one client, and each its least', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(0.05, 1, 100),
        fc.integer({ min: 0, max: 10 }),
        fc.nat(),
        (clients, alpha, minimumExamples, seed) => {
          const parts = quantityPartition(300, { clients, alpha, minimumExamples }, seededRng(seed));
          expect(parts).toHaveLength(clients);
          expect(parts.flatMap((part) => [...part]).sort((a, b) => a - b)).toEqual([...Array(300).keys()]);
          for (const part of parts) expect(part.length).toBeGreaterThanOrEqual(minimumExamples);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has sizes that α spreads, and labels alike', () => {
    const sizes = (alpha: number) =>
      quantityPartition(1000, { clients: 10, alpha }, seededRng(3)).map((part) => part.length);
    expect(Math.max(...sizes(0.1))).toBeGreaterThan(400);
    expect(Math.max(...sizes(1000))).toBeLessThan(130);
    const large = quantityPartition(1000, { clients: 10, alpha: 1 }, seededRng(3)).filter((part) => part.length > 80);
    for (const part of large) expect(labelsOf(part)).toBe(10);
  });
});

describe('similarityPartition', () => {
  it('gives no row twice, and every client as many', () => {
    for (const similarity of [0, 0.1, 0.5, 1]) {
      const parts = similarityPartition(labels, { clients: 9, similarity }, seededRng(1));
      const all = parts.flatMap((part) => [...part]);
      expect(new Set(all).size).toBe(9 * 111);
      expect(parts.map((part) => part.length)).toEqual(Array(9).fill(111));
    }
  });

  it('at 0 % clients have a label or two, at 100 % all of them, at 10 % a tenth is of all', () => {
    const kinds = (similarity: number) =>
      similarityPartition(labels, { clients: 10, similarity }, seededRng(1)).map(labelsOf);
    expect(Math.max(...kinds(0))).toBe(1);
    expect(Math.min(...kinds(1))).toBe(10);
    const [first] = similarityPartition(labels, { clients: 10, similarity: 0.1 }, seededRng(1));
    expect(Array.from(first, (row) => labels[row]).filter((label) => label === 0).length).toBeGreaterThanOrEqual(85);
    expect(labelsOf(first)).toBeGreaterThan(4);
  });
});

describe('naturalPartition', () => {
  it('makes a client of every owner, and leaves out those of few rows', () => {
    const owners = ['b', 'a', 'b', 'c', 'a', 'b'];
    expect([...naturalPartition(owners)]).toEqual([
      ['b', Uint32Array.of(0, 2, 5)],
      ['a', Uint32Array.of(1, 4)],
      ['c', Uint32Array.of(3)],
    ]);
    expect([...naturalPartition(owners, { minimumExamples: 2 }).keys()]).toEqual(['b', 'a']);
  });
});

describe('noisyFeatures', () => {
  it('has the variance σ·i/n, and leaves the inputs as they were', () => {
    const inputs = new Float32Array(20_000).fill(2);
    for (const client of [1, 5, 10]) {
      const seen = noisyFeatures(inputs, { client, clients: 10, noise: 0.5 }, seededRng(client));
      const variance = seen.reduce((sum, value) => sum + (value - 2) ** 2, 0) / seen.length;
      // Six standard errors of a variance: 6·√(2/20,000).
      expect(Math.abs(variance / ((0.5 * client) / 10) - 1)).toBeLessThan(0.06);
    }
    expect(inputs.every((value) => value === 2)).toBe(true);
  });
});
