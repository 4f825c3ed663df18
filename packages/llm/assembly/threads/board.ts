// Where threads meet: words of the shared memory in front of everything else. `src/kernels/board.ts` has the same places.

/** Chunks of the job at hand that nobody has taken; helpers sleep on it. */
export const OPEN: usize = 64;
/** Chunks of the job at hand that are not finished; who gave the job sleeps on it. */
export const LEFT: usize = 128;
/** Helpers that sleep. */
export const ASLEEP: usize = 192;
/** Whether who gave the job sleeps. */
export const WAITING: usize = 196;
/** Helpers that have started. */
export const STARTED: usize = 200;
/** Chunks that helpers have done. */
export const HELPED: usize = 204;
/** Threads at most, the one that gives jobs included. */
export const THREADS: usize = 208;
/** Jobs that are not shared, since processors are scarce. */
export const ALONE: usize = 212;
/** Which job it is, how many rows, columns or values it has, and how many of them are a chunk. */
export const JOB: usize = 256;
export const TOTAL: usize = 260;
export const STEP: usize = 264;
/** Its arguments: up to 13 words, to the end of the board at 320. */
const ARGUMENTS: usize = 268;

// @ts-ignore: decorator
@inline
export function put<T>(index: usize, value: T): void {
  store<T>(ARGUMENTS + (index << 2), value);
}

// @ts-ignore: decorator
@inline
export function at(index: usize): usize {
  return load<u32>(ARGUMENTS + (index << 2));
}

// @ts-ignore: decorator
@inline
export function int(index: usize): i32 {
  return load<i32>(ARGUMENTS + (index << 2));
}

// @ts-ignore: decorator
@inline
export function float(index: usize): f32 {
  return load<f32>(ARGUMENTS + (index << 2));
}
