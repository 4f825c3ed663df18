import { expect, test } from 'vitest';
import { SerialQueue } from './serial-queue.ts';

test('runs one thing after another, also after a failure, and says when it is idle', async () => {
  const queue = new SerialQueue();
  const told: string[] = [];
  const work = (name: string) => async () => {
    told.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    told.push(`${name} ends`);
    if (name === 'b') throw new Error('no');
    return name;
  };
  const results = Promise.allSettled(['a', 'b', 'c'].map((name) => queue.run(work(name))));
  await queue.run(() => {});
  expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await queue.run(() => 'plain values too')).toBe('plain values too');
});
