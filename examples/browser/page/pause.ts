/**
 * Pauses that are cut short: also the next one, where whoever cuts it comes before it has begun.
 *
 * @module
 */

/** For one who sleeps, and others who wake it. */
export class Pause {
  #woken = false;
  #end = (): void => {};

  /** Ends the pause that goes on, or the next one. */
  wake(): void {
    this.#woken = true;
    this.#end();
  }

  /** Sleeps for so many milliseconds, at most until it is woken. */
  async sleep(milliseconds: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#woken = false;
  }
}
