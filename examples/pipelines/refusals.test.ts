/**
 * What has no sound meaning together: refused by the types, and by name in plain JavaScript.
 */
import { commonRange, eden, feedbackCodec, rotated, topK, wrapped } from '@fedkit/compression';
import {
  centralDp,
  coordinateMedian,
  distributedDp,
  fedAvg,
  memoryStore,
  poissonSelection,
  secureSum,
  uniformSelection,
  weightedSelection,
} from '@fedkit/core';
import { gaussianMechanism, privacyLedger, privateMean, rdpAccountant } from '@fedkit/privacy';
import { secureRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import * as settings from './settings.ts';

const size = 10;
const refused = (text: RegExp, code = 'INVALID_ARGUMENT') =>
  expect.objectContaining({ name: 'FedkitError', code, message: expect.stringMatching(text) });

const sum = {
  algorithm: fedAvg(),
  size,
  codec: commonRange({ bits: 24, range: 1, contributors: 8 }),
  aggregation: settings.aggregation,
  minimumContributors: 4,
  maximumWeight: 10,
};
const distributed = { ...settings.distributed, size };
const central = { ...settings.central, size };
const robust = fedAvg({ aggregate: coordinateMedian });
const fixed = uniformSelection({ cohort: 8 });
const poisson = poissonSelection({ probability: 0.1 });

describe('does not compile, and is refused by name', () => {
  it('a per-client codec under secure aggregation', () => {
    // @ts-expect-error its encodings do not add
    expect(() => secureSum({ ...sum, codec: eden({ bits: 4 }) })).toThrow(refused(/codec: expected a linear codec/));
    // @ts-expect-error nor for one slot
    expect(() => secureSum({ ...sum, codec: { update: topK({ density: 0.1 }) } })).toThrow(refused(/linear codec/));
    // @ts-expect-error the mechanism is the codec
    expect(() => distributedDp({ ...distributed, codec: eden({ bits: 4 }) })).toThrow(refused(/codec/));
  });

  it('a robust rule under secure aggregation, and under noise', () => {
    // @ts-expect-error a median needs single updates
    expect(() => secureSum({ ...sum, algorithm: robust })).toThrow(refused(/robust rule.*plainUpdates/));
    // @ts-expect-error a median needs single updates
    expect(() => distributedDp({ ...distributed, algorithm: robust })).toThrow(refused(/robust rule/));
    // @ts-expect-error a median has no known sensitivity
    expect(() => centralDp({ ...central, algorithm: robust })).toThrow(refused(/robust rule/));
  });

  it('a weighted sum under differential privacy without a cap', () => {
    // @ts-expect-error no cap
    expect(() => distributedDp({ ...distributed, weighting: { kind: 'capped' } })).toThrow(refused(/maximumWeight/));
    // @ts-expect-error no cap
    expect(() => centralDp({ ...central, weighting: { kind: 'capped' } })).toThrow(refused(/maximumWeight/));
    const { weighting: _, ...without } = central;
    // @ts-expect-error no weighting
    expect(() => centralDp(without)).toThrow(refused(/weighting/));
    expect(() => centralDp({ ...central, weighting: { kind: 'capped', maximumWeight: 3 } })).toThrow(
      refused(/expectedWeight/),
    );
  });

  it('noise without a clip', () => {
    const { clip: first, ...unclipped } = distributed;
    // @ts-expect-error no clip
    expect(() => distributedDp(unclipped)).toThrow(refused(/clip/));
    const { clip: second, ...open } = central;
    // @ts-expect-error no clip
    expect(() => centralDp(open)).toThrow(refused(/clip/));
    expect(first).toBe(second);
  });

  it('Poisson accounting for a fixed cohort, or for volunteers', () => {
    // @ts-expect-error a fixed cohort is not Poisson
    expect(() => distributedDp({ ...distributed, selection: fixed, accounting: 'poisson' })).toThrow(
      refused(/fixed cohort is not Poisson/),
    );
    // @ts-expect-error a fixed cohort is not Poisson
    expect(() => centralDp({ ...central, selection: fixed, accounting: 'poisson' })).toThrow(refused(/not Poisson/));
    const volunteers = weightedSelection({ cohort: 8, weight: () => 1 });
    // @ts-expect-error nothing amplifies
    expect(() => centralDp({ ...central, selection: volunteers, accounting: 'without-replacement' })).toThrow(
      refused(/accounting/),
    );
    centralDp({ ...central, selection: poisson, accounting: 'poisson' });
    distributedDp({ ...distributed, selection: fixed, accounting: 'without-replacement' });
    distributedDp({ ...distributed, selection: fixed, accounting: 'none' });
  });

  it('client momentum and error feedback under secure aggregation and under noise', () => {
    // @ts-expect-error momentum is for single updates
    expect(() => secureSum({ ...sum, clientMomentum: 0.9 })).toThrow(refused(/clientMomentum.*plainUpdates/));
    // @ts-expect-error momentum is for single updates
    expect(() => distributedDp({ ...distributed, clientMomentum: 0.9 })).toThrow(refused(/clientMomentum/));
    // @ts-expect-error momentum is for single updates
    expect(() => centralDp({ ...central, clientMomentum: 0.9 })).toThrow(refused(/clientMomentum/));
    // @ts-expect-error so is error feedback
    expect(() => secureSum({ ...sum, errorFeedback: feedbackCodec() })).toThrow(refused(/errorFeedback/));
  });

  it('a budget against a server that sees updates as they are', async () => {
    const server = await ledger('add-or-remove');
    // @ts-expect-error nothing protects from it
    expect(() => centralDp({ ...central, filters: { server } })).toThrow(refused(/filters.server/));
  });
});

function ledger(neighboring: 'add-or-remove' | 'replace-one', rest: { maxParticipations?: number } = {}) {
  return privacyLedger({
    store: memoryStore(),
    run: 'test',
    unit: 'user',
    budget: { epsilon: 10, delta: 1e-5 },
    accountant: () => rdpAccountant({ neighboring }),
    ...rest,
  });
}

describe('is refused by name', () => {
  it('what only shows at run time', async () => {
    const { maximumWeight: _, ...unweighted } = sum;
    expect(() => secureSum(unweighted)).toThrow(refused(/maximumWeight/));
    expect(() => secureSum({ ...sum, codec: rotated(wrapped({ bits: 12, spread: 1 })) })).toThrow(
      refused(/wrapProbability/),
    );
    const noise = gaussianMechanism({ placement: 'central', size, clip: 1, noiseStd: 1 });
    const noisy = fedAvg({ aggregate: () => privateMean(noise, secureRng()) });
    expect(() => secureSum({ ...sum, algorithm: noisy })).toThrow(refused(/leave noise and clipping to the pipeline/));
    expect(() => distributedDp({ ...distributed, minimumContributors: 2, colluders: 2 })).toThrow(
      refused(/colluders/, 'THRESHOLD_NOT_MET'),
    );
    const recipients = await ledger('add-or-remove');
    expect(() =>
      distributedDp({
        ...distributed,
        selection: fixed,
        accounting: 'without-replacement',
        filters: { recipients },
      }),
    ).toThrow(refused(/replace-one/));
    const capped = await ledger('add-or-remove', { maxParticipations: 5 });
    expect(() =>
      centralDp({ ...central, selection: poisson, accounting: 'poisson', filters: { recipients: capped } }),
    ).toThrow(refused(/cap on participations/));
  });

  it('a round whose cohort was drawn otherwise than its accounting says', async () => {
    const recipients = await ledger('add-or-remove');
    const pipeline = centralDp({ ...central, accounting: 'poisson', filters: { recipients } });
    const half = pipeline.server();
    const parameters = half.announce({ round: 1, places: 8, modelDigest: new Uint8Array(32) });
    const task = { round: 1, modelDigest: new Uint8Array(32), parameters };
    const collector = half.open({ round: 1, parameters });
    const values = { update: new Float32Array(size) };
    collector.accept('a', pipeline.client().encode(task, { values }, { rng: secureRng(), client: 'a' }).bytes);
    await expect(
      collector.close({ round: 1, scheme: { kind: 'fixed', population: 80, cohort: 8 }, population: 80 }),
    ).rejects.toThrow(refused(/not Poisson/));
    expect(recipients.charged(1)).toEqual([]);
  });

  it('garbage in the place of options', () => {
    const makers = [secureSum, distributedDp, centralDp] as unknown as ((options: object) => unknown)[];
    for (const make of makers) {
      for (const options of [{}, { size: -1 }, { algorithm: {}, size }, { algorithm: fedAvg(), size: 1.5 }]) {
        expect(() => make(options)).toThrow(expect.objectContaining({ name: 'FedkitError' }));
      }
    }
  });
});
