import { expect, it } from 'vitest';
import { event } from './event.ts';

it('takes noise from a billionth to a billion of the norm, and no other', () => {
  const refused = expect.objectContaining({ code: 'OUT_OF_RANGE' });
  for (const make of [event.gaussian, event.discreteGaussian]) {
    expect(make({ noiseStd: 1e9, recordNorm: 1 })).toMatchObject({ noiseStd: 1e9, recordNorm: 1 });
    expect(make({ noiseStd: 1, recordNorm: 1e9 })).toMatchObject({ noiseStd: 1, recordNorm: 1e9 });
    expect(() => make({ noiseStd: 1.001e9, recordNorm: 1 })).toThrow(refused);
    expect(() => make({ noiseStd: 1, recordNorm: 1.001e9 })).toThrow(refused);
  }
});
