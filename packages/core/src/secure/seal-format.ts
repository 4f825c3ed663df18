/**
 * How a client's sealed record begins.
 *
 * @module
 */
import type { Format } from '../format.ts';

export const SEAL_FORMAT: Format = { letter: 0x73, what: "a client's sealed record", version: 1 };
