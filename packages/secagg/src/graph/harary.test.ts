import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { hararyNeighbours, ringOrder } from './harary.ts';
import { defaultProvider } from '../crypto/default-provider.ts';
import { MerkleTree, leafHash, merkleDepth, verifyPath } from './merkle.ts';

const seed = (n: number): Uint8Array => seededRng(n).fill(new Uint8Array(32));

describe('the ring', () => {
  it.each([2, 3, 10, 1000, 1025])('orders %s clients: each once, the same for the same seed alone', (clients) => {
    const order = ringOrder(seed(1), clients);
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: clients }, (_, i) => i));
    expect(ringOrder(seed(1), clients)).toEqual(order);
    if (clients > 3) expect(ringOrder(seed(2), clients)).not.toEqual(order);
  });

  it('is uniform: every order of four clients comes equally often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = ringOrder(seed(i), 4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // Chi-square with 23 degrees of freedom exceeds 75 with probability 2e-7.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)).toBeLessThan(75);
  });

  it.each([
    [10, 4],
    [11, 10],
    [100, 12],
    [7, 6],
  ])('joins %s clients by a symmetric graph of degree %s without loops, connected', (clients, degree) => {
    const order = ringOrder(seed(clients), clients);
    const neighbours = Array.from({ length: clients }, (_, i) => hararyNeighbours(order, i, degree));
    const reached = new Set([0]);
    for (const index of reached) for (const other of neighbours[index]) reached.add(other);
    expect(reached.size).toBe(clients);
    neighbours.forEach((list, index) => {
      expect(new Set(list).size).toBe(degree);
      expect(list).not.toContain(index);
      expect(Array.from(list)).toEqual(Array.from(list).sort((a, b) => a - b));
      for (const other of list) expect(neighbours[other]).toContain(index);
    });
  });
});

describe('the Merkle tree', () => {
  it('is as deep as its places need, and no deeper', () => {
    expect([1, 2, 3, 4, 5, 8, 9].map(merkleDepth)).toEqual([0, 1, 2, 2, 3, 3, 4]);
  });

  it.each([1, 2, 3, 8, 9, 100])('proves each of %s places, and no other', (places) => {
    const leaves = Array.from({ length: places }, (_, i) => (i % 5 === 4 ? undefined : leafHash(i, seed(i))));
    const tree = new MerkleTree(places, leaves);
    leaves.forEach((leaf, i) => {
      if (leaf === undefined) return;
      const path = tree.path(i);
      expect(path.length).toBe(32 * merkleDepth(places));
      expect(verifyPath(tree.root, i, seed(i), path)).toBe(true);
      expect(verifyPath(tree.root, i, seed(i), path, defaultProvider())).toBe(true);
      expect(verifyPath(tree.root, i, seed(i + 1), path)).toBe(false);
      expect(verifyPath(tree.root, i, seed(i + 1), path, defaultProvider())).toBe(false);
      if (places > 1) {
        expect(verifyPath(tree.root, i ^ 1, seed(i), path)).toBe(false);
        const touched = path.slice();
        touched[path.length - 1] ^= 1;
        expect(verifyPath(tree.root, i, seed(i), touched)).toBe(false);
      }
    });
    const changed = new MerkleTree(places, [...leaves.slice(0, -1), leafHash(places - 1, seed(999))]);
    expect(changed.root).not.toEqual(tree.root);
  });
});
