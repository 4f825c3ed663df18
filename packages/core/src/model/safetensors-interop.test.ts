import { describe, expect, it } from 'vitest';
import { bytesOf, checkpointVectors, expectModel } from '../../test/support/checkpoint-vectors.ts';
import { withoutWrapperPrefixes } from '../checkpoint/wrapper-prefixes.ts';
import { Layout } from './layout.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const cases = checkpointVectors('safetensors');

describe.each(cases)('the file of %s', (_, vector) => {
  it('is read', () => {
    expectModel(decodeSafetensors(bytesOf(vector)), vector.values);
  });

  it('is the same after being written here, and the same bytes the second time', () => {
    const once = encodeSafetensors(decodeSafetensors(bytesOf(vector)));
    const model = decodeSafetensors(once);
    expectModel(model, vector.values);
    expect(encodeSafetensors(model)).toEqual(once);
  });

  it('is read without keeping a view of it', () => {
    const bytes = bytesOf(vector);
    const model = decodeSafetensors(bytes);
    bytes.fill(0xff);
    expectModel(model, vector.values);
  });
});

describe('decodeSafetensors with a layout', () => {
  const [, vector] = cases[0];
  const layout = Layout.of(
    ['conv.weight', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var', 'half', 'brain'].map((short) => {
      const name = short in vector.values ? short : `net.${short}`;
      return { name, shape: vector.values[name][1] };
    }),
  );
  const options = { layout };

  it('places tensors by name, whatever order the writer chose', () => {
    const model = decodeSafetensors(bytesOf(vector), options);
    expect(model.layout).toBe(layout);
    expectModel(model, vector.values);
    expect(decodeSafetensors(bytesOf(vector)).layout.equals(layout)).toBe(false);
  });

  it('takes float64 where it is told to round', () => {
    const wide = Layout.of([...layout.tensors, { name: 'double', shape: [2] }]);
    const doubles = new Float64Array(Uint8Array.from(Buffer.from(vector.values.double[2], 'hex')).buffer);
    const model = decodeSafetensors(bytesOf(vector), { layout: wide, float64: 'round' });
    expect(model.layout.view(model.values, 'double')).toEqual(Float32Array.from(doubles));
    expect(() => decodeSafetensors(bytesOf(vector), { layout: wide })).toThrow(/"double": expected a tensor of float/);
  });

  it.each([
    ['missing', Layout.of([...layout.tensors, { name: 'head', shape: [1] }]), /"head": expected a tensor of this name/],
    ['extra', Layout.of(layout.tensors.slice(1)), /"net.conv.weight": expected a tensor of the layout/],
    [
      'of another shape and the same size',
      Layout.of([{ name: 'net.conv.weight', shape: [3, 2, 2] }, ...layout.tensors.slice(1)]),
      /expected shape \[3, 2, 2\], got \[2, 3, 2\]/,
    ],
    [
      'of integers',
      Layout.of([...layout.tensors, { name: 'ids', shape: [4] }]),
      /"ids": .*got "one of I32"|got one of I32/,
    ],
  ])('refuses a tensor that is %s', (_, other, message) => {
    const read = () => decodeSafetensors(bytesOf(vector), { layout: other });
    expect(read).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    expect(read).toThrow(message);
  });

  it('maps names, and refuses two that become one', () => {
    const wrapped = encodeSafetensors({
      layout: Layout.of([
        { name: 'module._orig_mod.w', shape: [2] },
        { name: 'base_model.model._module.b', shape: [] },
      ]),
      values: Float32Array.of(1, 2, 3),
    });
    const plain = Layout.of([
      { name: 'b', shape: [] },
      { name: 'w', shape: [2] },
    ]);
    expect([...decodeSafetensors(wrapped, { layout: plain, rename: withoutWrapperPrefixes }).values]).toEqual([
      3, 1, 2,
    ]);
    expect(() => decodeSafetensors(wrapped, { rename: () => 'w' })).toThrow(/differ/);
  });
});

describe('encodeSafetensors', () => {
  const layout = Layout.of([
    { name: 'a', shape: [3] },
    { name: 'b', shape: [2] },
  ]);
  const values = Float32Array.of(0.1, -2, 65_504, 1e-8, 3);

  it.each(['F16', 'BF16'] as const)('writes %s, half the bytes, and reads the rounded values back', (types) => {
    const model = decodeSafetensors(encodeSafetensors({ layout, values, types }), { layout });
    expect(model.types).toEqual({ a: types, b: types });
    for (let i = 0; i < values.length; i++) {
      const step = types === 'F16' ? Math.max(2 ** -25, Math.abs(values[i]) * 2 ** -11) : Math.abs(values[i]) * 2 ** -8;
      expect(Math.abs(model.values[i] - values[i])).toBeLessThanOrEqual(step);
    }
    expect(encodeSafetensors(model)).toEqual(encodeSafetensors({ layout, values, types }));
  });

  it('refuses a value that a half cannot hold, without telling it', () => {
    const large = Float32Array.of(0, 0, 0, 0, 123_456);
    expect(() => encodeSafetensors({ layout, values: large, types: { b: 'F16' } })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE', message: expect.not.stringContaining('123') }),
    );
    expect(encodeSafetensors({ layout, values: large, types: { a: 'F16' } })).toBeInstanceOf(Uint8Array);
  });

  it.each([
    ['a name of the layout', { name: 'a', shape: [1], type: 'I8', bytes: new Uint8Array(1) }],
    ['bytes that do not fill the shape', { name: 'c', shape: [2], type: 'I64', bytes: new Uint8Array(8) }],
    ['an unknown type', { name: 'c', shape: [1], type: 'I128', bytes: new Uint8Array(16) }],
    ['half a byte', { name: 'c', shape: [1], type: 'F4', bytes: new Uint8Array(1) }],
  ])('refuses a carried tensor with %s', (_, carried) => {
    expect(() => encodeSafetensors({ layout, values, carried: [carried] })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
