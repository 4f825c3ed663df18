import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';

afterEach(() => {
  vi.useRealTimers();
});

it.each([0, 1, 2 ** 31 - 1, 2 ** 31, Infinity])('calls back after %d ms or 24 days, and not before', (asked) => {
  const milliseconds = Math.min(asked, 2 ** 31 - 1);
  vi.useFakeTimers();
  let calls = 0;
  systemClock.after(asked, () => calls++);
  const stop = systemClock.after(asked, () => (calls += 10));
  if (milliseconds > 0) vi.advanceTimersByTime(milliseconds - 1);
  expect(calls).toBe(0);
  stop();
  vi.advanceTimersByTime(1);
  expect(calls).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});
