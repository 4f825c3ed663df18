// What the measurement's processes agree on.

/** What a server is asked to bear. */
export interface Setting {
  readonly parameters: number;
  /** Clients of a round. */
  readonly cohort: number;
  /** The share of entries that clients send; all where absent. */
  readonly topK?: number;
  /** Who plays it: `version.ts`, or for the whole of a secure sum `ring.ts`. */
  readonly by?: 'ring';
  /** V8's, of the server. */
  readonly flags?: readonly string[];
  /** Watches for stretches, at the price of a busy loop: processor time and memory are not to be read beside it. */
  readonly stretches?: boolean;
}

/** What a server has used since its start, in milliseconds of processor time, and its memory in bytes: now and at most. */
export interface Usage {
  readonly milliseconds: number;
  readonly rss: number;
  readonly peak: number;
  /**
   * The longest time since this was last asked that no other event had a turn, in milliseconds: the lesser of time on the wall and
   * processor time of the whole process, both at least what the one thread was busy. 0 where nobody watches.
   */
  readonly stretch: number;
}
