import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameBytes } from '../../test/support/exact.ts';
import { withoutWebAssembly } from '../../test/support/plain-engine.ts';
import { weightedMean } from './mean.ts';
import { FedkitError } from '../errors.ts';
import { accumulateEncoded } from './accumulate-encoded.ts';
import type { Codec } from '../codec/contract.ts';
import type { Sink } from '../codec/sink.ts';

/** Long enough for a memory of its own where there is WebAssembly. */
const SIZE = 1100;
const refused = (code: string) => expect.objectContaining({ name: 'FedkitError', code });

/** One piece of a visit: dense values from `offset` on, or single values at `indices`; `fail` throws in place of it. */
type Piece = { offset: number; values: number[] } | { indices: number[]; values: number[] } | { fail: true };

/** A codec whose bytes are a list of pieces: it visits whatever a test wants. */
const pieces: Codec = {
  kind: 'pieces',
  linearity: 'perClient',
  unbiased: true,
  encode: () => new Uint8Array(),
  decode(bytes) {
    const values = new Float32Array(SIZE);
    this.visit(bytes, {
      dense: (offset, part) => values.set(part, offset),
      sparse: (indices, part) => indices.forEach((index, i) => (values[index] = part[i])),
    });
    return values;
  },
  visit(bytes, sink) {
    for (const piece of JSON.parse(new TextDecoder().decode(bytes), revive) as Piece[]) {
      if ('fail' in piece) throw new FedkitError('DECODE_FAILED', 'pieces: expected more, got the end');
      const values = Float32Array.from(piece.values);
      if ('offset' in piece) sink.dense(piece.offset, values);
      else sink.sparse(Uint32Array.from(piece.indices), values);
    }
  },
};
const revive = (_: string, value: unknown) => (value === 'NaN' ? Number.NaN : value);
const bytesOf = (list: Piece[]) =>
  new TextEncoder().encode(JSON.stringify(list, (_, value) => (Number.isNaN(value) ? 'NaN' : (value as unknown))));

const float = fc.float({ min: -1000, max: 1000, noNaN: true });
/** Ascending pieces over [0, SIZE). */
const update = fc.uniqueArray(fc.nat(SIZE - 1), { minLength: 1, maxLength: 20 }).chain((places) => {
  const ascending = places.sort((a, b) => a - b);
  return fc.tuple(
    ...ascending.map((start, i) => {
      const room = (ascending[i + 1] ?? SIZE) - start;
      return fc
        .tuple(fc.boolean(), fc.array(float, { minLength: 1, maxLength: room }))
        .map(
          ([dense, values]): Piece =>
            dense ? { offset: start, values } : { indices: values.map((_, j) => start + j), values },
        );
    }),
  );
});

for (const precision of ['reproducible', 'float32'] as const) {
  for (const engine of ['WebAssembly', 'plain'] as const) {
    describe(`accumulateEncoded (${precision}, ${engine})`, () => {
      const rule = weightedMean<number>(SIZE, { precision });
      const create = () => (engine === 'plain' ? withoutWebAssembly(() => rule.create()) : rule.create());

      it('folds what the codec decodes to', () => {
        fc.assert(
          fc.property(update, fc.integer({ min: 1, max: 600 }), (list, weight) => {
            const [direct, decoded] = [create(), create()];
            const start = { values: new Float32Array(SIZE).fill(0.3), weight: 2 };
            rule.accumulate(direct, start);
            rule.accumulate(decoded, start);
            accumulateEncoded(rule, direct, pieces, bytesOf(list), { weight });
            rule.accumulate(decoded, { values: pieces.decode(bytesOf(list)), weight });
            expect(sameBytes(rule.serialize(direct), rule.serialize(decoded))).toBe(true);
          }),
        );
      });

      it('leaves the accumulator as it was when bytes or values are bad midway', () => {
        const ends: [Piece[], string][] = [
          [[{ fail: true }], 'DECODE_FAILED'],
          [[{ offset: SIZE, values: [1] }], 'DECODE_FAILED'],
          [[{ offset: 0, values: [1] }], 'DECODE_FAILED'],
          [[{ offset: -1, values: [1] }], 'DECODE_FAILED'],
          [[{ indices: [SIZE], values: [1] }], 'DECODE_FAILED'],
          [[{ indices: [SIZE - 1, SIZE - 1], values: [1, 1] }], 'DECODE_FAILED'],
          [[{ indices: [SIZE - 1], values: [] }], 'DECODE_FAILED'],
          [[{ indices: [SIZE - 2, SIZE - 1], values: [1, Number.NaN] }], 'OUT_OF_RANGE'],
          [[{ offset: SIZE - 2, values: [1, 70_000] }], 'OUT_OF_RANGE'],
        ];
        fc.assert(
          fc.property(update, fc.constantFrom(...ends), (list, [end, code]) => {
            // The last two places are left to the bad piece; place 0 is taken.
            const kept = list.filter(
              (piece) =>
                !('fail' in piece) &&
                ('offset' in piece ? piece.offset : piece.indices[0]) + piece.values.length < SIZE - 1,
            );
            const first: Piece = { indices: [0], values: [0.7] };
            const later = kept.filter(
              (piece) => ('offset' in piece ? piece.offset : 'indices' in piece ? piece.indices[0] : 0) > 0,
            );
            const accumulator = create();
            rule.accumulate(accumulator, { values: new Float32Array(SIZE).fill(0.3), weight: 2 });
            const before = rule.serialize(accumulator);
            expect(() => accumulateEncoded(rule, accumulator, pieces, bytesOf([first, ...later, ...end]))).toThrow(
              refused(code),
            );
            expect(sameBytes(rule.serialize(accumulator), before)).toBe(true);
          }),
        );
      });

      it('names the place of a refused value', () => {
        const bytes = bytesOf([{ indices: [3, 9, 30], values: [1, 2, Number.NaN] }]);
        expect(() => accumulateEncoded(rule, create(), pieces, bytes)).toThrow(/values\[30\].*NaN/);
        const dense = bytesOf([{ offset: 7, values: [1, Number.NaN] }]);
        expect(() => accumulateEncoded(rule, create(), pieces, dense)).toThrow(/values\[8\].*NaN/);
      });

      it('refuses a weight or a state as accumulate does', () => {
        const accumulator = create();
        expect(() => accumulateEncoded(rule, accumulator, pieces, bytesOf([]), { weight: -1 })).toThrow(
          refused('OUT_OF_RANGE'),
        );
        const open = rule.open(accumulator, {});
        expect(() => rule.accumulate(accumulator, { values: new Float32Array(SIZE) })).toThrow(
          refused('PROTOCOL_STATE'),
        );
        expect(() => rule.open(accumulator, {})).toThrow(refused('PROTOCOL_STATE'));
        open.commit();
        expect(() => open.commit()).toThrow(refused('PROTOCOL_STATE'));
        expect(() => open.dense(0, Float32Array.of(1))).toThrow(refused('PROTOCOL_STATE'));
        expect(accumulator.contributions).toBe(1);
      });
    });
  }
}

describe('a codec that does not repeat itself', () => {
  it('costs the accumulator, and says so', () => {
    const rule = weightedMean<number>(SIZE);
    let visits = 0;
    const fickle: Codec = {
      ...pieces,
      visit(_bytes: Uint8Array, sink: Sink) {
        if (visits++ === 0) sink.dense(0, Float32Array.of(1, 2));
        throw new FedkitError('DECODE_FAILED', 'fickle');
      },
    };
    const accumulator = rule.create();
    expect(() => accumulateEncoded(rule, accumulator, fickle, new Uint8Array())).toThrow(refused('PROTOCOL_STATE'));
    expect(() => rule.serialize(accumulator)).toThrow(refused('PROTOCOL_STATE'));
  });
});
