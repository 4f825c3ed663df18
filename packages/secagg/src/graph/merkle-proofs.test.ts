import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultProvider } from '../crypto/default-provider.ts';
import { plainProvider } from '../crypto/plain.ts';
import { leafHash, MerkleTree, verifyPath } from './merkle.ts';
import { MerkleProofs } from './merkle-proofs.ts';

const dataOf = (place: number) => new Uint8Array(1 + (place % 70)).fill(place);

describe('paths of one tree', () => {
  it.each([plainProvider, defaultProvider()])(
    'are told from others as one by one, whatever came before, on $name',
    (provider) => {
      const claim = fc.record({
        place: fc.nat(69),
        /** Whose data and whose path come with it. */
        data: fc.option(fc.nat(69), { nil: undefined, freq: 5 }),
        of: fc.option(fc.nat(69), { nil: undefined, freq: 5 }),
        touched: fc.option(fc.nat(), { nil: undefined, freq: 2 }),
      });
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 70 }), fc.array(claim, { maxLength: 40 }), (places, claims) => {
          const tree = new MerkleTree(
            places,
            Array.from({ length: places }, (_, i) => (i % 5 === 4 ? undefined : leafHash(i, dataOf(i)))),
          );
          const proofs = new MerkleProofs(provider, tree.root, places);
          let shown = 0;
          for (const { place, data = place, of = place, touched } of claims) {
            const path = tree.path(of % places);
            if (touched !== undefined && path.length > 0) path[touched % path.length] ^= 1;
            const wanted = verifyPath(tree.root, place % places, dataOf(data % places), path);
            expect(proofs.shows(place % places, dataOf(data % places), path)).toBe(wanted);
            if (wanted) shown++;
          }
          return shown <= claims.length;
        }),
      );
    },
  );

  it('hashes what they share once', () => {
    const places = 512;
    const tree = new MerkleTree(
      places,
      Array.from({ length: places }, (_, i) => leafHash(i, dataOf(i))),
    );
    let hashed = 0;
    const sha256 = (bytes: Uint8Array) => {
      hashed++;
      return plainProvider.sha256(bytes);
    };
    const proofs = new MerkleProofs({ sha256 }, tree.root, places);
    const costs = [0, 1, 2, 0].map((place) => {
      const before = hashed;
      expect(proofs.shows(place, dataOf(place), tree.path(place))).toBe(true);
      return hashed - before;
    });
    // A leaf and nine nodes above it; a leaf whose neighbour was shown; one whose parent is new; one that is known.
    expect(costs).toEqual([10, 1, 2, 1]);
  });

  it('are as long as the tree is deep, or show nothing', () => {
    const tree = new MerkleTree(
      8,
      Array.from({ length: 8 }, (_, i) => leafHash(i, dataOf(i))),
    );
    const proofs = new MerkleProofs(plainProvider, tree.root, 8);
    const path = tree.path(0);
    expect(proofs.shows(0, dataOf(0), path)).toBe(true);
    for (const length of [0, 32, 64, 95]) expect(proofs.shows(0, dataOf(0), path.subarray(0, length))).toBe(false);
    expect(proofs.shows(0, dataOf(0), new Uint8Array([...path, ...path]))).toBe(false);
  });
});
