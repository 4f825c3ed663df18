import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { iidPartition, shardPartition } from './partition.ts';

const labels = Uint8Array.from({ length: 6000 }, (_, i) => (i * 7) % 10);

describe('partitions', () => {
  it('give every row to exactly one client, in parts that differ by at most one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), fc.nat(), (a, b, seed) => {
        const [clients, examples] = [Math.min(a, b), Math.max(a, b)];
        const parts = iidPartition(examples, { clients }, seededRng(seed));
        expect(parts.length).toBe(clients);
        expect(parts.flatMap((part) => [...part]).sort((x, y) => x - y)).toEqual(
          Array.from({ length: examples }, (_, i) => i),
        );
        const sizes = parts.map((part) => part.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('repeat with the seed', () => {
    expect(iidPartition(50, { clients: 5 }, seededRng(1))).toEqual(iidPartition(50, { clients: 5 }, seededRng(1)));
    expect(iidPartition(50, { clients: 5 }, seededRng(1))).not.toEqual(iidPartition(50, { clients: 5 }, seededRng(2)));
  });

  it('by shards leave most clients two labels, and lose no row', () => {
    const parts = shardPartition(labels, { clients: 100, shardsPerClient: 2 }, seededRng(1));
    expect(parts.map((part) => part.length)).toEqual(Array.from({ length: 100 }, () => 60));
    expect(new Set(parts.flatMap((part) => [...part])).size).toBe(6000);
    const kinds = parts.map((part) => new Set(Array.from(part, (row) => labels[row])).size);
    expect(Math.max(...kinds)).toBe(2);
    expect(kinds.filter((kind) => kind === 2).length).toBeGreaterThan(75);
  });

  it('by shards cope with sizes that do not divide', () => {
    const parts = shardPartition(labels.subarray(0, 1003), { clients: 7, shardsPerClient: 3 }, seededRng(1));
    expect(new Set(parts.flatMap((part) => [...part])).size).toBe(1003);
  });

  it.each([
    [() => iidPartition(5, { clients: 6 }, seededRng(1))],
    [() => iidPartition(5, { clients: 0 }, seededRng(1))],
    [() => shardPartition(labels, { clients: 6001, shardsPerClient: 1 }, seededRng(1))],
    [() => shardPartition(labels, { clients: 10, shardsPerClient: 0 }, seededRng(1))],
  ])('refuse clients without data (%#)', (partition) => {
    expect(partition).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});
