import { describe, expect, it } from 'vitest';
import { quadratic } from '../../test/quadratic.ts';
import type { AnyAlgorithm } from '../algorithm/contract.ts';
import { ditto } from '../algorithm/ditto.ts';
import { fedAdam } from '../algorithm/fed-adam.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedDyn } from '../algorithm/fed-dyn.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { Layout } from '../model/layout.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { seededRng } from '../random.ts';
import { logNormalDevices } from './devices.ts';
import { dropout } from './conditions.ts';
import { simulate } from './simulate.ts';

const rng = seededRng('checkpoint');
const SIZE = 7;
const draw = () => Array.from({ length: SIZE }, () => 2 * rng.uniform() - 1);
const clients = Array.from({ length: 9 }, (_, i) => quadratic(1 + (i % 3), draw(), 1 + i));
const layout = Layout.of([{ name: 'w', shape: [SIZE] }]);
const algorithms: readonly AnyAlgorithm[] = [
  fedAvg(),
  fedAdam({ learningRate: 0.1 }),
  scaffold(),
  fedDyn({ alpha: 0.5 }),
  ditto({ lambda: 1 }),
];
const base = {
  clients,
  local: { steps: 3, batchSize: 'all' as const, learningRate: 0.05 },
  initial: new Float32Array(SIZE),
  cohort: 4,
  rounds: 12,
  seed: 3,
};

describe('a simulation that goes on from a checkpoint', () => {
  for (const algorithm of algorithms) {
    for (const channel of [undefined, plainUpdates({ algorithm, layout })]) {
      it(`equals the straight run: ${algorithm.kind}, ${channel ? 'through a pipeline' : 'as it is'}`, async () => {
        const options = {
          ...base,
          algorithm,
          ...(channel && { channel }),
          conditions: dropout({ probability: 0.2 }),
          devices: {
            of: logNormalDevices({ up: 1e3, down: 1e4, secondsPerStep: 0.1, seed: 1 }),
            deadline: 2,
          },
        };
        const saved = new Map<number, Uint8Array>();
        const straight = await simulate({
          ...options,
          onProgress: (event) => event.kind === 'finished' && saved.set(event.round, event.checkpoint()),
        });
        for (const round of [1, 5, 11]) {
          const resumed = await simulate({ ...options, from: saved.get(round) as Uint8Array });
          expect(resumed.params).toEqual(straight.params);
          expect(resumed.clients).toEqual(straight.clients);
          expect(resumed.rounds).toEqual(straight.rounds.slice(round));
          expect(resumed.checkpoint()).toEqual(straight.checkpoint());
        }
        const over = await simulate({ ...options, from: straight.checkpoint() });
        expect(over.rounds).toEqual([]);
        expect(over.params).toEqual(straight.params);
      });
    }
  }

  it('is refused for another seed, model or algorithm, and where it is no checkpoint', async () => {
    const from = (await simulate({ ...base, algorithm: fedAvg(), rounds: 1 })).checkpoint();
    const options = { ...base, algorithm: fedAvg(), from };
    await expect(simulate({ ...options, seed: 4 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(simulate({ ...options, algorithm: scaffold() as AnyAlgorithm })).rejects.toMatchObject({
      code: 'DECODE_FAILED',
    });
    await expect(simulate({ ...options, layout })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    for (let cut = 0; cut < from.length; cut += 7) {
      await expect(simulate({ ...options, from: from.subarray(0, cut) })).rejects.toMatchObject({
        code: 'DECODE_FAILED',
      });
    }
  });
});

describe('evaluation', () => {
  it('happens every so many rounds and at the end, and sees what clients keep', async () => {
    const algorithm = ditto({ lambda: 1 });
    const personal: number[] = [];
    const { rounds } = await simulate({
      ...base,
      algorithm,
      rounds: 7,
      evaluateEvery: 3,
      evaluate: async (_, round, { broadcast, clientState }) => {
        const states = await Promise.all(clients.map((_trainer, i) => clientState(`${i}`)));
        const kept = states.filter((state) => state !== undefined);
        personal.push(kept.reduce((sum, state) => sum + algorithm.personal(broadcast(), state)[0], 0));
        return round;
      },
    });
    expect(rounds.flatMap(({ evaluation }) => evaluation ?? [])).toEqual([3, 6, 7]);
    expect(new Set(personal).size).toBe(3);
  });
});

describe('a schedule', () => {
  it('changes local training by round', async () => {
    const algorithm = fedAvg();
    const steps: number[] = [];
    const { params } = await simulate({
      ...base,
      algorithm,
      rounds: 3,
      schedule: (local, round) => ({ batchSize: local.batchSize, steps: round, learningRate: 0.1 / round }),
      onProgress: (event) => event.kind === 'reported' && steps.push(event.report.local.steps),
    });
    expect(steps).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    expect(params).not.toEqual((await simulate({ ...base, algorithm, rounds: 3 })).params);
  });
});
