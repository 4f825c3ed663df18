import { commonRange, rotated, wrapped } from '@fedkit/compression';
import { type Contribution, distributedDp, fedAvg, type FedAvgUpdate, secureSum, seededRng } from '@fedkit/core';
import { skellamMechanism } from '@fedkit/privacy';
import { describe, expect, it } from 'vitest';
import { driveRound } from './drive.ts';
import { distributed } from './settings.ts';
import { unmasked } from './unmasked.ts';

const size = 64;
const normal = (rng: ReturnType<typeof seededRng>) =>
  Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform());

function contributions(
  clients: number,
  value: (client: number, i: number) => number,
): Record<string, Contribution<FedAvgUpdate>> {
  return Object.fromEntries(
    Array.from({ length: clients }, (_, client) => [
      `c${client}`,
      { values: { update: Float32Array.from({ length: size }, (__, i) => value(client, i)) }, weight: 1 },
    ]),
  );
}

const summing = (codec: Parameters<typeof secureSum>[0]['codec']) =>
  secureSum({
    algorithm: fedAvg(),
    size,
    codec: codec as ReturnType<typeof wrapped>,
    aggregation: unmasked,
    minimumContributors: 2,
    maximumWeight: 1,
    wrapProbability: 1e-4,
  });

describe('a secure sum', () => {
  it.each([wrapped({ bits: 16, spread: 4 }), rotated(wrapped({ bits: 16, spread: 4 }))])(
    'of three updates of 30 in a ring made for 4 is wrong, and marked',
    async (codec) => {
      const { aggregate, facts } = await driveRound(summing(codec), { contributions: contributions(3, () => 30) });
      expect(aggregate.update.some((value) => Math.abs(value - 30) > 1)).toBe(true);
      expect(facts.saturation).toMatchObject({ wideClients: 3, overwideClients: 3, marked: true });
    },
  );

  it('that one client alone makes too wide is marked', async () => {
    const { facts } = await driveRound(summing(rotated(wrapped({ bits: 16, spread: 1 }))), {
      contributions: contributions(6, (client, i) => (client === 2 ? (i % 2 ? 9 : -9) : 0.01)),
    });
    expect(facts.saturation).toMatchObject({ overwideClients: 1, marked: true });
  });

  it('that no single client makes too wide is marked by its own width', async () => {
    // Each well within what independent clients may be, and all alike.
    const { facts } = await driveRound(summing(rotated(wrapped({ bits: 16, spread: 8 }))), {
      contributions: contributions(40, (_, i) => (i % 2 ? 0.9 : -0.9)),
    });
    expect(facts.saturation).toMatchObject({ wideClients: 0, overwideClients: 0, marked: true });
    expect(facts.saturation?.rmsOverSpread).toBeGreaterThan(1.25);
  });

  it('counts clipped entries, and is marked where they are many', async () => {
    const codec = commonRange({ bits: 24, range: 2, contributors: 8 });
    const clipping = async (every: number) =>
      (await driveRound(summing(codec), { contributions: contributions(8, (_, i) => (i % every ? 1 : 3)) })).facts;
    expect((await clipping(8)).saturation).toEqual({
      clippedEntries: 64,
      wideClients: 0,
      overwideClients: 0,
      marked: true,
    });
    const none = await driveRound(summing(codec), { contributions: contributions(8, () => 1) });
    expect(none.facts.saturation).toMatchObject({ clippedEntries: 0, marked: false });
  });

  it('is not marked in a thousand honest rounds of a tuned ring', async () => {
    let marked = 0;
    for (let round = 1; round <= 1000; round++) {
      const rng = seededRng(`honest ${round}`);
      const clients = 3 + rng.below(5);
      const alike = rng.uniform() < 0.5;
      const common = Float32Array.from({ length: size }, () => normal(rng));
      const scales = Array.from({ length: clients }, () => 0.3 + rng.uniform());
      const made = contributions(clients, (client, i) => scales[client] * (alike ? common[i] : normal(rng)));
      const sum = Array.from({ length: size }, (_, i) =>
        Object.values(made).reduce((all, { values }) => all + values.update[i], 0),
      );
      const rms = Math.sqrt(sum.reduce((all, value) => all + value * value, 0) / size);
      const pipeline = summing(rotated(wrapped({ bits: 16, spread: 1.25 * rms })));
      const { facts, aggregate } = await driveRound(pipeline, { contributions: made, round });
      if (facts.saturation?.marked) marked++;
      const error = Math.max(...aggregate.update.map((value, i) => Math.abs(value - sum[i] / clients)));
      expect(error).toBeLessThan(20 * (facts.quantizationError as number));
    }
    expect(marked).toBe(0);
  });
});

describe('a noised sum', () => {
  it('says how wide it is, and is marked where it is wider than the modulus was made for', async () => {
    const honest = distributedDp({ ...distributed, aggregation: unmasked, size });
    const { facts } = await driveRound(honest, { contributions: contributions(8, () => 1) });
    expect(facts.saturation?.marked).toBe(false);
    expect(facts.saturation?.rmsOverSpread).toBeLessThan(1.1);
    // Clients that do not clip, as broken ones would not: their integers are anywhere in the ring.
    const broken: typeof skellamMechanism = (options) => {
      const noise = skellamMechanism(options);
      const ring = 2 ** noise.bits;
      return { ...noise, encodeIntegers: (values, rng) => Int32Array.from(values, () => rng.below(ring) - ring / 2) };
    };
    const pipeline = distributedDp({ ...distributed, mechanism: broken, aggregation: unmasked, size });
    const wrappedAround = await driveRound(pipeline, { contributions: contributions(8, () => 1) });
    expect(wrappedAround.facts.saturation?.marked).toBe(true);
  });
});
