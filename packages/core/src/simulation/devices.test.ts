import { describe, expect, it } from 'vitest';
import { quadratic } from '../../test/quadratic.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { inTime, logNormalDevices, secondsOf, tracedAvailability } from './devices.ts';
import { simulate } from './simulate.ts';

const clients = [1, 2, 3, 4].map((optimum) => quadratic(1, [optimum, 0]));
const base = {
  algorithm: fedAvg(),
  clients,
  local: { steps: 2, batchSize: 'all' as const, learningRate: 0.5 },
  initial: new Float32Array(2),
  cohort: 4,
  rounds: 2,
  seed: 1,
};
/** Client i takes i seconds a step, and moves 8 bytes a second each way. */
const of = (client: string) => ({ up: 8, down: 8, secondsPerStep: Number(client) });

describe('devices', () => {
  it('take latency, download, steps and upload', () => {
    expect(secondsOf({ up: 2, down: 4, secondsPerStep: 0.5, latency: 3 }, { down: 8, steps: 6, up: 10 })).toBe(13);
    expect(() => secondsOf({ up: 0, down: 4, secondsPerStep: 0.5 }, { down: 8, steps: 6, up: 10 })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });

  it('make rounds last as long as their slowest client', async () => {
    const { rounds } = await simulate({ ...base, devices: { of } });
    // 1 s down, 2 steps of 3 s, 1 s up.
    expect(rounds.map(({ seconds }) => seconds)).toEqual([8, 16]);
    expect(rounds.map(({ bytesUp, bytesDown }) => [bytesUp, bytesDown])).toEqual([
      [32, 32],
      [32, 32],
    ]);
  });

  it('leave the model as it is without a clock, where nobody is late', async () => {
    const { params } = await simulate(base);
    expect((await simulate({ ...base, devices: { of } })).params).toEqual(params);
  });

  it.each([undefined, plainUpdates({ algorithm: base.algorithm, size: 2 })])(
    'leave out who comes after the deadline, through a pipeline or none',
    async (channel) => {
      const options = { ...base, rounds: 1, ...(channel && { channel }) };
      // A report has a header of its own: sent in no time, so that both cases end alike.
      const fast = (client: string) => ({ ...of(client), up: 1e9 });
      const { rounds, params } = await simulate({ ...options, devices: { of: fast, deadline: 4 } });
      expect(rounds[0]).toMatchObject({ reported: ['0', '1'], late: ['2', '3'], seconds: 4 });
      // Two steps of half the way go three quarters of it.
      expect(params[0]).toBe(0.75 * 1.5);
    },
  );

  it('end a round as soon as enough have arrived', async () => {
    const { rounds } = await simulate({ ...base, rounds: 1, devices: { of, enough: 3 } });
    expect(rounds[0]).toMatchObject({ reported: ['0', '1', '2'], late: ['3'], seconds: 6 });
  });

  it('let a round come to nothing where nobody is in time', async () => {
    const { rounds, params } = await simulate({ ...base, devices: { of, deadline: 0.5 } });
    expect(rounds.map(({ reported, seconds }) => [reported, seconds])).toEqual([
      [[], 0.5],
      [[], 1],
    ]);
    expect(params).toEqual(base.initial);
  });

  it('are waited for until the deadline where some dropped out', () => {
    const arrivals = [{ seconds: 4 }, { seconds: 1 }];
    expect(inTime(arrivals, { deadline: 9 }, 2).seconds).toBe(4);
    expect(inTime(arrivals, { deadline: 9 }, 3).seconds).toBe(9);
    expect(inTime(arrivals, { deadline: 9, enough: 2 }, 3).seconds).toBe(4);
    expect(inTime([], { deadline: 9 }, 2).seconds).toBe(9);
    expect(inTime([], {}, 2).seconds).toBe(0);
  });

  it('are drawn while they are there', async () => {
    const traces = { '0': [[0, 4]], '1': [], '2': [[4, 10]] } as const;
    const available = tracedAvailability(traces, { period: 10 });
    expect([0, 3, 4, 12].map((seconds) => available('0', seconds))).toEqual([true, true, false, true]);
    expect([available('1', 1), available('3', 1)]).toEqual([false, true]);
    const { rounds } = await simulate({ ...base, cohort: 2, devices: { of, available } });
    expect(rounds.map(({ reported }) => reported)).toEqual([
      ['0', '3'],
      ['2', '3'],
    ]);
    expect(() => tracedAvailability({ a: [[3, 2]] }, { period: 10 })).toThrow();
    expect(() => tracedAvailability({ a: [[3, 11]] }, { period: 10 })).toThrow();
  });

  it('lie around their medians, and repeat', () => {
    const devices = logNormalDevices({ up: 100, down: 1000, secondsPerStep: 1, spread: 0.5, seed: 2 });
    const ups = Array.from({ length: 999 }, (_, i) => Math.log(devices(`${i}`).up / 100)).sort((a, b) => a - b);
    // Odds of a median 0.1 from 0: a deviation of 0.02 makes it 5 of them.
    expect(Math.abs(ups[499])).toBeLessThan(0.1);
    const deviation = Math.sqrt(ups.reduce((sum, x) => sum + x * x, 0) / ups.length);
    expect(deviation).toBeGreaterThan(0.4);
    expect(deviation).toBeLessThan(0.6);
    expect(devices('7')).toEqual(devices('7'));
    expect(() => logNormalDevices({ up: 0, down: 1, secondsPerStep: 1, seed: 1 })).toThrow();
  });
});
