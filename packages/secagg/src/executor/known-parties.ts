/**
 * The parties of a round as one object each. A thread is handed copies with every task, and what engines keep of a key, its
 * import above all, they keep with the array that it came in.
 *
 * @module
 */
import { equal, hex } from '../internal/bytes.ts';
import type { Party } from '../key-derivation.ts';
import type { MaskTask } from './mask-task.ts';

/** Parties of the round that tasks were last of. */
export class KnownParties {
  #transcript: Uint8Array = new Uint8Array(0);
  readonly #parties: Map<string, Party> = new Map();

  /** The same task, with parties that earlier ones of its round had already. */
  in(task: MaskTask): MaskTask {
    const { transcript } = task.layout.context;
    if (!equal(transcript, this.#transcript)) {
      this.#transcript = transcript;
      this.#parties.clear();
    }
    const pairMasks = task.pairMasks.map(({ survivors, ...dropped }) => ({
      ...dropped,
      survivors: survivors.map((party) => this.#known(party)),
    }));
    return { ...task, pairMasks };
  }

  #known(party: Party): Party {
    const name = hex(party.publicKey);
    const known = this.#parties.get(name);
    if (known !== undefined && known.index === party.index && equal(known.id, party.id)) return known;
    this.#parties.set(name, party);
    return party;
  }
}
