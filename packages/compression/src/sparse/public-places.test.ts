import { algorithmLaws, checkLaws, quadraticTrainer } from '@fedkit/core/conformance';
import { mlp, plainTrainer, seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { publicPlaces, type PublicPlacesMemory, type PublicPlacesOptions } from './public-places.ts';

const size = 200;
const rng = seededRng(4);
const draw = () => Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
const how = { steps: 1, batchSize: 'all', learningRate: 0.05 } as const;

async function run(
  rounds: number,
  clients: readonly Float32Array[],
  options: Partial<PublicPlacesOptions>,
  onRound: (places: Float32Array, owed: readonly (PublicPlacesMemory | undefined)[]) => void = () => {},
) {
  const algorithm = publicPlaces({ size, density: 0.1, seed: 3, ...options });
  let state = algorithm.init(new Float32Array(size));
  const owed = clients.map((): PublicPlacesMemory | undefined => undefined);
  for (let round = 1; round <= rounds; round++) {
    const aggregator = algorithm.aggregator(size);
    const sum = aggregator.create();
    for (const [i, client] of clients.entries()) {
      const report = await algorithm.clientRound({
        broadcast: algorithm.broadcast(state),
        ...(owed[i] && { state: owed[i] }),
        trainer: quadraticTrainer(client, 10),
        options: { ...how, rng: seededRng(round) },
      });
      expect(report.contribution.values.values.length).toBe(20);
      owed[i] = report.state;
      aggregator.accumulate(sum, report.contribution);
    }
    onRound(state.places, owed);
    const cohort = clients.length;
    state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort, population: cohort });
  }
  return { params: algorithm.params(state), owed, state };
}

const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((value, i) => value - b[i]));

describe('publicPlaces', () => {
  checkLaws(it, algorithmLaws({ algorithm: publicPlaces({ size: 12, density: 1, seed: 1 }) }));

  it('loses nothing: what was released and what is owed make up what was trained', async () => {
    const target = draw();
    const { params, owed } = await run(1, [target], {});
    params.forEach((value, i) =>
      expect(Math.abs(value + (owed[0]?.owed[i] ?? 0) - how.learningRate * target[i])).toBeLessThan(1e-6),
    );
    expect(params.filter((value) => value !== 0).length).toBe(20);
  });

  it.each([
    ['all', 'by what was released and by the seed', {}],
    ['all', 'by the seed alone', { fresh: 1 }],
    ['places', 'by what was released and by the seed', { trains: 'places' }],
  ] as const)('comes to the optimum of clients that want different models: trains %s, %s', async (_, __, options) => {
    const target = draw();
    const shift = draw();
    const clients = [1, -1].map((sign) => target.map((value, i) => value + sign * shift[i]));
    const { params } = await run(500, clients, options);
    expect(distance(params, target)).toBeLessThan(0.1 * Math.hypot(...target));
  });

  it('names the places that move most, and always new ones', async () => {
    // Ten coordinates in which something remains to be learned.
    const target = Float32Array.from({ length: size }, (_, i) => (i % 20 === 7 ? 50 : 0));
    const seen: Float32Array[] = [];
    await run(40, [target], { mostOwed: 0.01 }, (places) => seen.push(places));
    const large = seen[39].filter((place) => place % 20 === 7).length;
    // By chance it would be one.
    expect(large).toBeGreaterThanOrEqual(7);
    expect(new Set(seen.flatMap((places) => [...places])).size).toBeGreaterThan(150);
    for (const places of seen) {
      expect(places.length).toBe(20);
      places.forEach((place, i) => expect(i === 0 || place > places[i - 1]).toBe(true));
    }
  });

  it('bounds what a device owes, and keeps nothing where nothing waits', async () => {
    await run(8, [draw(), draw()], { mostOwed: 0.3 }, (_, owed) => {
      for (const own of owed) expect(Math.hypot(...(own?.owed ?? []))).toBeLessThanOrEqual(0.3 * (1 + 1e-6));
    });
    const { owed } = await run(2, [draw()], { trains: 'places' });
    expect(owed[0]?.owed.length).toBe(0);
  });

  it('trains the named places alone where it says so', async () => {
    const model = mlp({ layers: [4, 8, 2] });
    const algorithm = publicPlaces({ size: model.layout.size, density: 0.2, seed: 1, trains: 'places' });
    const state = algorithm.init(model.init(seededRng(1)));
    const examples = { inputs: Float32Array.of(1, 2, 3, 4, 4, 3, 2, 1), labels: Uint8Array.of(0, 1) };
    let values = new Float32Array(0);
    const inner = plainTrainer(model, examples);
    const trainer: typeof inner = {
      ...inner,
      async train(start, objective, options) {
        const result = await inner.train(start, objective, options);
        values = result.values.slice();
        return result;
      },
    };
    await algorithm.clientRound({
      broadcast: algorithm.broadcast(state),
      trainer,
      options: { ...how, steps: 3, rng: seededRng(2) },
    });
    const named = new Set(state.places);
    values.forEach((value, i) => expect(named.has(i) || value === 0).toBe(true));
    expect(values.some((value) => value !== 0)).toBe(true);
  });

  it('refuses places that are none, and what has no meaning', async () => {
    const base = { size, density: 0.1, seed: 1 };
    for (const options of [
      { ...base, size: 0 },
      { ...base, size: 2 ** 25 },
      { ...base, density: 0 },
      { ...base, fresh: 0 },
      { ...base, fresh: 2 },
      { ...base, seed: -1 },
      { ...base, mostOwed: 0 },
      { ...base, mostOwed: 1, trains: 'places' as const },
      { ...base, trains: 'some' as never },
      { ...base, weighting: 'half' as never },
    ]) {
      expect(() => publicPlaces(options)).toThrowError(/publicPlaces/);
    }
    const algorithm = publicPlaces(base);
    const { params, places } = algorithm.broadcast(algorithm.init(new Float32Array(size)));
    for (const wrong of [places.map(() => 3), places.map((_, i) => i + 181), places.map((_, i) => i + 0.5)]) {
      const round = { trainer: quadraticTrainer(draw(), 10), options: { ...how, rng } };
      await expect(algorithm.clientRound({ broadcast: { params, places: wrong }, ...round })).rejects.toMatchObject({
        code: 'OUT_OF_RANGE',
      });
    }
    expect(() => algorithm.aggregator(3)).toThrowError(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
  });
});
