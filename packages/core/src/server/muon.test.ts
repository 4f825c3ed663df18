import { describe, expect, it } from 'vitest';
import { Layout } from '../model/layout.ts';
import { normal } from '../math/normal.ts';
import { seededRng } from '../random.ts';
import { orthogonalized, serverMuon } from './muon.ts';
import { serverSgd } from './sgd.ts';

const rng = seededRng('muon');

/** k orthonormal vectors of n values, by Gram and Schmidt. */
function orthonormal(k: number, n: number): Float64Array[] {
  const vectors: Float64Array[] = [];
  for (let i = 0; i < k; i++) {
    const own = Float64Array.from({ length: n }, () => normal(rng));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) {
        const dot = own.reduce((sum, value, c) => sum + value * other[c], 0);
        own.forEach((value, c) => (own[c] = value - dot * other[c]));
      }
    }
    const norm = Math.hypot(...own);
    vectors.push(own.map((value) => value / norm));
  }
  return vectors;
}

/** Σ s_k·u_k·v_kᵀ, row-major. */
function assembled(left: Float64Array[], singular: readonly number[], right: Float64Array[]): Float64Array {
  const [m, n] = [left[0].length, right[0].length];
  const out = new Float64Array(m * n);
  singular.forEach((s, k) => {
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[i * n + j] += s * left[k][i] * right[k][j];
  });
  return out;
}

/** What five iterations make of one singular value: the polynomial of the paper, five times. */
const mapped = (s: number): number => {
  let x = s;
  for (let i = 0; i < 5; i++) x = 3.4445 * x - 4.775 * x ** 3 + 2.0315 * x ** 5;
  return x;
};

describe('orthogonalized', () => {
  it.each([
    [6, 6],
    [4, 9],
    [9, 4],
    [1, 7],
    [7, 1],
  ])('maps the singular values of a %d × %d matrix, and keeps its singular vectors', (m, n) => {
    const k = Math.min(m, n);
    const [left, right] = [orthonormal(k, m), orthonormal(k, n)];
    const singular = Array.from({ length: k }, (_, i) => 5 / (1 + 2 * i));
    const norm = Math.hypot(...singular);
    const expected = assembled(
      left,
      singular.map((s) => mapped(s / norm)),
      right,
    );
    const found = orthogonalized(assembled(left, singular, right), m, n);
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 9));
  });

  it('brings singular values from a hundredth on to 0.68 … 1.21, whatever the scale', () => {
    for (let s = 0.01; s <= 1; s += 0.001) {
      expect(mapped(s)).toBeGreaterThan(0.68);
      expect(mapped(s)).toBeLessThan(1.21);
    }
    const matrix = Float64Array.from({ length: 12 }, () => normal(rng));
    const scaled = orthogonalized(
      matrix.map((value) => 2 ** 40 * value),
      3,
      4,
    );
    expect(scaled).toEqual(orthogonalized(matrix, 3, 4));
    expect(orthogonalized(new Float64Array(6), 2, 3)).toEqual(new Float64Array(6));
  });
});

describe('serverMuon', () => {
  const layout = Layout.of([
    { name: 'weight', shape: [3, 4] },
    { name: 'bias', shape: [4] },
    { name: 'head', shape: [4, 2] },
  ]);
  const delta = Float32Array.from({ length: layout.size }, () => normal(rng));
  const start = Float32Array.from({ length: layout.size }, () => normal(rng));

  it('steps along orthogonal matrices, and elsewhere as the heavy ball', () => {
    const muon = serverMuon({ layout, learningRate: 0.5, momentum: 0.9, matrices: ({ name }) => name !== 'head' });
    const plain = serverSgd({ learningRate: 1, momentum: 0.9, nesterov: true });
    let ours: ReturnType<typeof muon.step> = { state: muon.init(layout.size), params: start };
    let theirs: ReturnType<typeof plain.step> = { state: plain.init(layout.size), params: start };
    for (let step = 0; step < 3; step++) {
      const before = ours.params;
      ours = muon.step(ours.state, ours.params, delta);
      theirs = plain.step(theirs.state, theirs.params, delta);
      expect(ours.params.subarray(12)).toEqual(theirs.params.subarray(12));
      const towards = Float64Array.from(delta, (value, i) => value + 0.9 * ours.state.momentum[i]).subarray(0, 12);
      const expected = orthogonalized(towards, 3, 4);
      for (let i = 0; i < 12; i++)
        expect(ours.params[i] - before[i]).toBeCloseTo(0.5 * 0.2 * Math.sqrt(4) * expected[i], 6);
    }
  });

  it('refuses another model and options out of range', () => {
    const muon = serverMuon({ layout, learningRate: 0.5 });
    expect(() => muon.step(muon.init(3), new Float32Array(3), new Float32Array(3))).toThrow(
      'parameters, those of the layout',
    );
    expect(() => serverMuon({ layout, learningRate: 0 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => serverMuon({ layout: {} as Layout, learningRate: 1 })).toThrow('a Layout');
  });
});
