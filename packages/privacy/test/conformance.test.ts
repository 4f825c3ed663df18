import { accountantLaws, checkLaws } from '@fedkit/core/conformance';
import { describe, expect, it } from 'vitest';
import { deserializeAccountant, event, pldAccountant, rdpAccountant } from '../src/index.ts';

const gaussian = event.gaussian({ noiseStd: 5, recordNorm: 1 });
const events = [gaussian, event.poissonSampled(0.01, event.gaussian({ noiseStd: 1, recordNorm: 1 }))];
const neighboring = 'add-or-remove';

describe('pldAccountant', () => {
  checkLaws(
    it,
    accountantLaws({ create: () => pldAccountant({ neighboring }), events, deserialize: deserializeAccountant }),
  );
});

describe('rdpAccountant', () => {
  checkLaws(
    it,
    accountantLaws({ create: () => rdpAccountant({ neighboring }), events, deserialize: deserializeAccountant }),
  );

  it('gives the δ of the ε it gave', () => {
    const accountant = rdpAccountant({ neighboring }).compose(gaussian, 2);
    for (const delta of [1e-2, 1e-3, 1e-5, 1e-9]) {
      const back = accountant.delta(accountant.epsilon(delta));
      expect(back).toBeLessThan(delta * 1.001);
      expect(back).toBeGreaterThan(delta * 0.9);
    }
  });
});
