import { describe, expect, it } from 'vitest';
import { quadratic } from '../../test/quadratic.ts';
import type { AnyAlgorithm } from '../algorithm/contract.ts';
import { fedAdam } from '../algorithm/fed-adam.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { withRoles } from '../algorithm/with-roles.ts';
import { ByteReader, ByteWriter } from '../bytes.ts';
import { Layout } from '../model/layout.ts';
import { seededRng } from '../random.ts';
import type { SimulatedDownlink } from './downlink.ts';
import { simulate } from './simulate.ts';

const rng = seededRng('downlink');
const SIZE = 6;
const draw = () => Array.from({ length: SIZE }, () => 2 * rng.uniform() - 1);
const clients = Array.from({ length: 8 }, (_, i) => quadratic(1 + (i % 3), draw(), 1 + i));
const base = {
  clients,
  local: { steps: 2, batchSize: 'all' as const, learningRate: 0.1 },
  initial: new Float32Array(SIZE).fill(0.5),
  cohort: 3,
  rounds: 15,
  seed: 1,
};
/** Of a model in float32: beyond that a client fetches the model. */
const HISTORY = 4;

/** Keeps the largest part of what is owed, in float32; a catch-up takes five bytes an update. */
function largestOnly(saved?: Uint8Array): SimulatedDownlink {
  const reader = saved && new ByteReader('largestOnly', saved);
  let version = reader?.uint32() ?? 0;
  const owed = Float32Array.from({ length: SIZE }, () => reader?.float64() ?? 0);
  return {
    get version() {
      return version;
    },
    publish(update, { sharedSeed }) {
      expect(sharedSeed.length).toBe(32);
      for (let i = 0; i < SIZE; i++) owed[i] += update[i];
      const place = owed.reduce((best, value, i) => (Math.abs(value) > Math.abs(owed[best]) ? i : best), 0);
      const sent = new Float32Array(SIZE);
      sent[place] = owed[place];
      owed[place] = 0;
      version++;
      return { update: sent };
    },
    catchUp: (since) => (version - since > HISTORY ? undefined : new Uint8Array(5 * (version - since))),
    serialize() {
      const writer = new ByteWriter().uint32(version);
      for (const value of owed) writer.float64(value);
      return writer.finish();
    },
  };
}

describe('a simulation with a downlink', () => {
  it('publishes what was sent, and counts what each client of a cohort has to fetch', async () => {
    const models: Float32Array[] = [base.initial];
    const { rounds, params } = await simulate({
      ...base,
      algorithm: fedAvg(),
      downlink: largestOnly,
      onProgress: (event) => event.kind === 'started' && models.push(event.broadcast.params),
    });
    models.push(params);
    for (let i = 2; i < models.length; i++) {
      const changed = models[i].filter((value, j) => value !== models[i - 1][j]);
      expect(changed.length).toBeLessThanOrEqual(1);
    }
    const versions = new Map<string, number>();
    const [whole, kinds] = [4 * SIZE, new Set<string>()];
    for (const { round, cohort, bytesDown } of rounds) {
      const version = round - 1;
      const each = cohort.clients.map((client) => {
        const since = versions.get(client);
        versions.set(client, version);
        kinds.add(since === undefined ? 'first' : version - since > HISTORY ? 'behind' : 'missed');
        return since === undefined || version - since > HISTORY ? whole : Math.min(whole, 5 * (version - since));
      });
      expect(bytesDown).toBe(each.reduce((sum, bytes) => sum + bytes, 0));
    }
    expect(kinds).toEqual(new Set(['first', 'behind', 'missed']));
  });

  it('goes to where whole models go, and counts what is broadcast beside the model', async () => {
    const exact = (): SimulatedDownlink => {
      let version = 0;
      return {
        get version() {
          return version;
        },
        publish: (update) => ({ update, version: ++version }),
        catchUp: () => new Uint8Array(1),
        serialize: () => new Uint8Array(0),
      };
    };
    const many: readonly [AnyAlgorithm, number][] = [
      [fedAvg(), 0],
      [fedAdam({ learningRate: 0.1 }), 0],
      [scaffold(), 4 * SIZE + 8],
    ];
    for (const [algorithm, beside] of many) {
      const plain = await simulate({ ...base, algorithm, cohort: 8 });
      const down = await simulate({ ...base, algorithm, cohort: 8, downlink: exact });
      down.params.forEach((value, i) => expect(value).toBeCloseTo(plain.params[i], 5));
      expect(down.rounds[0].bytesDown).toBe(plain.rounds[0].bytesDown);
      expect(down.rounds[1].bytesDown).toBe(8 * (1 + beside));
      expect(plain.rounds[1].bytesDown).toBe(8 * (4 * SIZE + beside));
    }
  });

  it('takes its time on a clock for what a client really fetches', async () => {
    const devices = { of: () => ({ up: 24, down: 1, secondsPerStep: 0 }) };
    const { rounds } = await simulate({ ...base, cohort: 8, algorithm: fedAvg(), downlink: largestOnly, devices });
    expect(rounds.map(({ seconds = 0 }) => seconds)).toEqual(rounds.map((_, i) => 4 * SIZE + 5 * i + (i + 1)));
  });

  it('goes on from a checkpoint to the bytes of the straight run', async () => {
    const options = { ...base, algorithm: scaffold(), downlink: largestOnly };
    const saved = new Map<number, Uint8Array>();
    const straight = await simulate({
      ...options,
      onProgress: (event) => event.kind === 'finished' && saved.set(event.round, event.checkpoint()),
    });
    for (const [round, from] of saved) {
      const resumed = await simulate({ ...options, from });
      expect(resumed.params).toEqual(straight.params);
      expect(resumed.rounds).toEqual(straight.rounds.slice(round));
      expect(resumed.checkpoint()).toEqual(straight.checkpoint());
    }
    const from = straight.checkpoint();
    const { downlink: _, ...without } = options;
    await expect(simulate({ ...without, from })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const plain = (await simulate({ ...without, rounds: 1 })).checkpoint();
    await expect(simulate({ ...options, from: plain })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    for (let cut = 0; cut < from.length; cut += 5)
      await expect(simulate({ ...options, from: from.subarray(0, cut) })).rejects.toMatchObject({
        code: 'DECODE_FAILED',
      });
  });

  it('is refused beside an algorithm whose model is put together from parts, and of another size', async () => {
    const layout = Layout.of([
      { name: 'w', shape: [4] },
      { name: 'own', shape: [2], role: 'local' },
    ]);
    const roles = withRoles(fedAvg(), layout);
    const run = simulate({ ...base, algorithm: roles as AnyAlgorithm, downlink: largestOnly });
    await expect(run).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const short = () => ({ ...largestOnly(), publish: () => ({ update: new Float32Array(SIZE - 1) }) });
    const other = simulate({ ...base, algorithm: fedAvg(), downlink: short });
    await expect(other).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });
});
