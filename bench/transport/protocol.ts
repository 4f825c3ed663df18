// What the measurement's processes agree on.

/** A server: the limit, the transport alone, with either fold, with everything in memory or on files. */
export type Kind = 'copy' | 'take' | 'float32' | 'fold' | 'server' | 'files';

/** What a server has used since its start, in milliseconds of processor time, and its memory in bytes. */
export interface Usage {
  readonly milliseconds: number;
  readonly rss: number;
}

/** Clients of a round. */
export const COHORT = 20;
