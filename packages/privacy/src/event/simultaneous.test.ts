import { describe, expect, it } from 'vitest';
import { adaptiveClipNoiseStd } from '../calibrate/adaptive-clip-noise.ts';
import { adaptiveClipping } from '../clip/adaptive.ts';
import { gaussianMechanism } from '../mechanism/gaussian.ts';
import { pldAccountant } from '../pld/accountant.ts';
import { event } from './event.ts';
import { simultaneousRelease } from './simultaneous.ts';

const spend = (e: Parameters<typeof event.poissonSampled>[1]) =>
  pldAccountant({ neighboring: 'add-or-remove' }).compose(event.poissonSampled(0.05, e), 200).epsilon(1e-6);

describe('simultaneousRelease', () => {
  it('of values and clip indicators costs what the values alone would at the noise that was split', () => {
    const noiseStd = adaptiveClipNoiseStd({ noiseStd: 1, clipNorm: 1, countStd: 5 });
    const values = gaussianMechanism({ placement: 'central', size: 1000, clip: 1, noiseStd }).event;
    const both = simultaneousRelease([values, adaptiveClipping({ expectedClients: 100 }).event]);
    const whole = spend(event.gaussian({ noiseStd: 1, recordNorm: 1 }));
    // The indicators' noise is 10 steps wide, of which making it discrete takes 2.5 %.
    expect(spend(both)).toBeGreaterThan(whole);
    expect(spend(both)).toBeLessThan(1.08 * whole);
  });

  it('of one event is that event', () => {
    const one = event.discreteGaussian({ noiseStd: 7, recordNorm: 2, dimension: 1 });
    expect(simultaneousRelease([one])).toEqual(one);
  });

  it('refuses other events, and none', () => {
    expect(() => simultaneousRelease([event.zcdp({ rho: 1 })])).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_EVENT' }),
    );
    expect(() => simultaneousRelease([])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
