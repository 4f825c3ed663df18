import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusedMutations } from '../../test/mutations.ts';
import { bytesOf, objectsOf, vectors } from '../../test/vectors.ts';
import { utf8Encode } from '@fedkit/core/internal';
import { type FlowerObject, makeObject } from '../object/object.ts';
import { gather, objectsOf as objectsIn } from '../object/tree.ts';
import { descriptionOf, DTYPES, dtypeOf, roundHalfToEven } from './dtype.ts';
import { CHUNK, type FlowerArray, flowerArray, isNumeric, makeArray, moveArray, readArray } from './flower-array.ts';
import { decodeNpy, elementsOf, encodeNpy } from './npy.ts';
import { readRecords, writeRecords } from './records.ts';

type Vector = (typeof vectors.npy)[number];

async function arrayOf({ dtype, shape, file }: Pick<Vector, 'dtype' | 'shape' | 'file'>): Promise<FlowerArray> {
  const chunk = await makeObject('ArrayChunk', [], bytesOf(file));
  const body = { dtype, shape, stype: 'numpy.ndarray', arraychunk_ids: [0] };
  return flowerArray(await makeObject('Array', [chunk], utf8Encode(JSON.stringify(body))));
}

const fileOf = (array: FlowerArray) => {
  const [chunk] = array.object.children;
  return chunk.bytes.subarray(chunk.bytes.indexOf(0) + 1);
};

describe('arrays', () => {
  it.each(vectors.npy)('reads $name as NumPy does, and writes it back byte for byte', async (vector) => {
    const array = await arrayOf(vector);
    const values = readArray(array, new Float32Array(vector.values.length));
    expect([...values]).toEqual(vector.values.map(Math.fround));
    expect(encodeNpy(decodeNpy(bytesOf(vector.file)))).toEqual(bytesOf(vector.file));
    expect(isNumeric(array)).toBe(true);
    // Nothing moves: the same object. Something moves: the same type, byte order and memory order.
    expect(await moveArray(array, new Float32Array(values.length))).toBe(array);
    if (values.length === 0) return;
    const moved = await moveArray(array, new Float32Array(values.length).fill(1));
    const [was, is] = [array, moved].map((one) => decodeNpy(fileOf(one)));
    expect({ ...is, data: 0 }).toEqual({ ...was, data: 0 });
    const limit = vector.dtype === 'bool' ? 1 : Infinity;
    expect([...readArray(moved, new Float32Array(values.length))]).toEqual(
      vector.values.map((value) => Math.min(value + 1, limit)),
    );
    const back = await moveArray(moved, new Float32Array(values.length).fill(-1));
    if (vector.dtype !== 'bool') expect(fileOf(back)).toEqual(fileOf(array));
  });

  it('moves a copy where bytes come as a class whose slices are views, as Node has it', async () => {
    class Viewing extends Uint8Array {
      override slice(start?: number, end?: number): never {
        return this.subarray(start, end) as never;
      }
    }
    const own = await makeArray(Float32Array.of(1, 2, 3), [3]);
    const children = own.object.children.map((child) => {
      const bytes = new Viewing(child.bytes.length + 4);
      bytes.set(child.bytes, 4);
      return { ...child, bytes: bytes.subarray(4) };
    });
    const array = { ...own, object: { ...own.object, children } };
    const moved = await moveArray(array, Float32Array.of(1, 1, 1));
    expect([...readArray(moved, new Float32Array(3))]).toEqual([2, 3, 4]);
    expect([...readArray(array, new Float32Array(3))]).toEqual([1, 2, 3]);
  });

  it('moves each element to the nearest of its type, and integers no further than their limits', async () => {
    const vector = (name: string) => arrayOf(vectors.npy.find((one) => one.name === name) as Vector);
    const moved = async (name: string, step: number) =>
      readArray(await moveArray(await vector(name), new Float32Array(6).fill(step)), new Float32Array(6));
    expect([...(await moved('<i4C', 0.5))]).toEqual([0, 2, 2, 100, 8, 2]);
    expect([...(await moved('<i1C', 1e9))]).toEqual([127, 127, 127, 127, 127, 127]);
    expect([...(await moved('<u2C', -3))]).toEqual([0, 0, 0, 97, 4, 0]);
    expect([...(await moved('<u8C', -3e38))]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...(await moved('<b1C', 0.5))]).toEqual([1, 1, 1, 1, 1, 1]);
    expect([...(await moved('bfloat16', 0.25))]).toEqual([0.25, 1.25, 2.25, 100, 7.25, 1.25]);
    // A float64 keeps what float32 has no room for.
    const precise = await moveArray(await vector('<f8C'), new Float32Array(6).fill(2 ** -40));
    expect(new Float64Array(decodeNpy(fileOf(precise)).data.slice().buffer)[3]).toBe(100 + 2 ** -40);
  });

  it('cuts large arrays as Flower does, and names a repeated chunk once', async () => {
    const values = new Float32Array(CHUNK / 2).fill(1);
    const array = await makeArray(values, [2, CHUNK / 4]);
    expect(array.object.children.length).toBeGreaterThan(1);
    expect(readArray(array, new Float32Array(values.length)).every((value) => value === 1)).toBe(true);
    const same = await makeArray(new Float32Array((3 * CHUNK) / 4).fill(1), [(3 * CHUNK) / 4]);
    // The head of the file shifts the first chunk's values; the next two are alike.
    expect(same.object.children).toHaveLength(3);
    expect(readArray(same, new Float32Array((3 * CHUNK) / 4)).every((value) => value === 1)).toBe(true);
  });

  it('takes no more memory than its reader has room for, whatever an array says', async () => {
    const chunk = await makeObject('ArrayChunk', [], new Uint8Array(1000));
    const claim = async (body: object) =>
      flowerArray(await makeObject('Array', [chunk], utf8Encode(JSON.stringify(body))));
    const base = { dtype: 'float32', stype: 'numpy.ndarray' };
    const large = await claim({ ...base, shape: [2 ** 31 - 1], arraychunk_ids: [0] });
    expect(() => readArray(large, new Float32Array(1))).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    const repeated = await claim({ ...base, shape: [1], arraychunk_ids: Array(1000).fill(0) });
    expect(() => readArray(repeated, new Float32Array(1))).toThrow(/at most 65608 bytes/);
    await expect(claim({ ...base, shape: [1], arraychunk_ids: [1] })).rejects.toThrow(/chunks among/);
    const pickled = await claim({ ...base, stype: 'pickle', shape: [1], arraychunk_ids: [0] });
    expect(() => readArray(pickled, new Float32Array(1))).toThrow(/numpy.ndarray/);
  });

  it('answers 20,000 mutated files with an array or an error by name', () => {
    const refused = refusedMutations(
      vectors.npy.map(({ file }) => bytesOf(file)),
      20_000,
      decodeNpy,
    );
    expect(refused).toBeGreaterThan(2000);
    expect(refused).toBeLessThan(20_000);
  });

  it('names every type both ways', () => {
    for (const dtype of DTYPES) expect(dtypeOf(descriptionOf(dtype), dtype)).toBe(dtype);
    expect(dtypeOf('<V2', 'void16')).toBeUndefined();
    expect(dtypeOf('<c8', 'complex64')).toBeUndefined();
    expect(dtypeOf('<constructor', 'x')).toBeUndefined();
    expect(elementsOf([])).toBe(1);
  });
});

describe('half precision', () => {
  it.each(['float16', 'bfloat16'] as const)('moves %s to where NumPy and ml_dtypes round', async (dtype) => {
    const { values } = vectors.halves;
    const description = dtype === 'float16' ? '<f2' : '<V2';
    const shape = [values.length];
    const file = encodeNpy({ description, fortran: false, shape, data: new Uint8Array(2 * values.length) });
    const array = await arrayOf({ dtype, shape, file: btoa(String.fromCharCode(...file)) });
    const moved = await moveArray(array, Float32Array.from(values));
    const bits = [...new Uint16Array(decodeNpy(fileOf(moved)).data.slice().buffer)];
    // 0 + −0 is 0.
    expect(bits).toEqual(vectors.halves[dtype].map((half, i) => (values[i] === 0 ? 0 : half)));
  });

  it('rounds integers to even', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), (n) => {
        expect(roundHalfToEven(n)).toBe(n);
        expect(roundHalfToEven(n + 0.25)).toBe(n);
        expect(Math.abs(roundHalfToEven(n + 0.5) % 2)).toBe(0);
      }),
    );
  });
});

describe('records', () => {
  it('reads what flwr writes: arrays in their order, ints as bigint', () => {
    const { id, get } = objectsOf(vectors.message);
    const records = readRecords(gather(id, get).children[0]);
    const { arrays, metrics, config } = records;
    if (arrays.kind !== 'arrays' || metrics.kind !== 'metrics' || config.kind !== 'config') return expect.fail();
    expect([...arrays.arrays.keys()]).toEqual(['b', '10', '2']);
    expect(readArray(arrays.arrays.get('b') as FlowerArray, new Float32Array(3))).toEqual(Float32Array.of(0, 1, 2));
    expect(metrics.values).toEqual({ loss: 0.25, 'num-examples': 3n, list: [1n, -2n], floats: [0.5] });
    expect(config.values).toEqual({
      lr: 0.5,
      minus: -(2n ** 63n),
      yes: true,
      name: 'naïve',
      raw: Uint8Array.of(0, 1),
      names: ['a', ''],
      flags: [true, false],
      raws: [Uint8Array.of(2)],
    });
  });

  it('writes what it reads, a record of arrays by its id', async () => {
    const { id, get } = objectsOf(vectors.message);
    const dict = gather(id, get).children[0];
    const records = readRecords(dict);
    const again = await writeRecords(records);
    expect(readRecords(again)).toEqual(records);
    const idOf = (of: typeof dict) => of.children.find(({ type }) => type === 'ArrayRecord')?.id;
    expect(idOf(again)).toBe(idOf(dict));
    const { arrays } = records;
    if (arrays.kind !== 'arrays') return expect.fail();
    const afresh = await writeRecords({ arrays: { kind: 'arrays', arrays: arrays.arrays } });
    expect([...(readRecords(afresh).arrays as typeof arrays).arrays.keys()]).toEqual(['b', '10', '2']);
  });

  it('answers 20,000 mutated messages with records or an error by name, whichever object was changed', () => {
    const { id, get } = objectsOf(vectors.message);
    const dict = gather(id, get).children[0];
    const places = objectsIn(dict);
    // Digests are verified before: here a child stands for the id that names it, whatever its bytes say.
    const put = (object: FlowerObject, at: FlowerObject, bytes: Uint8Array): FlowerObject =>
      object === at
        ? { ...object, bytes }
        : { ...object, children: object.children.map((child) => put(child, at, bytes)) };
    let turn = 0;
    const refused = refusedMutations(
      places.map(({ bytes }) => bytes),
      20_000,
      (bytes) => {
        const records = readRecords(put(dict, places[turn++ % places.length], bytes));
        for (const record of Object.values(records)) {
          if (record.kind !== 'arrays') continue;
          // As a layout does, which knows the shape before.
          for (const array of record.arrays.values())
            if (elementsOf(array.shape) === 3) readArray(array, new Float32Array(3));
        }
      },
    );
    expect(refused).toBeGreaterThan(2000);
    expect(refused).toBeLessThan(20_000);
  });

  it('refuses what no record can hold', async () => {
    for (const value of [undefined, null, {}, [1, 'a'], () => 1]) {
      await expect(writeRecords({ metrics: { kind: 'metrics', values: { x: value as never } } })).rejects.toMatchObject(
        {
          code: 'INVALID_ARGUMENT',
        },
      );
    }
  });
});
