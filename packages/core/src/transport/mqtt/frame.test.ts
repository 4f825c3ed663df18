import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng, shuffle } from '../../random.ts';
import { Assembly } from './assembly.ts';
import { decodeDown, decodeUp, type DownFrame, encodeDown, encodeUp, type UpFrame } from './frame.ts';

const id = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const some = Uint8Array.of(9, 8, 7);

describe('frames', () => {
  it('come back as they were, and nothing else is one', () => {
    const up: UpFrame[] = [
      { kind: 'whole', id, request: some },
      { kind: 'whole', id, request: new Uint8Array(0) },
      { kind: 'piece', id, piece: { digest: new Uint8Array(32), total: 10, offset: 7, bytes: some } },
    ];
    const down: DownFrame[] = [
      { kind: 'response', id, total: 10, offset: 7, bytes: some },
      { kind: 'have', id, have: 2 ** 40 },
      { kind: 'refused', id, status: 413 },
    ];
    const refused = expect.objectContaining({ code: 'DECODE_FAILED' });
    for (const frame of up) expect(decodeUp(encodeUp(frame))).toEqual(frame);
    for (const frame of down) {
      const bytes = encodeDown(frame);
      expect(decodeDown(bytes)).toEqual(frame);
      const truncated = frame.kind === 'response' ? 25 : bytes.length - 1;
      for (let length = 0; length <= truncated; length++) {
        expect(() => decodeDown(bytes.subarray(0, length))).toThrow(refused);
      }
      expect(() => decodeDown(bytes.with(0, 2))).toThrow(refused);
      expect(() => decodeDown(bytes.with(1, 3))).toThrow(refused);
    }
    expect(() => decodeDown(encodeDown({ kind: 'response', id, total: 9, offset: 7, bytes: some }))).toThrow(refused);
  });
});

describe('Assembly', () => {
  it('puts any overlapping parts in any order together, and knows when it is whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(), (whole, seed) => {
        const rng = seededRng(seed);
        const total = whole.length;
        const parts = Array.from({ length: 40 }, () => {
          const offset = rng.below(total + 1);
          return { offset, end: Math.min(total, offset + rng.below(12)) };
        });
        const cuts = Array.from({ length: Math.ceil(total / 5) }, (_, i) => ({
          offset: 5 * i,
          end: Math.min(total, 5 * i + 5),
        }));
        const assembly = new Assembly();
        const seen = new Set<number>();
        for (const { offset, end } of shuffle([...parts, ...cuts, { offset: 0, end: 0 }], rng)) {
          const result = assembly.add({ total, offset, bytes: whole.subarray(offset, end) });
          for (let i = offset; i < end; i++) seen.add(i);
          if (result === undefined) expect(seen.size < total || total === 0 || offset === end).toBe(true);
          else expect([seen.size, result]).toEqual([total, whole]);
          expect(assembly.add({ total: total + 1, offset: 0, bytes: new Uint8Array(1) })).toBeUndefined();
        }
        expect(seen.size).toBe(total);
        expect(assembly.add({ total, offset: total, bytes: new Uint8Array(0) })).toEqual(whole);
      }),
    );
  });
});
