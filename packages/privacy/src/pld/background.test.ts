import { describe, expect, it, vi } from 'vitest';
import { event } from '../event/event.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { pldAccountant } from './accountant.ts';
import { epsilonBoundsInBackground } from './background.ts';
import { truePositiveRate } from './trade-off.ts';

const round = event.poissonSampled(1e-3, event.gaussian({ noiseStd: 0.8, recordNorm: 1 }));

it('questions of more than an accountant answers by itself are asked of those that can answer', async () => {
  const refused = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('pldAccountant') };
  const renyi = rdpAccountant({ neighboring: 'add-or-remove' }) as never;
  await expect(epsilonBoundsInBackground(renyi, 1e-5)).rejects.toMatchObject(refused);
  for (const other of [renyi, undefined, {}]) {
    expect(() => truePositiveRate(other as never, 0.1)).toThrow(expect.objectContaining(refused));
  }
  const none = pldAccountant({ neighboring: 'add-or-remove' });
  expect(() => truePositiveRate(none, 0)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
});

describe('an interval asked beside an event loop', () => {
  it('is the one asked at once, in slices between which timers fire', async () => {
    // Many slices on every engine: Bun lets a timer through between most, not between all.
    const make = () => pldAccountant({ neighboring: 'add-or-remove' }).compose(round, 100_000);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const milliseconds: number[] = [];
    const onProgress = (progress: { readonly milliseconds: number }) => milliseconds.push(progress.milliseconds);
    const bounds = await epsilonBoundsInBackground(make(), 1e-5, { onProgress });
    clearInterval(timer);
    expect(bounds).toEqual(make().epsilonBounds(1e-5));
    expect(milliseconds.length).toBeGreaterThan(0);
    expect([...milliseconds].sort((a, b) => a - b)).toEqual(milliseconds);
    expect(turns).toBeGreaterThan(0);
  });

  it('lets timers fire though the time of day is set back all the while', async () => {
    const spy = vi.spyOn(Date, 'now');
    for (let now = 2e12; now > 2e12 - 2e5; now -= 1e3) spy.mockReturnValueOnce(now);
    try {
      let slices = 0;
      const accountant = pldAccountant({ neighboring: 'add-or-remove' }).compose(round, 100_000);
      await epsilonBoundsInBackground(accountant, 1e-5, { onProgress: () => slices++ });
      expect(slices).toBeGreaterThan(0);
    } finally {
      spy.mockRestore();
    }
  });

  it('waits for whoever is told of its progress, and ends with what that rejects with', async () => {
    const accountant = pldAccountant({ neighboring: 'add-or-remove' }).compose(round, 100_000);
    const onProgress = async () => Promise.reject(new Error('enough'));
    await expect(epsilonBoundsInBackground(accountant, 1e-5, { onProgress })).rejects.toThrow('enough');
  });

  it('stops when its signal says so, and refuses what it would refuse at once', async () => {
    const accountant = pldAccountant({ neighboring: 'add-or-remove' }).compose(round, 1_000_000);
    const controller = new AbortController();
    const asked = epsilonBoundsInBackground(accountant, 1e-5, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(asked).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(epsilonBoundsInBackground(accountant, 2)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(await epsilonBoundsInBackground(pldAccountant({ neighboring: 'replace-one' }), 0)).toMatchObject({
      upper: 0,
    });
  });
});
