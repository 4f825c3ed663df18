import { describe, expect, it } from 'vitest';
import { quadratic } from '../../test/quadratic.ts';
import { coordinateMedian } from '../aggregate/robust/coordinate-median.ts';
import type { AnyAlgorithm } from '../algorithm/contract.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedNova } from '../algorithm/fed-nova.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { signFlip } from './attacks.ts';
import { simulate } from './simulate.ts';

const clients = Array.from({ length: 10 }, () => quadratic(1, [1, -2], 5));
const base = {
  clients,
  local: { steps: 1, batchSize: 'all' as const, learningRate: 0.5 },
  initial: new Float32Array(2),
  cohort: 10,
  rounds: 1,
  seed: 1,
};
const byzantine = { clients: ['0', '1'], attack: signFlip({ scale: 3 }) };

describe('Byzantine clients', () => {
  it.each([undefined, 'pipeline'])('send what the attack forges, %s', async (through) => {
    const algorithm = fedAvg();
    const channel = through === undefined ? {} : { channel: plainUpdates({ algorithm, size: 2 }) };
    const { params, rounds } = await simulate({ ...base, algorithm, ...channel, byzantine });
    // Eight of ten half the way, two three times that far back.
    expect(params[0]).toBeCloseTo((8 * 0.5 - 2 * 1.5) / 10, 6);
    expect(params[1]).toBeCloseTo((-2 * (8 * 0.5 - 2 * 1.5)) / 10, 6);
    expect(rounds[0].reported.length).toBe(10);
  });

  it('do not move a median', async () => {
    const algorithm = fedAvg({ aggregate: coordinateMedian });
    const few = { clients: (client: string) => Number(client) < 3, attack: signFlip({ scale: 100 }) };
    const { params } = await simulate({ ...base, algorithm, byzantine: few });
    expect([...params]).toEqual([0.5, -1]);
  });

  it('forge every slot, and count as new to no epoch', async () => {
    for (const algorithm of [scaffold(), fedNova()] as AnyAlgorithm[]) {
      const { params } = await simulate({ ...base, algorithm, byzantine, rounds: 30 });
      expect(params.every(Number.isFinite)).toBe(true);
    }
    const algorithm = scaffold();
    const { state, clients: kept } = await simulate({ ...base, algorithm, byzantine, rounds: 30 });
    expect(state.mirror.epoch).toBe(1);
    expect([...kept.keys()].sort()).toEqual(['2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('have nothing to send where nobody honest is left', async () => {
    const all = { clients: () => true, attack: signFlip() };
    const { params, rounds } = await simulate({ ...base, algorithm: fedAvg(), byzantine: all });
    expect(params).toEqual(base.initial);
    expect(rounds[0].reported).toEqual([]);
  });
});
