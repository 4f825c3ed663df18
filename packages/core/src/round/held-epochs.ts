/**
 * Which epoch's state clients say they hold, for algorithms whose server keeps a sum over them.
 *
 * @module
 */
import { epochIn } from '../algorithm/epoch.ts';
import type { ClientId } from '../aggregate/contract.ts';

/** What clients said as they joined; in memory alone, so that after a restart they say it again. */
export class HeldEpochs {
  readonly #held = new Map<ClientId, number>();
  readonly #most: number;

  /** @param most - Clients remembered; what others say is not known, and they count as holding the state. */
  constructor(most: number) {
    this.#most = most;
  }

  note(client: ClientId, epoch: number | undefined): void {
    if (epoch === undefined) this.#held.delete(client);
    else if (this.#held.has(client) || this.#held.size < this.#most) this.#held.set(client, epoch);
  }

  /** How many of a round's contributors held no state of the epoch that was broadcast; they are forgotten. */
  fresh(contributors: readonly ClientId[], broadcast: unknown): { readonly fresh?: number } {
    const epoch = epochIn(broadcast);
    if (epoch === undefined) return {};
    let fresh = 0;
    for (const client of contributors) {
      const held = this.#held.get(client);
      if (held !== undefined && held !== epoch) fresh++;
      this.#held.delete(client);
    }
    return { fresh };
  }
}
