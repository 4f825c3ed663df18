import { sleep } from '../src/protocol/clock.ts';
import { virtualClock } from '../src/transport/memory/index.ts';

/** A virtual clock that passes when told to, and knows whether timers were left behind. */
export class FakeClock {
  readonly #clock = virtualClock();
  #waiting = 0;

  now = (): number => this.#clock.now();

  after = (milliseconds: number, callback: () => void): (() => void) => {
    this.#waiting++;
    let over = false;
    const end = (): void => {
      if (!over) this.#waiting--;
      over = true;
    };
    const cancel = this.#clock.after(milliseconds, () => {
      end();
      callback();
    });
    return () => {
      end();
      cancel();
    };
  };

  /** Timers that are set. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Lets `milliseconds` pass. */
  advance(milliseconds: number): Promise<void> {
    return this.#clock.run(sleep('test', this.#clock, milliseconds, undefined));
  }

  /** Lets time pass until `promise` settles. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.#clock.run(promise);
  }
}
