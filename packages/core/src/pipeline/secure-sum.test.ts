import { describe, expect, it } from 'vitest';
import { mean } from '../aggregate/mean.ts';
import type { LinearAlgorithm } from '../algorithm/contract.ts';
import { fedAvg, type FedAvgUpdate } from '../algorithm/fed-avg.ts';
import type { LinearCodec } from '../codec/contract.ts';
import { seededRng } from '../random.ts';
import { clearAggregation } from '../simulation/clear-aggregation.ts';
import { openChannel } from '../simulation/channel.ts';
import { secureSum } from './secure-sum.ts';

/** Whole numbers as they are. */
const codec = {
  kind: 'whole',
  linearity: 'linear',
  bits: 32,
  bound: 1000,
  encode: () => new Uint8Array(0),
  decode: () => new Float32Array(0),
  encodeIntegers: (values: Float32Array) => Int32Array.from(values),
  decodeSum: (sum: Int32Array | Float64Array) => Float32Array.from(sum),
} as unknown as LinearCodec;

/** A round of three clients of weights 1, 2 and 3. */
async function roundOf(algorithm: LinearAlgorithm<never, never, never, FedAvgUpdate, FedAvgUpdate>) {
  const channel = secureSum({
    algorithm,
    size: 2,
    codec,
    aggregation: clearAggregation(),
    minimumContributors: 2,
    maximumWeight: 4,
  });
  const start = Float32Array.of(0, 0);
  const broadcast = { params: start } as never;
  const round = openChannel(channel, { round: 1, places: 3, broadcast, rng: seededRng(1) });
  for (const weight of [1, 2, 3]) {
    const update = Float32Array.of(4 * weight, -4);
    const report = { contribution: { values: { update }, weight }, state: null };
    round.encode(`client ${weight}`, report as never, {}).count();
  }
  const { aggregate, facts } = await round.close({ round: 1 } as never);
  return { update: Array.from(aggregate.update), facts };
}

describe('a secure sum', () => {
  it('tells the sum of weights where its rule weighs clients', async () => {
    const { update, facts } = await roundOf(fedAvg() as never);
    // (1·4 + 2·8 + 3·12) / 6.
    expect(update).toEqual([Math.fround(56 / 6), -4]);
    expect(facts).toEqual({ weight: 6 });
  });

  it('tells none where its rule does not', async () => {
    const { update, facts } = await roundOf(fedAvg({ aggregate: (size) => mean(size) }) as never);
    expect(update).toEqual([8, -4]);
    expect(facts).toEqual({});
  });
});
