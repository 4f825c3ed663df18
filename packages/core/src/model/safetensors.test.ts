import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { utf8Encode } from '../utf8.ts';
import { modelDigest } from './digest.ts';
import { Layout } from './layout.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

/** A file laid out by the format's text: length, header, data. */
function file(header: string, data: number[] = [], length = utf8Encode(header).length): Uint8Array {
  const text = utf8Encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const decodeFailed = expect.objectContaining({ name: 'FedkitError', code: 'DECODE_FAILED' });

describe('safetensors', () => {
  it('reads F32, F16 and BF16 as the format lays them out', () => {
    const header = `{"half":{"dtype":"F16","shape":[4],"data_offsets":[4,12]},
      "__metadata__":{"format":"pt"},
      "brain":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]},
      "one":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   `;
    const f32 = [0, 0, 0x80, 0x3f]; // 1
    const f16 = [0x00, 0xc0, 0x55, 0x35, 0x01, 0x00, 0x00, 0x7c]; // -2, 0.333251953125, 2^-24, infinity
    const bf16 = [0x49, 0x40, 0x80, 0xff]; // 3.140625, -infinity
    const { layout, values, metadata } = decodeSafetensors(file(header, [...f32, ...f16, ...bf16]));
    expect(layout.tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['one', []],
      ['half', [4]],
      ['brain', [2]],
    ]);
    expect([...values]).toEqual([1, -2, 0.333251953125, 2 ** -24, Infinity, 3.140625, -Infinity]);
    expect(metadata).toEqual({ format: 'pt' });
  });

  it('writes what the format says, byte by byte', () => {
    const layout = Layout.of([{ name: 'w', shape: [2] }]);
    const bytes = encodeSafetensors({ layout, values: Float32Array.of(1, -2) });
    const header = '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    expect(bytes).toEqual(file(header.padEnd(56), [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]));
  });

  it('round trips any model', () => {
    const model = fc
      .uniqueArray(
        fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 })),
        {
          selector: ([name]) => name,
          maxLength: 6,
        },
      )
      .filter((tensors) => tensors.every(([name]) => name !== '__metadata__'));
    fc.assert(
      fc.property(model, fc.dictionary(fc.string(), fc.string()), fc.integer(), (tensors, metadata, seed) => {
        const layout = Layout.of(tensors.map(([name, shape]) => ({ name, shape })));
        const rng = seededRng(Math.abs(seed));
        const values = Float32Array.from({ length: layout.size }, () => rng.uniform() - 0.5);
        const decoded = decodeSafetensors(encodeSafetensors({ layout, values, metadata }));
        expect(decoded.layout.tensors).toEqual(layout.tensors);
        expect(decoded.layout.equals(layout)).toBe(true);
        expect(decoded.values).toEqual(values);
        expect(Object.entries(decoded.metadata)).toEqual(Object.entries(metadata));
      }),
    );
  });

  it.each([
    ['an empty file', new Uint8Array(0)],
    ['a truncated length', new Uint8Array(7)],
    ['a header longer than the file', file('{}', [], 3)],
    ['a header length of 2^63', file('{}', [], 2 ** 63)],
    ['no JSON', file('{"a":')],
    ['ill-formed UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff)],
    ['an array', file('[]')],
    ['an unknown dtype', file('{"a":{"dtype":"I128","shape":[1],"data_offsets":[0,16]}}', Array(16).fill(0))],
    ['a dimension written 1.0', file('{"a":{"dtype":"F16","shape":[1.0],"data_offsets":[0,2]}}', [1, 1])],
    ['a dimension written 1e0', file('{"a":{"dtype":"F16","shape":[1e0],"data_offsets":[0,2]}}', [1, 1])],
    ['a dimension of -0', file('{"a":{"dtype":"F16","shape":[-0],"data_offsets":[0,0]}}')],
    ['a lone surrogate', file('{"\\ud800":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', [1, 1])],
    ['a lone surrogate in metadata', file('{"__metadata__":{"a":"\\udc00"}}')],
    ['one field twice', file('{"a":{"dtype":"F16","dtype":"F16","shape":[1],"data_offsets":[0,2]}}', [1, 1])],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}')],
    [
      'one name twice, for the same bytes',
      file(
        '{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}',
        [0, 0],
      ),
    ],
    ['half a byte', file('{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}', [0])],
    ['a dtype from the prototype', file('{"a":{"dtype":"toString","shape":[1],"data_offsets":[0,1]}}', [1])],
    ['a negative dimension', file('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', [0, 0, 0, 0])],
    ['a huge shape', file('{"a":{"dtype":"F32","shape":[1e300,0],"data_offsets":[0,0]}}')],
    ['offsets beyond the data', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', [0, 0])],
    [
      'offsets that disagree with the shape',
      file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
    ],
    ['a gap', file('{"a":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}', [0, 0, 0, 0])],
    ['trailing data', file('{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', [0, 0, 0, 0])],
    [
      'an overlap',
      file(
        '{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}',
        [0, 0, 0, 0],
      ),
    ],
    [
      'one name twice',
      file(
        '{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"a":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}',
        [0, 0, 0, 0],
      ),
    ],
    ['metadata that is not text', file('{"__metadata__":{"a":1}}')],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeSafetensors(bytes)).toThrow(decodeFailed);
  });

  it.each([
    ['null metadata', '{"__metadata__":null,"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 'a'],
    ['leading white space', '\n {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 'a'],
    ['an empty name', '{"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', ''],
    ['a field of its own', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":[]}}', 'a'],
    ['escaped quotes', '{"\\"\\\\":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', '"\\'],
  ])('reads %s, as the reference reader does', (_, header, name) => {
    const { layout, values, metadata } = decodeSafetensors(file(header, [0, 0, 0x80, 0x3f]));
    expect(layout.tensors.map((tensor) => tensor.name)).toEqual([name]);
    expect([...values]).toEqual([1]);
    expect(metadata).toEqual({});
  });

  it('answers 20,000 mutations with a model or a FedkitError', () => {
    const layout = Layout.of([
      { name: 'a', shape: [2, 3] },
      { name: 'b', shape: [] },
    ]);
    const good = encodeSafetensors({ layout, values: new Float32Array(7).fill(0.5), metadata: { round: '3' } });
    const rng = seededRng(20_000);
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = good.slice(0, rng.below(4) === 0 ? rng.below(good.length + 1) : good.length);
      for (let j = rng.below(4); j >= 0 && bytes.length > 0; j--)
        bytes[rng.below(Math.min(bytes.length, 180))] = rng.uint32();
      try {
        decodeSafetensors(bytes);
      } catch (error) {
        expect(error).toEqual(decodeFailed);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(10_000);
  });

  it('refuses to write what it could not read', () => {
    const layout = Layout.of([{ name: '__metadata__', shape: [1] }]);
    expect(() => encodeSafetensors({ layout, values: new Float32Array(1) })).toThrow(/reserved/);
    expect(() => encodeSafetensors({ layout, values: new Float32Array(2) })).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });
});

describe('modelDigest', () => {
  it('tells apart one bit of one value and the name of one tensor', () => {
    const layout = Layout.of([{ name: 'w', shape: [2] }]);
    const digest = modelDigest(layout, Float32Array.of(1, 0));
    expect(modelDigest(layout, Float32Array.of(1, 0))).toBe(digest);
    expect(modelDigest(layout, Float32Array.of(1, -0))).not.toBe(digest);
    expect(modelDigest(Layout.of([{ name: 'v', shape: [2] }]), Float32Array.of(1, 0))).not.toBe(digest);
  });
});
