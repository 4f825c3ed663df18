import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mirrored } from './mirror.ts';

it('says where each stands in the lists of those it lists, as a search would', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 30 }),
      fc.array(fc.tuple(fc.nat(29), fc.nat(29)), { maxLength: 200 }),
      (n, pairs) => {
        const sets = Array.from({ length: n }, () => new Set<number>());
        for (const [a, b] of pairs) {
          if (a >= n || b >= n) continue;
          sets[a].add(b);
          sets[b].add(a);
        }
        const lists = sets.map((set) => [...set].sort((a, b) => a - b));
        const searched = lists.map((list, client) => list.map((other) => lists[other].indexOf(client)));
        expect(mirrored(lists).map((places) => [...places])).toEqual(searched);
      },
    ),
  );
});
