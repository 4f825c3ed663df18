/**
 * A round's reports: folding them, storing what was folded and closing never overlap, however many turns each takes.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { Collected, ReportCollector, ReportingServer, RoundFacts } from '../pipeline/contract.ts';
import { SerialQueue } from '../serial-queue.ts';

/** Which round, and what an earlier server of it has saved. */
export interface Opening {
  readonly round: number;
  readonly parameters: Uint8Array;
  readonly saved?: Uint8Array;
}

/** What a round's reports are at one moment. */
export interface Moment<T> {
  readonly now: T;
  readonly pieces?: readonly Uint8Array[];
  readonly release: () => void;
}

export class RoundReports<R> {
  readonly #collector: ReportCollector<R>;
  readonly #queue = new SerialQueue();
  /** Pieces of work that were begun. */
  #busy = 0;
  #folded: boolean;
  #disposed = false;

  private constructor(collector: ReportCollector<R>, folded: boolean) {
    this.#collector = collector;
    this.#folded = folded;
  }

  static async open<R>(half: ReportingServer<R>, { saved, ...round }: Opening): Promise<RoundReports<R>> {
    if (saved === undefined) return new RoundReports(half.open(round), false);
    const opening = { ...round, saved };
    return new RoundReports((await half.reopenInTurns?.(opening)) ?? half.open(opening), true);
  }

  /** What stands for a report from now on. */
  async keep(client: ClientId, report: Uint8Array): Promise<Uint8Array> {
    return (await this.#collector.keep?.(client, report)) ?? report;
  }

  /** Folds a report in. @param then - Called in the same turn: no snapshot sees the one without the other. */
  accept<T>(client: ClientId, report: Uint8Array, then: () => T): Promise<T> {
    return this.#alone(async () => {
      // First: one that is refused may leave a trace too.
      this.#folded = true;
      if (this.#collector.acceptInTurns) await this.#collector.acceptInTurns(client, report);
      else this.#collector.accept(client, report);
      return then();
    });
  }

  close(facts: RoundFacts): Promise<Collected<R>> {
    return this.#alone(() => this.#collector.close(facts));
  }

  /**
   * What was folded at one moment, as bytes that stay so until `release`; nothing where nothing was.
   *
   * @param at - Called at that moment.
   */
  capture<T>(at: () => T): Promise<Moment<T>> {
    return new Promise((resolve, reject) => {
      this.#alone(
        () =>
          new Promise<void>((release) => {
            const now = at();
            const pieces = this.#folded && (this.#collector.pieces?.() ?? [this.#collector.serialize()]);
            resolve({ now, ...(pieces && { pieces }), release });
          }),
      ).catch(reject);
    });
  }

  /** Removes what the round has left elsewhere. */
  async forget(): Promise<void> {
    await this.#collector.forget?.();
  }

  /** Frees its memory, once nobody is at work on it; once. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#busy === 0) this.#collector.dispose();
    else void this.#alone(async () => this.#collector.dispose());
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    return this.#queue.run(work).finally(() => {
      this.#busy--;
    });
  }
}
