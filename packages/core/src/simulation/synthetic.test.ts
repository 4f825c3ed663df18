import { describe, expect, it } from 'vitest';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { normal } from '../math/normal.ts';
import { seededRng } from '../random.ts';
import { SYNTHETIC_INPUTS, syntheticFederation } from './synthetic.ts';

function moments(inputs: Float32Array, feature: number): { mean: number; variance: number } {
  let mean = 0;
  let square = 0;
  const rows = inputs.length / SYNTHETIC_INPUTS;
  for (let row = 0; row < rows; row++) {
    const x = inputs[row * SYNTHETIC_INPUTS + feature];
    mean += x / rows;
    square += (x * x) / rows;
  }
  return { mean, variance: square - mean * mean };
}

describe('syntheticFederation', () => {
  it('splits each client’s examples 90 to 10, no row in both', () => {
    const federation = syntheticFederation({ alpha: 1, beta: 1 }, seededRng(1));
    expect(federation.clients).toBe(30);
    for (const client of [0, 7, 29]) {
      const { train, test } = federation.client(client);
      const [a, b] = [train.rows as Uint32Array, test.rows as Uint32Array];
      expect(a.length).toBe(Math.floor(0.9 * federation.size(client)));
      expect(new Set([...a, ...b]).size).toBe(federation.size(client));
      expect(federation.size(client)).toBeGreaterThanOrEqual(50);
    }
  });

  it('has features of variance j^−1.2 around a center that moves with β', () => {
    const still = syntheticFederation({ alpha: 0, beta: 0, iid: true }, seededRng(1));
    const large = Array.from({ length: 30 }, (_, i) => i).sort((a, b) => still.size(b) - still.size(a))[0];
    const { inputs } = still.client(large).train;
    const rows = inputs.length / SYNTHETIC_INPUTS;
    for (const j of [0, 1, 9, 59]) {
      const { mean, variance } = moments(inputs, j);
      const want = (j + 1) ** -1.2;
      // Six standard errors of each estimate: fixed seed, false failures below 1e-8.
      expect(Math.abs(mean)).toBeLessThan(6 * Math.sqrt(want / rows));
      expect(Math.abs(variance / want - 1)).toBeLessThan(6 * Math.sqrt(2 / rows));
    }
    const centers = Array.from({ length: 12 }, (_, k) =>
      [0, 20, 40].map(
        (j) => moments(syntheticFederation({ alpha: 0, beta: 5 }, seededRng(k)).client(k).train.inputs, j).mean,
      ),
    ).flat();
    expect(Math.max(...centers) - Math.min(...centers)).toBeGreaterThan(5);
  });

  it('gives IID clients one model, others their own', () => {
    const rng = seededRng(2);
    const iid = syntheticFederation({ alpha: 0, beta: 0, iid: true }, rng);
    const own = syntheticFederation({ alpha: 0, beta: 0 }, rng);
    const shareOfMostFrequent = (federation: typeof iid) => {
      const most = Array.from({ length: 10 }, (_, client) => {
        const counts = new Float64Array(10);
        const { labels } = federation.client(client).train;
        for (const label of labels) counts[label]++;
        return counts.indexOf(Math.max(...counts));
      });
      return new Set(most).size;
    };
    expect(shareOfMostFrequent(iid)).toBeLessThan(shareOfMostFrequent(own));
  });

  it('labels each example with the class that its model finds likeliest', () => {
    const { inputs, labels } = syntheticFederation({ alpha: 0, beta: 0, iid: true }, seededRng(2)).client(4).train;
    const model = seededRng(2).fork('model');
    const weights = Array.from({ length: SYNTHETIC_INPUTS * 10 }, () => normal(model));
    const biases = Array.from({ length: 10 }, () => normal(model));
    for (let row = 0; row < 40; row++) {
      const x = inputs.subarray(row * SYNTHETIC_INPUTS, (row + 1) * SYNTHETIC_INPUTS);
      const scores = biases.map((bias, c) => x.reduce((sum, value, j) => sum + value * weights[j * 10 + c], bias));
      expect(labels[row]).toBe(scores.indexOf(Math.max(...scores)));
    }
  });

  it('generates a client the same whenever it is asked, and touches no other', () => {
    const all = syntheticFederation({ alpha: 1, beta: 1 }, seededRng(5));
    for (let client = 0; client < 5; client++) all.client(client);
    const one = syntheticFederation({ alpha: 1, beta: 1 }, seededRng(5)).client(3);
    expect(all.client(3)).toEqual(one);
    const digest = bytesToHex(sha256(new Uint8Array(one.train.inputs.buffer))).slice(0, 16);
    expect([digest, all.size(3)]).toMatchInlineSnapshot(`
      [
        "489b3afd2ca656e3",
        256,
      ]
    `);
  });

  it.each([
    [() => syntheticFederation({ alpha: -1, beta: 0 }, seededRng(1))],
    [() => syntheticFederation({ alpha: 0, beta: NaN }, seededRng(1))],
    [() => syntheticFederation({ alpha: 0, beta: 0, clients: 0 }, seededRng(1))],
    [() => syntheticFederation({ alpha: 0, beta: 0 }, seededRng(1)).client(30)],
  ])('refuses options out of range (%#)', (run) => {
    expect(run).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});
