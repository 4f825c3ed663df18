import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { dirichletPartition } from './dirichlet-partition.ts';
import { powerLawPartition } from './power-law-partition.ts';

const labels = Uint8Array.from({ length: 6000 }, (_, i) => (i * 7) % 10);

function noRowTwice(parts: readonly Uint32Array[], rows: number): number {
  const all = parts.flatMap((part) => [...part]);
  expect(new Set(all).size).toBe(all.length);
  for (const row of all) expect(row).toBeLessThan(rows);
  for (const part of parts) expect([...part]).toEqual([...part].sort((a, b) => a - b));
  return all.length;
}

/** Mean over clients of the share of their most frequent label. */
function skew(parts: readonly Uint32Array[]): number {
  const shares = parts.map((part) => {
    const counts = new Float64Array(10);
    for (const row of part) counts[labels[row]]++;
    return Math.max(...counts) / part.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

describe('dirichletPartition', () => {
  it('gives every row to exactly one client, by class', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.constantFrom(0.05, 0.5, 5), fc.nat(), (clients, alpha, seed) => {
        const parts = dirichletPartition(labels, { clients, alpha, minimumExamples: 0 }, seededRng(seed));
        expect(parts.length).toBe(clients);
        expect(noRowTwice(parts, 6000)).toBe(6000);
      }),
      { numRuns: 30 },
    );
  });

  it('gives every client the same number of rows, by client', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0.05, 0.5, 5), fc.nat(), (clients, alpha, seed) => {
        const parts = dirichletPartition(labels, { clients, alpha, by: 'client' }, seededRng(seed));
        expect(new Set(parts.map((part) => part.length))).toEqual(new Set([Math.floor(6000 / clients)]));
        expect(noRowTwice(parts, 6000)).toBeGreaterThan(6000 - clients);
      }),
      { numRuns: 30 },
    );
  });

  it.each(['class', 'client'] as const)('is more skewed the smaller α is, by %s', (by) => {
    const at = (alpha: number) => skew(dirichletPartition(labels, { clients: 20, alpha, by }, seededRng(1)));
    const [strong, medium, none] = [at(0.05), at(0.5), at(1000)];
    expect(strong).toBeGreaterThan(0.7);
    expect(medium).toBeLessThan(strong);
    expect(medium).toBeGreaterThan(none + 0.1);
    expect(none).toBeLessThan(0.16);
  });

  it('draws anew until everybody has enough, and says so if that cannot be', () => {
    const parts = dirichletPartition(labels, { clients: 10, alpha: 0.5, minimumExamples: 100 }, seededRng(3));
    for (const part of parts) expect(part.length).toBeGreaterThanOrEqual(100);
    expect(() =>
      dirichletPartition(labels.subarray(0, 100), { clients: 10, alpha: 0.001, minimumExamples: 10 }, seededRng(1)),
    ).toThrow(expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }));
  });

  it('repeats with the seed, for ever', () => {
    const parts = dirichletPartition(labels, { clients: 5, alpha: 0.5 }, seededRng(42));
    expect(parts.map((part) => part.length)).toMatchInlineSnapshot(`
      [
        1632,
        1576,
        375,
        1433,
        984,
      ]
    `);
    expect(dirichletPartition(labels, { clients: 5, alpha: 0.5 }, seededRng(42))).toEqual(parts);
  });
});

describe('powerLawPartition', () => {
  const parts = powerLawPartition(labels, { clients: 100 }, seededRng(1));

  it('gives client u the labels u and u + 1, at least five rows of each', () => {
    for (const [client, part] of parts.entries()) {
      const counts = new Map<number, number>();
      for (const row of part) counts.set(labels[row], (counts.get(labels[row]) ?? 0) + 1);
      expect(new Set(counts.keys())).toEqual(new Set([client % 10, (client + 1) % 10]));
      for (const count of counts.values()) expect(count).toBeGreaterThanOrEqual(5);
    }
    // Rounding down loses less than a row for each of 100 × 2 shares.
    expect(noRowTwice(parts, 6000)).toBeGreaterThan(6000 - 200);
  });

  it('has few large clients and many small ones', () => {
    const sizes = parts.map((part) => part.length).sort((a, b) => b - a);
    const top = sizes.slice(0, 10).reduce((sum, size) => sum + size, 0);
    expect(top / 6000).toBeGreaterThan(0.3);
    expect(sizes[50]).toBeLessThan(60);
    expect(parts.map((part) => part.length).slice(0, 8)).toMatchInlineSnapshot(`
      [
        82,
        22,
        35,
        31,
        10,
        175,
        11,
        15,
      ]
    `);
  });

  it('is even at σ = 0', () => {
    const even = powerLawPartition(labels, { clients: 100, sigma: 0 }, seededRng(1));
    expect(new Set(even.map((part) => part.length))).toEqual(new Set([60]));
  });
});

describe('both', () => {
  it.each([
    [() => dirichletPartition(labels, { clients: 0, alpha: 1 }, seededRng(1)), 'OUT_OF_RANGE'],
    [() => dirichletPartition(labels, { clients: 5, alpha: 0 }, seededRng(1)), 'OUT_OF_RANGE'],
    [
      () => dirichletPartition(labels, { clients: 5, alpha: 1, by: 'row' as 'class' }, seededRng(1)),
      'INVALID_ARGUMENT',
    ],
    [() => dirichletPartition([0, -1, 2], { clients: 1, alpha: 1 }, seededRng(1)), 'OUT_OF_RANGE'],
    [() => powerLawPartition(labels, { clients: 1000 }, seededRng(1)), 'OUT_OF_RANGE'],
    [() => powerLawPartition(labels, { clients: 10, classesPerClient: 11 }, seededRng(1)), 'OUT_OF_RANGE'],
    [() => powerLawPartition(labels, { clients: 10, sigma: -1 }, seededRng(1)), 'OUT_OF_RANGE'],
  ])('refuse options out of range (%#)', (partition, code) => {
    expect(partition).toThrow(expect.objectContaining({ code }));
  });
});
