import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';

const field = fc.oneof(
  fc.record({ kind: fc.constant('uint8' as const), value: fc.integer({ min: 0, max: 0xff }) }),
  fc.record({ kind: fc.constant('uint16' as const), value: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ kind: fc.constant('uint32' as const), value: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('uint53' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('float64' as const), value: fc.double() }),
  fc.record({ kind: fc.constant('short' as const), value: fc.uint8Array({ maxLength: 255 }) }),
  fc.record({ kind: fc.constant('long' as const), value: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'grapheme' }) }),
);
type Field = typeof field extends fc.Arbitrary<infer F> ? F : never;

function write(fields: readonly Field[]): ByteWriter {
  const writer = new ByteWriter();
  for (const { kind, value } of fields) (writer[kind] as (value: unknown) => ByteWriter)(value);
  return writer;
}

describe('ByteWriter and ByteReader', () => {
  it('read back what was written, whatever its size', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 400, size: 'max' }), (fields) => {
        const writer = write(fields);
        const { length } = writer;
        const bytes = writer.finish();
        expect(bytes.length).toBe(length);
        const reader = new ByteReader('test', bytes);
        for (const { kind, value } of fields) expect(reader[kind]()).toEqual(value);
        reader.end();
      }),
      { numRuns: 60 },
    );
  });

  it('are little-endian', () => {
    const bytes = new ByteWriter().uint16(0x0201).uint32(0x06050403).uint53(0x0c0b0a090807).finish();
    expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0]);
  });

  it('keep writers apart that are at work at once, and those that follow', () => {
    const [one, other] = [new ByteWriter(), new ByteWriter()];
    for (let i = 0; i < 3000; i++) {
      one.uint32(i);
      other.uint32(0xffffffff - i);
    }
    const [ones, others] = [one.finish(), other.finish()];
    const [first, second] = [new ByteReader('one', ones), new ByteReader('other', others)];
    for (let i = 0; i < 3000; i++) expect([first.uint32(), second.uint32()]).toEqual([i, 0xffffffff - i]);
    const saved = ones.slice();
    expect([...new ByteWriter().uint8(7).finish()]).toEqual([7]);
    expect(ones).toEqual(saved);
  });

  it('hand nothing of another writer out after finish', () => {
    const ended = new ByteWriter().uint32(1);
    ended.finish();
    const other = new ByteWriter().uint32(0xffffffff);
    ended.uint32(2);
    expect([...ended.finish()]).toEqual([2, 0, 0, 0]);
    expect([...other.finish()]).toEqual([255, 255, 255, 255]);
  });

  it('read flags, which have one spelling', () => {
    const reader = new ByteReader('test', Uint8Array.of(0, 1, 2));
    expect([reader.flag(), reader.flag()]).toEqual([false, true]);
    expect(() => reader.flag()).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });

  it('write into bytes handed in', () => {
    const into = new Uint8Array(8).fill(9);
    expect([...new ByteWriter().uint16(1).finish(into)]).toEqual([1, 0]);
    expect([...into]).toEqual([1, 0, 9, 9, 9, 9, 9, 9]);
  });

  it('refuse to read beyond the end, and bytes after it', () => {
    const refusal = expect.objectContaining({ code: 'DECODE_FAILED' });
    const bytes = new ByteWriter().uint32(5).uint32(0xffffffff).finish();
    expect(() => new ByteReader('test', bytes).long()).toThrow(refusal);
    expect(() => new ByteReader('test', bytes.subarray(0, 3)).uint32()).toThrow(refusal);
    expect(() => new ByteReader('test', bytes).end()).toThrow(refusal);
    expect(() => new ByteReader('test', bytes).uint53()).toThrow(refusal);
  });
});
