/** Time that only passes when told to. */
export class FakeClock {
  #now = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now = (): number => this.#now;

  after = (milliseconds: number, callback: () => void): (() => void) => {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets everything run that can without time, then lets `milliseconds` pass, timer by timer. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  /** Lets time pass until `promise` settles, and returns how long it took beside the outcome. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    promise.then(
      () => (over = true),
      () => (over = true),
    );
    for (let turns = 0; turns < 10_000; turns++) {
      await settle();
      if (over) break;
      const next = Math.min(...[...this.#timers].map(({ at }) => at));
      if (next === Infinity) continue;
      await this.advance(Math.max(0, next - this.#now));
    }
    return promise;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
