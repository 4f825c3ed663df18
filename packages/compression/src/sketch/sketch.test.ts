import { algorithmLaws, checkLaws, quadraticTrainer } from '@fedkit/core/conformance';
import { fedAvgM, seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonRange } from '../linear/grid.ts';
import { countSketch } from './count-sketch.ts';
import { fetchSgd } from './fetch-sgd.ts';

const OPTIONS = { rows: 5, columns: 400, seed: 3 };

describe('countSketch', () => {
  it('adds: the sketch of a sum is the sum of sketches', () => {
    const { sketch } = countSketch(OPTIONS);
    const vector = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 50, maxLength: 50 });
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const [x, y] = [Float32Array.from(a), Float32Array.from(b)];
        const together = sketch(x.map((value, i) => value + y[i]));
        const second = sketch(y);
        sketch(x).forEach((value, i) => expect(value + second[i]).toBe(together[i]));
      }),
    );
  });

  it('finds what is large, and errs elsewhere as the norm says', () => {
    const rng = seededRng(1);
    const d = 20_000;
    const values = Float32Array.from({ length: d }, () => (rng.uniform() - 0.5) * 0.1);
    const large = [7, 1999, 15_000];
    for (const place of large) values[place] = -10;
    const { sketch, estimate } = countSketch(OPTIONS);
    const found = estimate(sketch(values), d);
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    for (const place of large) expect(Math.abs(found[place] + 10)).toBeLessThan((3 * norm) / 20);
    const error = Math.sqrt(values.reduce((sum, value, i) => sum + (value - found[i]) ** 2, 0) / d);
    // A single row errs by ‖x‖/√c in root mean square, a median of five by less.
    expect(error).toBeLessThan(norm / Math.sqrt(400));
    const one = countSketch({ ...OPTIONS, rows: 1 });
    const single = one.estimate(one.sketch(values), d);
    const squared = values.reduce((sum, value, i) => sum + (value - single[i]) ** 2, 0) / d;
    expect(squared / (norm ** 2 / 400)).toBeGreaterThan(0.7);
    expect(squared / (norm ** 2 / 400)).toBeLessThan(1.3);
  });

  it('refuses sizes that are none', () => {
    for (const bad of [{ rows: 2 }, { rows: 0 }, { columns: 0 }, { seed: -1 }]) {
      expect(() => countSketch({ ...OPTIONS, ...bad })).toThrowError(/countSketch/);
    }
    const { estimate } = countSketch(OPTIONS);
    expect(() => estimate(new Float32Array(3), 5)).toThrowError(/estimate: sketch/);
  });
});

describe('fetchSgd', () => {
  checkLaws(it, algorithmLaws({ algorithm: fetchSgd({ rows: 3, columns: 64, seed: 1, k: 4 }) }));

  const d = 30_000;
  const rng = seededRng(5);
  const targets = Array.from({ length: 3 }, () =>
    Float32Array.from({ length: d }, (_, i) => (i % 1000 === 0 ? 4 : 0) + 0.01 * (rng.uniform() - 0.5)),
  );

  /** Mean distance to the targets' mean after some rounds. */
  async function distance(algorithm: ReturnType<typeof fetchSgd>, rounds: number) {
    let state = algorithm.init(new Float32Array(d));
    for (let round = 1; round <= rounds; round++) {
      const aggregator = algorithm.aggregator(d);
      const sum = aggregator.create();
      for (const target of targets) {
        const how = { steps: 1, batchSize: 'all', learningRate: 0.1, rng: seededRng(round) } as const;
        const report = await algorithm.clientRound({
          broadcast: algorithm.broadcast(state),
          trainer: quadraticTrainer(target, 10),
          options: how,
        });
        aggregator.accumulate(sum, report.contribution);
      }
      state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort: 3, population: 3 });
    }
    return Math.sqrt(algorithm.params(state).reduce((sum, value, i) => sum + (value - targets[0][i]) ** 2, 0));
  }

  it('comes to the optimum by a seventh of the values', async () => {
    const start = Math.sqrt(targets[0].reduce((sum, value) => sum + value * value, 0));
    const options = { rows: 5, columns: 800, seed: 2, k: 30, momentum: 0 };
    expect(await distance(fetchSgd(options), 60)).toBeLessThan(0.1 * start);
    expect(await distance(fetchSgd(options), 2)).toBeGreaterThan(0.5 * start);
  });

  it('with room for everything is server momentum', async () => {
    const small = targets[0].slice(0, 300);
    const wide = { rows: 5, columns: 1 << 15, seed: 2, k: 300, momentum: 0.5 };
    const own = fetchSgd(wide);
    const peer = fedAvgM({ learningRate: 1, momentum: 0.5, nesterov: false });
    let [a, b] = [own.init(new Float32Array(300)), peer.init(new Float32Array(300))];
    for (let round = 1; round <= 4; round++) {
      const how = { steps: 1, batchSize: 'all', learningRate: 0.1, rng: seededRng(round) } as const;
      const trainer = quadraticTrainer(small, 10);
      const info = { round, cohort: 1, population: 1 };
      const first = await own.clientRound({ broadcast: own.broadcast(a), trainer, options: how });
      const one = own.aggregator(300);
      a = own.serverStep(a, one.finalize(one.accumulate(one.create(), first.contribution)), info);
      const second = await peer.clientRound({ broadcast: peer.broadcast(b), trainer, options: how });
      const two = peer.aggregator(300);
      b = peer.serverStep(b, two.finalize(two.accumulate(two.create(), second.contribution)), info);
    }
    const expected = peer.params(b);
    own.params(a).forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-4));
  });

  it('sums in a ring as secure aggregation does', () => {
    const { sketch, size } = countSketch(OPTIONS);
    const codec = commonRange({ bits: 32, range: 64, contributors: 3 });
    const sketches = targets.map(sketch);
    const context = { sharedSeed: new Uint8Array(32), rng: seededRng(1), expectedSize: size };
    const total = new Int32Array(size);
    for (const own of sketches)
      codec.encodeIntegers(own, context).forEach((value, i) => {
        total[i] += value;
      });
    const sum = codec.decodeSum(total, { contributors: 3, context });
    sum.forEach((value, i) =>
      expect(Math.abs(value - sketches.reduce((all, own) => all + own[i], 0))).toBeLessThan(1e-4),
    );
  });
});
