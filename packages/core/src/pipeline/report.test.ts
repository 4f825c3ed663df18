import { describe, expect, it } from 'vitest';
import { encodeReport } from './report.ts';
import { decodeReport } from './report-decoder.ts';

const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
const slots = [Uint8Array.of(1, 2), new Uint8Array(0)];

describe('reports', () => {
  it('come back as they were', () => {
    for (const weight of [undefined, 0.5]) {
      const report = { ...(weight !== undefined && { weight }), slots };
      expect(
        decodeReport(
          'test',
          encodeReport({ round: 3, seed }, { ...report, slots: slots.map((slot) => [slot]) }),
          { round: 3, seed },
          2,
        ),
      ).toEqual(report);
    }
  });

  it('are of one round of one run', () => {
    const bytes = encodeReport(
      { round: 3, seed },
      { slots: [[slots[0].subarray(0, 1), slots[0].subarray(1)], [slots[1]]] },
    );
    const refused = expect.objectContaining({ code: 'DECODE_FAILED' });
    expect(() => decodeReport('test', bytes, { round: 4, seed }, 2)).toThrow(refused);
    expect(() => decodeReport('test', bytes, { round: 3, seed: seed.map((byte) => byte ^ 1) }, 2)).toThrow(
      'test: expected a report of this run, got of another',
    );
    expect(() => decodeReport('test', bytes, { round: 3, seed }, 3)).toThrow(refused);
  });
});
