/**
 * Clients whose next state follows from what was counted, through every kind of channel: ten quadratics of different curvature,
 * whose joint optimum local training alone misses.
 */
import { contraction, eden, feedbackCodec, randomK, rotated, topK, wrapped } from '@fedkit/compression';
import {
  type Algorithm,
  centralDp,
  fedAvg,
  fedDyn,
  type NoState,
  type PlainData,
  plainUpdates,
  scaffold,
  secureSum,
  type Trainer,
} from '@fedkit/core';
import type { FedDynState, ScaffoldState } from '@fedkit/core/algorithm';
import { type Channel, clearAggregation, simulate } from '@fedkit/core/simulation';
import { gaussianMechanism } from '@fedkit/privacy';
import { describe, expect, it } from 'vitest';

const CLIENTS = 10;
const SIZE = 16;
const LOCAL = { steps: 5, batchSize: 'all', learningRate: 0.05 } as const;
// Curvatures from ½ to 5 a coordinate, and optima of scale 1: fixed, so that every figure is the same run.
const wave = (a: number, b: number) => Math.sin(12.9898 * a + 78.233 * b);
const curvature = (client: number, c: number) => 0.5 + 4.5 * ((wave(client + 1, c) + 1) / 2) ** 2;
const target = (client: number, c: number) => wave(c + 3, client + 0.5);
const OPTIMUM = Float64Array.from({ length: SIZE }, (_, c) => {
  const all = Array.from({ length: CLIENTS }, (_value, client) => client);
  const weight = all.reduce((sum, client) => sum + curvature(client, c), 0);
  return all.reduce((sum, client) => sum + curvature(client, c) * target(client, c), 0) / weight;
});

function quadratic(client: number): Trainer {
  const slope = (w: number, c: number) => curvature(client, c) * (w - target(client, c));
  return {
    async train(start, { proximal = 0, shift, anchor = start }, { steps = 1, learningRate }) {
      const w = Float64Array.from(start);
      for (let step = 0; step < steps; step++) {
        for (let c = 0; c < SIZE; c++) {
          const pull = (proximal as number) * (w[c] - anchor[c]);
          const moved = typeof shift === 'number' ? shift : (shift?.[c] ?? 0);
          w[c] -= learningRate * (slope(w[c], c) + pull + moved);
        }
      }
      return { values: Float32Array.from(w, (value, c) => value - start[c]), steps, examples: 1 };
    },
    gradient: async (at) => at.map((value, c) => slope(value, c)),
  };
}

const clients = Array.from({ length: CLIENTS }, (_, client) => quadratic(client));
type Any = Algorithm<PlainData, PlainData, PlainData, never, never>;
type Sent = Channel<PlainData, PlainData, PlainData, never, never>;

const distance = (params: Float32Array) => Math.hypot(...params.map((value, c) => value - OPTIMUM[c]));

/** The distance to the joint optimum after some rounds; infinite where it diverged. */
async function run(algorithm: object, channel: object | undefined, rounds: number, cohort = CLIENTS, seed = 1) {
  const result = await simulate({
    algorithm: algorithm as unknown as Any,
    clients,
    local: LOCAL,
    initial: new Float32Array(SIZE),
    cohort,
    rounds,
    seed,
    divergence: 'result',
    ...(channel && { channel: channel as Sent }),
  });
  return { ...result, distance: result.diverged ? Infinity : distance(result.params) };
}

const algorithms = { SCAFFOLD: () => scaffold(), FedDyn: () => fedDyn({ alpha: 10 }) };

describe.each(Object.entries(algorithms))('%s', (name, make) => {
  it('reaches the optimum that FedAvg misses', async () => {
    const algorithm = make();
    expect((await run(algorithm, undefined, 200)).distance).toBeLessThan(1e-5);
    expect((await run(fedAvg(), undefined, 200)).distance).toBeGreaterThan(0.05);
  });

  const codecs = {
    'EDEN-1': contraction(eden({ bits: 1 })),
    'EDEN-½': contraction(eden({ bits: 0.5 })),
  };
  it.each(Object.entries(codecs))('reaches it through %s, half of the clients a round', async (_codec, codec) => {
    const algorithm = make();
    const channel = plainUpdates({ algorithm: algorithm as unknown as Any, size: SIZE, codec });
    expect((await run(algorithm, channel, codec === codecs['EDEN-1'] ? 250 : 350, CLIENTS / 2)).distance).toBeLessThan(
      1e-3,
    );
  });

  it('stays where a ring of fixed spread lets it, without growth', async () => {
    const algorithm = make();
    const codec = rotated(wrapped({ bits: 12, spread: 1 }));
    const sum = { size: SIZE, codec, aggregation: clearAggregation(), minimumContributors: 2, wrapProbability: 1e-6 };
    const channel = secureSum({ ...sum, algorithm: algorithm as never });
    const early = (await run(algorithm, channel, 60)).distance;
    const late = (await run(algorithm, channel, 180)).distance;
    expect(early).toBeLessThan(0.02);
    expect(late).toBeLessThan(0.02);
  });

  it('explodes or drifts where the composition is refused', async () => {
    const algorithm = make() as unknown as Any;
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    for (const codec of [randomK({ density: 0.1 })]) {
      expect(() => plainUpdates({ algorithm, size: SIZE, codec })).toThrow(refused);
      // What the refusal is for.
      const { guarantee: _own, ...bare } = codec;
      const forced = { ...bare, guarantee: contraction(codec).guarantee };
      const channel = plainUpdates({ algorithm, size: SIZE, codec: forced });
      expect((await run(algorithm, channel, 150)).distance, name).toBeGreaterThan(10);
    }
    const sparse = { codec: topK({ density: 0.1 }), errorFeedback: feedbackCodec() };
    expect(() => plainUpdates({ algorithm, size: SIZE, ...sparse })).toThrow(refused);
    const noisy = {
      algorithm: algorithm as never,
      size: SIZE,
      clip: 100,
      noiseStd: 0.01,
      weighting: { kind: 'uniform' } as const,
      expectedContributors: CLIENTS,
      selection: { kind: 'none' } as const,
      mechanism: (options: object) => gaussianMechanism({ placement: 'central', ...options } as never),
    };
    expect(() => centralDp(noisy as never)).toThrow(refused);
    expect(centralDp({ ...noisy, acceptDrift: true } as never).kind).toBe('central-dp');
  });
});

describe('what single clients wrap', () => {
  it('is counted as it was before it wrapped', async () => {
    // A ring for the sum, whose clients nearly cancel: single clients leave it.
    const algorithm = scaffold();
    const codec = wrapped({ bits: 16, spread: 0.4 });
    const sum = { size: SIZE, codec, aggregation: clearAggregation(), minimumContributors: 2, wrapProbability: 1e-6 };
    const channel = secureSum({ ...sum, algorithm });
    const { state, clients: kept, distance: left } = await run(algorithm, channel, 100);
    expect(left).toBeLessThan(1e-3);
    const { control } = state as unknown as ScaffoldState<NoState>;
    const own = [...kept.values()].map((value) => (value as { control: Float32Array }).control);
    const largest = Math.max(...own.flatMap((values) => [...values].map(Math.abs)));
    // Each wraps where its change is beyond six spreads, as in the first rounds here.
    expect(largest).toBeGreaterThan(6 * 0.4);
    for (let c = 0; c < SIZE; c++) {
      const mean = own.reduce((total, values) => total + values[c], 0) / CLIENTS;
      expect(Math.abs(control[c] - mean)).toBeLessThan(1e-5 * largest);
    }
  });
});

describe('mirrors', () => {
  it.each(Object.entries(algorithms))(
    'of %s are the mean of what clients keep after 100 lossy rounds',
    async (_name, make) => {
      const algorithm = make();
      const channel = plainUpdates({
        algorithm: algorithm as unknown as Any,
        size: SIZE,
        codec: topK({ density: 0.1 }),
      });
      const { state, clients: kept } = await run(algorithm, channel, 100, 5);
      const mirrored = state as unknown as Partial<ScaffoldState<NoState>> & Partial<FedDynState>;
      const mean = mirrored.control ?? (mirrored.h as Float32Array);
      const own = [...kept.values()].map((value) => Object.values(value as Record<string, Float32Array>)[0]);
      const largest = Math.max(...own.flatMap((values) => [...values].map(Math.abs)));
      for (let c = 0; c < SIZE; c++) {
        const actual = own.reduce((total, values) => total + values[c], 0) / CLIENTS;
        expect(Math.abs(mean[c] - actual)).toBeLessThan(1e-5 * largest);
      }
    },
  );

  it.each(Object.entries(algorithms))(
    'of %s begin a new epoch once a client has lost its state',
    async (_name, make) => {
      const algorithm = make() as unknown as Any;
      const store = new Map<string, PlainData>();
      const states = {
        get: async (id: string) => store.get(id),
        put: async (id: string, own: PlainData) => void store.set(id, own),
      };
      let lost = 0;
      const result = await simulate({
        algorithm,
        clients,
        local: LOCAL,
        initial: new Float32Array(SIZE),
        cohort: CLIENTS,
        rounds: 300,
        seed: 2,
        clientStates: states,
        onProgress: ({ kind }) => {
          if (kind === 'finished' && ++lost === 50) store.delete('3');
        },
      });
      expect((result.state as unknown as ScaffoldState<NoState>).mirror.epoch).toBe(2);
      expect(distance(result.params)).toBeLessThan(1e-4);
    },
  );
});
