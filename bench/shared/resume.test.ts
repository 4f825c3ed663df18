import { expect, it } from 'vitest';
import { resumed } from './resume.ts';

it('does a step once, also for a later run, until the command has ended', async () => {
  const begin = () => resumed(`resume-test-${process.pid}`, 'bench/shared');
  let times = 0;
  const work = async (): Promise<{ times: number }> => ({ times: ++times });
  const first = begin();
  expect(await first.step('a', work)).toEqual({ times: 1 });
  await expect(first.step('b', () => Promise.reject(new Error('cut off')))).rejects.toThrow('cut off');
  const second = begin();
  expect(await second.step('a', work)).toEqual({ times: 1 });
  expect(await second.step('b', work)).toEqual({ times: 2 });
  second.end();
  const third = begin();
  expect(await third.step('a', work)).toEqual({ times: 3 });
  third.end();
});
