import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Layout } from '../model/layout.ts';
import { applyObjective, checkObjective, type LocalObjective } from './objective.ts';

const layout = Layout.of([
  { name: 'body', shape: [3] },
  { name: 'head', shape: [2] },
  { name: 'tail', shape: [1] },
]);
const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 });
const vector = fc.array(float, { minLength: 6, maxLength: 6 }).map((values) => Float32Array.from(values));
const positive = vector.map((values) => values.map((value) => (value < 0 ? -value : value)));

describe('applyObjective', () => {
  it('is g ← scale · g + proximal · (w − anchor) + shift on what is trainable, 0 elsewhere', () => {
    const objectives = fc.record(
      {
        anchor: vector,
        proximal: fc.oneof(fc.float({ min: 0, max: 10, noNaN: true }), positive),
        scale: fc.oneof(float, vector),
        shift: vector,
        trainable: fc
          .subarray(['body', 'head', 'tail'])
          .map((names) => layout.select(({ name }) => names.includes(name))),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(vector, vector, vector, objectives, (gradient, params, start, objective) => {
        const pick = (value: number | Float32Array | undefined, i: number, absent: number) =>
          typeof value === 'number' ? value : value ? value[i] : absent;
        const expected = gradient.map((g, i) => {
          const moves = objective.trainable?.spans.some(({ start: from, end }) => i >= from && i < end) ?? true;
          if (!moves) return 0;
          const pull = pick(objective.proximal, i, 0) * (params[i] - (objective.anchor ?? start)[i]);
          return pick(objective.scale, i, 1) * g + pull + (objective.shift?.[i] ?? 0);
        });
        const own = gradient.slice();
        expect(applyObjective(own, params, start, objective)).toBe(own);
        own.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 2));
      }),
    );
  });

  it('leaves the gradient alone without a correction', () => {
    const gradient = Float32Array.of(1, -2, NaN, 4, 5, 6);
    expect(applyObjective(gradient, new Float32Array(6), new Float32Array(6), {})).toEqual(
      Float32Array.of(1, -2, NaN, 4, 5, 6),
    );
  });

  it('takes the start as the anchor: FedProx', () => {
    const corrected = applyObjective(Float32Array.of(1, 1), Float32Array.of(3, 4), Float32Array.of(1, 8), {
      proximal: 0.5,
    });
    expect([...corrected]).toEqual([2, -1]);
  });

  it.each<[LocalObjective, string]>([
    [{ shift: new Float32Array(5) }, 'SHAPE_MISMATCH'],
    [{ anchor: new Float32Array(7) }, 'SHAPE_MISMATCH'],
    [{ scale: new Float32Array(7) }, 'SHAPE_MISMATCH'],
    [{ scale: Number.NaN }, 'OUT_OF_RANGE'],
    [{ proximal: -1 }, 'OUT_OF_RANGE'],
    [{ trainable: Layout.of([{ name: 'x', shape: [2] }]).select(() => true) }, 'SHAPE_MISMATCH'],
    [{ trainable: { spans: [] } as never }, 'INVALID_ARGUMENT'],
  ])('refuses %o', (objective, code) => {
    const zeros = new Float32Array(6);
    expect(() => applyObjective(zeros, zeros, zeros, objective)).toThrow(expect.objectContaining({ code }));
    expect(() => checkObjective('train', objective, 6)).toThrow(expect.objectContaining({ code }));
  });

  it.each(['anchor', 'shift', 'scale', 'proximal'])('checks %s for values that are not finite, by place', (name) => {
    const objective = { [name]: Float32Array.of(0, 0, 0, Number.NaN, 0, 0) };
    expect(() => checkObjective('train', objective, 6)).toThrow(`train: ${name}[3]: expected a finite number, got NaN`);
  });

  it('checks proximal vectors for negative values', () => {
    const objective = { proximal: Float32Array.of(0, -1, 0, 0, 0, 0) };
    expect(() => checkObjective('train', objective, 6)).toThrow('train: proximal[1]: expected a number ≥ 0, got -1');
  });
});
