import { brokenLaws, checkLaws, mechanismLaws } from '@fedkit/core/conformance';
import type { CentralNoiseMaker, DistributedNoiseMaker } from '@fedkit/core/pipeline';
import { describe, expect, it } from 'vitest';
import { centralGaussianMechanism, distributedGaussianMechanism, skellamMechanism } from '../src/index.ts';

const central: CentralNoiseMaker = centralGaussianMechanism;

// Odds of the laws: mechanismLaws states them.
describe('centralGaussianMechanism', () => checkLaws(it, mechanismLaws({ central })));
describe('skellamMechanism', () => checkLaws(it, mechanismLaws({ distributed: skellamMechanism })));
describe('distributedGaussianMechanism', () =>
  checkLaws(it, mechanismLaws({ distributed: distributedGaussianMechanism })));

describe('mechanismLaws', () => {
  const caught = async (setup: Parameters<typeof mechanismLaws>[0]) =>
    (await brokenLaws(mechanismLaws({ ...setup, draws: 150 }))).map(({ name }) => name);

  it('catch a server that adds less noise than it says', async () => {
    const less: CentralNoiseMaker = (options) => central({ ...options, noiseStd: 0.9 * options.noiseStd });
    expect(await caught({ central: less })).toContain(
      'a release is the sum and noise of the standard deviation that was asked for',
    );
  });

  it('catch clients that are not clipped', async () => {
    const loose: CentralNoiseMaker = (options) => central({ ...options, clip: 3 * options.clip });
    expect(await caught({ central: loose })).toContain(
      'one update moves a sum by the clip at most, and one that is not finite by nothing',
    );
  });

  it('catch noise that is drawn anew with every release', async () => {
    const generous: CentralNoiseMaker = (options) => {
      const noise = central(options);
      return { ...noise, release: (sum, rng) => noise.release({ ...sum, values: sum.values.slice() }, rng) };
    };
    expect(await caught({ central: generous })).toContain(
      'noise is drawn once: a second release, or an update after it, is PROTOCOL_STATE',
    );
  });

  it('catch shares that count on colluders', async () => {
    const trusting: DistributedNoiseMaker = (options) =>
      skellamMechanism({ ...options, noiseStd: options.noiseStd * Math.sqrt(4 / 5) });
    expect(await caught({ distributed: trusting })).toContain(
      'a sum without its colluders has at least the noise that was asked for, and no bias',
    );
  });
});
