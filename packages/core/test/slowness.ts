import { availableParallelism, loadavg } from 'node:os';

/** Milliseconds that {@link work} takes on a quiet core of a server of 2023. */
const REFERENCE = 6;

function work(): number {
  let sum = 0;
  for (let i = 1; i < 1_000_000; i++) sum += Math.sqrt(i) / i;
  return sum;
}

/**
 * How many times slower than a quiet machine this one is right now, a whole number from 1: the most of what a fixed piece of work
 * takes and of the load on each core. Time limits of tests are multiplied with it; nothing else may depend on it.
 */
export function slowness(): number {
  const start = performance.now();
  work();
  const measured = (performance.now() - start) / REFERENCE;
  return Math.ceil(Math.max(1, measured, loadavg()[0] / availableParallelism()));
}
