/**
 * Where threads meet: byte offsets into a shared memory. `assembly/threads/board.ts` has the same places.
 *
 * @module
 */

/** Chunks of the job at hand that are not finished. */
export const LEFT = 128;
/** Whether who gave the job sleeps on {@link LEFT}. */
export const WAITING = 196;
/** Helpers that have started. */
export const STARTED = 200;
/** Chunks that helpers have done. */
export const HELPED = 204;
/** Threads at most, the one that gives jobs included. */
export const THREADS = 208;
/** Jobs that are not shared, since processors are scarce. */
export const ALONE = 212;
/** Where the board ends. */
export const BOARD_END = 320;
