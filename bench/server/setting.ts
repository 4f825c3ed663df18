// What the measurement's processes agree on.

/** What a server is asked to bear. */
export interface Setting {
  readonly parameters: number;
  /** Clients of a round. */
  readonly cohort: number;
  /** The share of entries that clients send; all where absent. */
  readonly topK?: number;
  /** V8's, of the server. */
  readonly flags?: readonly string[];
}

/** What a server has used since its start, in milliseconds of processor time, and its memory in bytes: now and at most. */
export interface Usage {
  readonly milliseconds: number;
  readonly rss: number;
  readonly peak: number;
}
