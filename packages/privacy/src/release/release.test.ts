import { isFedkitError } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { pldAccountant } from '../pld/accountant.ts';
import { event } from '../event/event.ts';
import { type Aggregate, gaussianRelease, recordNormOf, sensitivityOf } from './sensitivity.ts';
import { describeStatement, privacyStatement, type TrainingRun } from './statement.ts';

function refusedAs(code: 'INVALID_ARGUMENT' | 'OUT_OF_RANGE', run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(isFedkitError(error, code)).toBe(true);
    return (error as Error).message;
  }
  throw new Error('expected a refusal');
}

const sum = {
  neighboring: 'add-or-remove',
  clipNorm: 3,
  weighting: { kind: 'uniform' },
  divisor: { kind: 'none' },
} as const;

describe('sensitivity', () => {
  it('of a sum is the clip, times the weight cap, over a public divisor; replace-one doubles', () => {
    expect(sensitivityOf(sum)).toBe(3);
    expect(sensitivityOf({ ...sum, neighboring: 'replace-special' })).toBe(3);
    expect(sensitivityOf({ ...sum, neighboring: 'replace-one' })).toBe(6);
    const weighted: Aggregate = {
      ...sum,
      weighting: { kind: 'capped', maxWeight: 20 },
      divisor: { kind: 'public', expectedTotalWeight: 1000 },
    };
    expect(sensitivityOf(weighted)).toBeCloseTo(0.06, 15);
    expect(sensitivityOf({ ...weighted, neighboring: 'replace-one' })).toBeCloseTo(0.12, 15);
    expect(recordNormOf({ ...weighted, neighboring: 'replace-one' })).toBeCloseTo(0.06, 15);
    expect(gaussianRelease(weighted, 0.1)).toEqual(
      event.gaussian({ noiseStd: 0.1, recordNorm: recordNormOf(weighted) }),
    );
  });

  it('over a realized count, only where neighbours have equally many', () => {
    const mean = { ...sum, divisor: { kind: 'realized', participants: 10 } } as const;
    expect(sensitivityOf({ ...mean, neighboring: 'replace-one' })).toBeCloseTo(0.6, 15);
    // @ts-expect-error the realized total tells who took part
    expect(refusedAs('INVALID_ARGUMENT', () => recordNormOf(mean))).toContain('add-or-remove');
    const weighted = { ...mean, neighboring: 'replace-one', weighting: { kind: 'capped', maxWeight: 2 } } as const;
    // @ts-expect-error realized weights are data
    expect(refusedAs('INVALID_ARGUMENT', () => recordNormOf(weighted))).toContain('weights');
  });

  it('needs a clip, and a cap on weights', () => {
    const { clipNorm: _, ...unclipped } = sum;
    // @ts-expect-error noise without a clip
    expect(refusedAs('INVALID_ARGUMENT', () => recordNormOf(unclipped))).toContain('clip');
    const uncapped = { ...sum, weighting: { kind: 'capped' } } as const;
    // @ts-expect-error a weighted sum without a cap
    expect(refusedAs('INVALID_ARGUMENT', () => recordNormOf(uncapped))).toContain('cap');
    // @ts-expect-error weights by number of examples, uncapped
    refusedAs('INVALID_ARGUMENT', () => recordNormOf({ ...sum, weighting: { kind: 'examples' } }));
    // @ts-expect-error no divisor named
    refusedAs('INVALID_ARGUMENT', () => recordNormOf({ ...sum, divisor: undefined }));
    for (const clipNorm of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      refusedAs('OUT_OF_RANGE', () => recordNormOf({ ...sum, clipNorm }));
      refusedAs('OUT_OF_RANGE', () => recordNormOf({ ...sum, weighting: { kind: 'capped', maxWeight: clipNorm } }));
      refusedAs('OUT_OF_RANGE', () =>
        recordNormOf({ ...sum, divisor: { kind: 'public', expectedTotalWeight: clipNorm } }),
      );
    }
  });
});

describe('statements', () => {
  const run: TrainingRun = {
    unit: 'user',
    aggregate: { ...sum, clipNorm: 1 },
    noiseStd: 1,
    rounds: 200,
    sampling: { kind: 'poisson', probability: 0.01 },
    delta: 1e-6,
    users: 100_000,
  };

  it('amplify against recipients alone, and only where draws were independent', () => {
    const { server, recipients, warnings } = privacyStatement(run);
    const plain = pldAccountant({ neighboring: 'add-or-remove' });
    plain.compose(event.gaussian({ noiseStd: 1, recordNorm: 1 }), 200);
    expect(server.upper).toBe(plain.epsilon(1e-6));
    expect(server.amplification).toBe('none');
    expect(recipients.amplification).toBe('poisson');
    expect(recipients.upper).toBeLessThan(server.upper / 10);
    expect(warnings).toEqual([]);

    const none = privacyStatement({ ...run, sampling: { kind: 'none' } });
    expect(none.recipients.upper).toBe(server.upper);
    expect(none.recipients.amplification).toBe('none');
  });

  it('compose a user’s own participations, whose cap voids amplification', () => {
    const { server, recipients } = privacyStatement({ ...run, maxParticipations: 4 });
    const four = pldAccountant({ neighboring: 'add-or-remove' });
    expect(server.upper).toBe(four.compose(event.gaussian({ noiseStd: 1, recordNorm: 1 }), 4).epsilon(1e-6));
    expect(server.compositions).toBe(4);
    expect(recipients.upper).toBe(server.upper);
    expect(recipients.reason).toContain('cap');
  });

  it('account cohorts of fixed size as what they are', () => {
    const fixed = { ...run, sampling: { kind: 'fixed', population: 10_000, cohort: 100 } } as const;
    expect(privacyStatement(fixed).recipients.amplification).toBe('none');
    const replaced = privacyStatement({
      ...fixed,
      aggregate: { ...sum, neighboring: 'replace-one', clipNorm: 1 },
      noiseStd: 4,
    });
    expect(replaced.recipients.amplification).toBe('without-replacement');
    expect(replaced.recipients.lower).toBeLessThan(replaced.recipients.upper);
    expect(replaced.recipients.upper).toBeLessThan(replaced.server.upper);
  });

  it('say in words what they mean', () => {
    const text = describeStatement(privacyStatement({ ...run, delta: 1e-4 }));
    expect(text).toContain('Unit: user');
    expect(text).toContain('Relation: add-or-remove');
    expect(text).toContain('Against the server');
    expect(text).toContain('poisson amplification');
    expect(text).toContain('no amplification');
    expect(text).toContain('Warning');
  });

  it('refuse what they cannot state', () => {
    refusedAs('INVALID_ARGUMENT', () => privacyStatement({ ...run, unit: 'record' as never }));
    // Spelled wrong, a cap that voids amplification would be as if there were none.
    const misspelled = { ...run, maxParticipation: 4 };
    expect(refusedAs('INVALID_ARGUMENT', () => privacyStatement(misspelled))).toContain('maxParticipations');
    const other = { ...sum, clip: 1 };
    expect(refusedAs('INVALID_ARGUMENT', () => recordNormOf(other))).toContain('clip');
    refusedAs('INVALID_ARGUMENT', () => privacyStatement({ ...run, sampling: { kind: 'shuffled' } as never }));
    refusedAs('OUT_OF_RANGE', () => privacyStatement({ ...run, sampling: { kind: 'poisson', probability: 0 } }));
    refusedAs('OUT_OF_RANGE', () =>
      privacyStatement({ ...run, sampling: { kind: 'fixed', population: 5, cohort: 6 } }),
    );
    refusedAs('OUT_OF_RANGE', () => privacyStatement({ ...run, rounds: 0 }));
    refusedAs('OUT_OF_RANGE', () => privacyStatement({ ...run, maxParticipations: 0 }));
    refusedAs('OUT_OF_RANGE', () => privacyStatement({ ...run, delta: 1 }));
    refusedAs('OUT_OF_RANGE', () => privacyStatement({ ...run, noiseStd: Number.NaN }));
  });
});
