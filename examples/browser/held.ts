/**
 * Keeps one participant back amid the sums of a round, so that its tab is closed there and nowhere else.
 *
 * @module
 */
import type { Status } from './status.ts';

/** For {@link CoordinatorOptions.gate}. */
export class Held {
  /** Its name, or the beginning of it. */
  participant: string | undefined;
  /** Of the coordinator. */
  status: (() => Status) | undefined;
  /** The round in which it is kept back; 0 before. */
  round = 0;
  readonly #count: number;
  readonly #released: Promise<void>;
  #release = (): void => {};
  #passing = false;

  /** @param count - Participants of the round. */
  constructor(count: number) {
    this.#count = count;
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** What it asks from now on passes; what is kept back stays. */
  pass(): void {
    this.#passing = true;
  }

  /** Everything passes. */
  release(): void {
    this.#passing = true;
    this.#release();
  }

  readonly gate = (participant: string | undefined): Promise<void> | undefined => {
    if (this.#passing || this.participant === undefined || !participant?.startsWith(this.participant)) return undefined;
    if (this.round === 0) {
      const { stage, round, participants } = (this.status as () => Status)();
      if (stage !== 'share' || participants.length !== this.#count) return undefined;
      this.round = round;
    }
    return this.#released;
  };
}
