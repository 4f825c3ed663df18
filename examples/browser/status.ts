/**
 * What the coordinator tells everybody about the run.
 *
 * @module
 */

/** A tab in the current round. `gone`: it was awaited in a stage that has ended without it. */
export interface Participant {
  readonly id: string;
  readonly state: 'working' | 'done' | 'gone';
}

/** One round that has ended. */
export interface PastRound {
  readonly round: number;
  readonly outcome: 'published' | 'abandoned' | 'cancelled';
  /** Why nothing was published. */
  readonly reason?: string;
  readonly contributors: readonly string[];
  /** Tabs that were invited and were gone at the end. */
  readonly lost: number;
  /** On 1,000 digits that nobody trains on. */
  readonly accuracy: number;
  readonly loss: number;
  /** What the tabs measured of the model they were given, each on its own digits: the mean loss. Absent under noise. */
  readonly ownLoss?: number;
  /** ε against the coordinator, where there is noise: of the rounds so far. */
  readonly epsilon?: number;
  readonly up: number;
  readonly down: number;
  readonly milliseconds: number;
}

/** The run, as JSON. */
export interface Status {
  /** Of the page's files: a tab with another one is out of date. */
  readonly build: string;
  readonly run: string;
  readonly privacy: 'sums' | 'noise';
  readonly phase: string;
  /** The stage of the current round; absent between rounds. */
  readonly stage?: string;
  /** Milliseconds until it ends whoever has answered. */
  readonly remaining?: number;
  readonly round: number;
  readonly rounds: number;
  readonly waiting: number;
  /** Tabs that have asked for this not long ago, whether they take part or rest. */
  readonly here: number;
  readonly least: number;
  readonly participants: readonly Participant[];
  readonly history: readonly PastRound[];
  /** Of the untrained model. */
  readonly start: { readonly accuracy: number; readonly loss: number };
  readonly delta?: number;
  /** What the coordinator has failed at in the last seconds; it tries again by itself. */
  readonly fault?: string;
}
