import { expect, it } from 'vitest';
import { event } from '../event/event.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { pldAccountant } from './accountant.ts';

it.each([
  [1e-3, 50],
  [0.3, 50],
])(
  'says no more than Rényi where the loss distribution of 10^12 rounds is beyond float64: q = %s, σ = %s',
  (q, noiseStd) => {
    const round = event.poissonSampled(q, event.gaussian({ noiseStd, recordNorm: 1 }));
    const neighboring = 'add-or-remove';
    const renyi = rdpAccountant({ neighboring }).compose(round, 1e12).epsilon(1e-6);
    expect(pldAccountant({ neighboring }).compose(round, 1e12).epsilon(1e-6)).toBeLessThanOrEqual(renyi);
  },
);
