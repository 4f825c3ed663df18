import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Layout } from './layout.ts';
import { complementOf } from './complement.ts';
import { selectPlaces } from './select-places.ts';

const twoLayers = Layout.of([
  { name: 'dense/kernel', shape: [3, 2] },
  { name: 'dense/bias', shape: [2] },
  { name: 'head/kernel', shape: [2, 1] },
  { name: 'temperature', shape: [] },
]);

describe('Layout', () => {
  it('places tensors one behind the other', () => {
    expect(twoLayers.size).toBe(11);
    expect(twoLayers.tensors.map(({ offset, size }) => [offset, size])).toEqual([
      [0, 6],
      [6, 2],
      [8, 2],
      [10, 1],
    ]);
  });

  it('views without copying', () => {
    const values = new Float32Array(11);
    twoLayers.view(values, 'dense/bias')[1] = 5;
    expect(values[7]).toBe(5);
    expect(twoLayers.view(values, 'temperature').buffer).toBe(values.buffer);
  });

  it('has one digest for the same names and shapes, and no other', () => {
    const again = Layout.of(twoLayers.tensors);
    expect(again.digest()).toBe(twoLayers.digest());
    expect(again.equals(twoLayers)).toBe(true);
    expect(twoLayers.digest()).toMatchInlineSnapshot(
      `"f9300a8f6e50c5bff309187aa298ee4ef98b10ccf1c8de0889e3414e0e1a5412"`,
    );
    const transposed = Layout.of([{ name: 'dense/kernel', shape: [2, 3] }, ...twoLayers.tensors.slice(1)]);
    expect(transposed.equals(twoLayers)).toBe(false);
    const swapped = Layout.of([twoLayers.tensors[1], twoLayers.tensors[0], ...twoLayers.tensors.slice(2)]);
    expect(swapped.equals(twoLayers)).toBe(false);
  });

  it.each([
    [
      'INVALID_ARGUMENT',
      [
        { name: 'a', shape: [1] },
        { name: 'a', shape: [2] },
      ],
    ],
    ['INVALID_ARGUMENT', [{ name: 'a'.repeat(1025), shape: [1] }]],
    ['INVALID_ARGUMENT', [{ name: 'a' }]],
    ['INVALID_ARGUMENT', 'a'],
    ['OUT_OF_RANGE', [{ name: 'a', shape: [-1] }]],
    ['OUT_OF_RANGE', [{ name: 'a', shape: [1.5] }]],
    ['OUT_OF_RANGE', [{ name: 'a', shape: [2 ** 20, 2 ** 20] }]],
  ])('refuses as %s: %j', (code, tensors) => {
    expect(() => Layout.of(tensors as never)).toThrow(expect.objectContaining({ name: 'FedkitError', code }));
  });

  it('names an unknown tensor and a vector of another length', () => {
    expect(() => twoLayers.view(new Float32Array(11), 'nope')).toThrow(/"nope"/);
    expect(() => twoLayers.view(new Float32Array(10), 'dense/bias')).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });
});

describe('Selection', () => {
  it('joins neighbours into spans', () => {
    expect(twoLayers.select(({ name }) => name.startsWith('dense/')).spans).toEqual([{ start: 0, end: 8 }]);
    expect(twoLayers.select(({ name }) => name.endsWith('kernel')).spans).toEqual([
      { start: 0, end: 6 },
      { start: 8, end: 10 },
    ]);
    expect(twoLayers.select(() => false).size).toBe(0);
    // Across tensors too.
    const places = [1, 2, 5, 6, 7, 9];
    expect(selectPlaces(twoLayers, (place) => places.includes(place)).spans).toEqual([
      { start: 1, end: 3 },
      { start: 5, end: 8 },
      { start: 9, end: 10 },
    ]);
  });

  it('gather and scatter of a part and its complement restore the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { maxLength: 8 }), (tensors) => {
        const layout = Layout.of(tensors.map(([size], i) => ({ name: `t${i}`, shape: [size] })));
        const part = layout.select(({ name }) => tensors[Number(name.slice(1))][1]);
        const rest = complementOf(part);
        const values = Float32Array.from({ length: layout.size }, (_, i) => i + 1);
        const rebuilt = new Float32Array(layout.size);
        part.scatter(part.gather(values), rebuilt);
        rest.scatter(rest.gather(values), rebuilt);
        expect(rebuilt).toEqual(values);
        expect(part.size + rest.size).toBe(layout.size);
        expect(Layout.of(part.tensors).size).toBe(part.size);
      }),
    );
  });

  it('leaves the vector alone when the part has another length', () => {
    const values = new Float32Array(11).fill(1);
    const head = twoLayers.select(({ name }) => name.startsWith('head/'));
    expect(() => head.scatter(new Float32Array(3), values)).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
    expect(values.every((value) => value === 1)).toBe(true);
  });
});
