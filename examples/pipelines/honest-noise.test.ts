// Noise in shares covers the honest clients that are proved to be in every sum a server can open, on both graphs.
import { describe, expect, it } from 'vitest';
import { commonRange } from '@fedkit/compression';
import { distributedDp, fedAvg, secureSum } from '@fedkit/core';
import type { DistributedNoiseMaker } from '@fedkit/core/pipeline';
import { skellamMechanism } from '@fedkit/privacy';
import { decodeRoundConfig, provenCohort, type SecureAggregationOptions, secureAggregation } from '@fedkit/secagg';
import { distributed } from './settings.ts';

const size = 16;
const modelDigest = new Uint8Array(32).fill(3);
const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const aggregationOf = (options: Partial<SecureAggregationOptions> = {}) =>
  secureAggregation({ corruptFraction: 0.1, dropoutFraction: 0.1, sealingKey: new Uint8Array(32), ...options });

/** Honest shares that the mechanism was made for. */
function honestOf(options: {
  readonly maximumContributors: number;
  readonly minimumContributors: number;
  readonly colluders?: number;
  readonly aggregation?: Partial<SecureAggregationOptions>;
}) {
  let honest = Number.NaN;
  const mechanism: DistributedNoiseMaker = (given) => {
    honest = given.minimumSurvivors - given.colluders;
    return skellamMechanism(given);
  };
  const { colluders: _, ...shared } = distributed;
  const { aggregation, ...counts } = options;
  const pipeline = distributedDp({ ...shared, ...counts, size, mechanism, aggregation: aggregationOf(aggregation) });
  return { honest, pipeline };
}

describe('noise in shares', () => {
  it('is sized for the minimum less ⌊γ · places⌋ in the complete graph', () => {
    expect(honestOf({ maximumContributors: 40, minimumContributors: 36 }).honest).toBe(32);
    expect(honestOf({ maximumContributors: 40, minimumContributors: 36, colluders: 10 }).honest).toBe(26);
    expect(() => honestOf({ maximumContributors: 40, minimumContributors: 36, colluders: 3 })).toThrow(
      refused('OUT_OF_RANGE', /colluders: expected an integer ≥ 4/),
    );
  });

  it('is sized for what is proved on rings', () => {
    const ring = { corruptFraction: 0.05, dropoutFraction: 0.1, graph: 'harary' } as const;
    const counts = { maximumContributors: 300, minimumContributors: 270 };
    expect(honestOf({ ...counts, aggregation: ring }).honest).toBe(270 - 15);
    // The least honest clients in the one sum of that ring: F of n = 300 at 82/57.
    expect(
      honestOf({ ...counts, minimumContributors: 135, aggregation: { ...ring, guarantee: 'one-sum' } }).honest,
    ).toBe(120);
    expect(honestOf({ ...counts, aggregation: { ...ring, guarantee: 'one-sum' } }).honest).toBe(135);
  });

  it('is refused for places that prove fewer', () => {
    const ring = { corruptFraction: 0.05, dropoutFraction: 0.1, graph: 'harary', guarantee: 'one-sum' } as const;
    const { pipeline } = honestOf({ maximumContributors: 300, minimumContributors: 150, aggregation: ring });
    const server = pipeline.server();
    expect(() => server.announce({ round: 1, places: 200, modelDigest })).toThrow(
      refused('THRESHOLD_NOT_MET', /places: expected so many that 135 honest contributors are certain/),
    );
  });

  it('is refused by clients whom fewer honest inputs are certain to', () => {
    const counts = { maximumContributors: 40, minimumContributors: 36 };
    const lenient = honestOf({ ...counts, aggregation: { corruptFraction: 0.05 } }).pipeline;
    const wary = honestOf(counts).pipeline;
    const parameters = lenient.server().announce({ round: 1, places: 40, modelDigest });
    wary.client().check({ round: 1, modelDigest, parameters });
    // It sized its noise for one colluder in twenty, and now holds the round against one in five.
    const doubtful = lenient.client(aggregationOf({ corruptFraction: 0.2 }));
    expect(() => doubtful.check({ round: 1, modelDigest, parameters })).toThrow(
      refused('THRESHOLD_NOT_MET', /honest inputs: expected at least 34, got/),
    );
  });
});

describe('a secure sum', () => {
  it('holds its minimum against what is proved of a ring, not against what is told', () => {
    const aggregation = aggregationOf({ corruptFraction: 0.05, graph: 'harary', guarantee: 'one-sum' });
    const of = (minimumContributors: number) => {
      const codec = commonRange({ bits: 24, range: 1, contributors: 300 });
      return secureSum({ algorithm: fedAvg(), size, codec, aggregation, minimumContributors, maximumWeight: 10 });
    };
    const check = (minimum: number) => {
      const parameters = of(minimum).server().announce({ round: 1, places: 300, modelDigest });
      of(minimum).client().check({ round: 1, modelDigest, parameters });
    };
    const round = { session: new Uint8Array(16), round: 1, clients: 300, minimumClients: 270, modelDigest };
    const config = decodeRoundConfig(aggregation.configure({ ...round, vectors: { sum: { length: 1, bound: 1 } } }));
    expect(config).toMatchObject({ graph: 'harary', guarantee: 'one-sum', minimumClients: 270 });
    expect(provenCohort(config, { corruptFraction: 0.05 })).toEqual({ inputs: 135, honest: 135 });
    check(135);
    expect(() => check(270)).toThrow(refused('THRESHOLD_NOT_MET', /minimumClients: expected at least 270, got 135/));
  });
});
