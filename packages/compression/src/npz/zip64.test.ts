import { readFileSync } from 'node:fs';
import { Layout } from '@fedkit/core';
import { unzipSync } from 'fflate';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, type CheckpointVector, expectModel } from '../../../core/test/support/checkpoint-vectors.ts';
import { inflate } from '../entropy/deflate.ts';
import { decodeNpz, encodeNpz } from './npz.ts';
import { zipArchive, type ZipFile } from './zip-archive.ts';
import { zipDirectory } from './zip-directory.ts';
import { CENTRAL, END, END_64, END_64_LOCATOR, ZIP64 } from './zip-format.ts';

const { files } = JSON.parse(readFileSync(new URL('../../test/vectors/zip64.json', import.meta.url), 'utf8')) as {
  files: Record<string, CheckpointVector>;
};
const vectors = Object.entries(files);
const failed = expect.objectContaining({ name: 'FedkitError', code: 'DECODE_FAILED' });

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where numbers of 64 bits stand: in the directory's fields of each file, and at the end. */
function wideNumbers(archive: Uint8Array): { readonly fields: number[]; readonly end: number[] } {
  const view = viewOf(archive);
  const [fields, end]: [number[], number[]] = [[], []];
  for (let at = 0; at + 22 <= archive.length; at++) {
    const mark = view.getUint32(at, true);
    if (mark === CENTRAL) {
      const extra = at + 46 + view.getUint16(at + 28, true);
      for (let field = extra; field < extra + view.getUint16(at + 30, true); ) {
        const length = view.getUint16(field + 2, true);
        if (view.getUint16(field, true) === ZIP64) for (let i = 4; i < 4 + length; i += 8) fields.push(field + i);
        field += 4 + length;
      }
    }
    // Its own length, the number of files, where the directory begins.
    if (mark === END_64) end.push(at + 4, at + 32, at + 48);
    if (mark === END_64_LOCATOR) end.push(at + 8);
  }
  return { fields, end };
}

describe('an archive here', () => {
  it('says that each file has no comment, stands on the first disk and has no attributes', () => {
    const archive = encodeNpz({ layout: Layout.of([{ name: 'w', shape: [2] }]), values: Float32Array.of(1, 2) });
    const view = viewOf(archive);
    const directory = Array.from({ length: archive.length - 46 }, (_, at) => at).filter(
      (at) => view.getUint32(at, true) === CENTRAL,
    );
    expect(directory).toHaveLength(1);
    // From the length of the comment to the attributes of the system.
    expect([...archive.subarray(directory[0] + 32, directory[0] + 42)]).toEqual(Array.from({ length: 10 }, () => 0));
  });
});

describe('decodeNpz of archives with ZIP64 fields', () => {
  it('has vectors of three writers, which have such fields', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(4);
    const counts = vectors.map(([, vector]) => wideNumbers(bytesOf(vector)));
    // Two sizes for each array but the shortest, an offset for all but the first; and ends with and without.
    expect(counts.some(({ fields, end }) => fields.length >= 6 && end.length === 4)).toBe(true);
  });

  it.each(vectors)('reads %s', (_, vector) => {
    expectModel(decodeNpz(bytesOf(vector)), vector.values);
  });

  it.each(vectors)('refuses every number of 64 bits in %s that lies, before anything is allocated', (_, vector) => {
    const archive = bytesOf(vector);
    const { fields, end } = wideNumbers(archive);
    const lies = [0n, 1n, 57n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 40n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
    for (const at of [...fields, ...end]) {
      for (const lie of lies) {
        const bytes = archive.slice();
        if (viewOf(bytes).getBigUint64(at, true) === lie) continue;
        viewOf(bytes).setBigUint64(at, lie, true);
        // An array of 2^40 bytes would be a RangeError, if anyone tried.
        expect(() => decodeNpz(bytes)).toThrow(failed);
      }
    }
  });

  it('refuses a size that fits its bytes but is above the limit', () => {
    const [, vector] = vectors.find(([title]) => title.includes('deflated')) as [string, CheckpointVector];
    const archive = bytesOf(vector);
    const total = zipDirectory(archive).reduce((sum, { size }) => sum + size, 0);
    expect(decodeNpz(archive, { maximumBytes: total }).values.length).toBeGreaterThan(0);
    expect(() => decodeNpz(archive, { maximumBytes: total - 1 })).toThrow(/at most \d+ bytes/);
  });

  it('refuses fields that are missing or short, and ends that say two things', () => {
    const archive = zipArchive([{ name: 'w.npy', contents: new Uint8Array(200) }], { widest: 100 });
    const view = viewOf(archive);
    const { fields, end } = wideNumbers(archive);
    const without = archive.slice();
    viewOf(without).setUint16(fields[0] - 4, 2, true);
    expect(() => zipDirectory(without)).toThrow(/a ZIP64 field/);
    const short = archive.slice();
    viewOf(short).setUint16(fields[0] - 2, 8, true);
    expect(() => zipDirectory(short)).toThrow(failed);
    // The old end's count is full; one file more is another archive to whoever reads that one.
    const other = archive.slice();
    const old = archive.length - 22;
    expect([view.getUint32(old, true), view.getUint16(old + 10, true)]).toEqual([END, 1]);
    viewOf(other).setUint16(old + 10, 2, true);
    expect(() => zipDirectory(other)).toThrow(/a directory of 2 files/);
    expect(end.length).toBe(4);
  });
});

describe('zipArchive', () => {
  const contentsOf = (archive: Uint8Array) =>
    zipDirectory(archive).map(({ name, method, stored, size }): [string, Uint8Array] => [
      name,
      method === 8 ? inflate(stored, size) : stored,
    ]);
  const archives = fc.record({
    files: fc.uniqueArray(
      fc.record({
        name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((name) => !(name in {})),
        contents: fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.nat({ max: 2_000 }).map((length) => new Uint8Array(length)),
        ),
      }),
      { selector: ({ name }) => name, minLength: 1, maxLength: 6 },
    ),
    compress: fc.boolean(),
    widest: fc.oneof(fc.nat({ max: 500 }), fc.constant(0xfffffffe)),
  });

  it('is read as it was written, here and by fflate, wherever the old fields end', () => {
    fc.assert(
      fc.property(archives, ({ files: some, compress, widest }) => {
        const archive = zipArchive(some, { compress, widest });
        const expected = some.map(({ name, contents }): [string, Uint8Array] => [name, new Uint8Array(contents)]);
        expect(contentsOf(archive)).toEqual(expected);
        const theirs = unzipSync(archive);
        for (const [name, contents] of expected) expect(new Uint8Array(theirs[name])).toEqual(contents);
        expect(Object.keys(theirs).length).toBe(expected.length);
        const { fields, end } = wideNumbers(archive);
        if (widest > 10_000) expect([...fields, ...end]).toEqual([]);
      }),
    );
  });

  it.each([
    [65_534, 0],
    [65_535, 4],
    [65_536, 4],
  ])('counts %i files, where 16 bits end', (count, numbers) => {
    const some = Array.from({ length: count }, (_, i): ZipFile => ({ name: `${i}`, contents: Uint8Array.of(i) }));
    const archive = zipArchive(some);
    const entries = zipDirectory(archive);
    expect(entries.length).toBe(count);
    expect(entries[count - 1]).toMatchObject({ name: `${count - 1}`, stored: Uint8Array.of(count - 1) });
    const tail = archive.subarray(archive.length - 200);
    expect(wideNumbers(tail).end.length).toBe(numbers);
  });

  it('refuses a name that its length does not hold', () => {
    const longest = 'n'.repeat(65_535);
    expect(zipDirectory(zipArchive([{ name: longest, contents: new Uint8Array(1) }]))[0].name).toBe(longest);
    const contents = new Uint8Array(1);
    expect(() => zipArchive([{ name: `${longest}n`, contents }])).toThrow(
      /encodeNpz: expected tensor names of at most/,
    );
  });

  it('gives what encodeNpz gives', () => {
    const vector = vectors[0][1];
    const model = decodeNpz(bytesOf(vector));
    expectModel(decodeNpz(encodeNpz(model, { compress: true })), vector.values);
  });
});
