/**
 * The way down of a simulation: the server publishes compressed updates, and a client fetches those that it missed.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { ServerAlgorithm } from '../algorithm/contract.ts';
import { checkVector, refuse } from '../check.ts';
import type { CodecContext } from '../codec/contract.ts';
import { decodeState, encodeState, type StateOwner } from '../model/state-file.ts';
import type { PlainData } from '../plain-data.ts';
import type { SeededRng } from '../random.ts';
import { rawBytes } from './raw-bytes.ts';

/** What a server publishes by: a `downlink` of `@fedkit/compression`, or anything that does as much. */
export interface SimulatedDownlink {
  /** Updates published so far. */
  readonly version: number;
  /** Encodes an update of the model, shape [d]; `update` is what clients decode, and what becomes of the server's model too. */
  publish(update: Float32Array, context: CodecContext): { readonly update: Float32Array };
  /** Everything since a version, for one client; `undefined` where it is too far behind. */
  catchUp(since: number): Uint8Array | undefined;
  /** All of it, for a checkpoint. */
  serialize(): Uint8Array;
}

/** Where the way down stands between two rounds. */
export interface DownlinkStanding {
  /** As {@link SimulatedDownlink.serialize} gave it. */
  readonly published: Uint8Array;
  /** The version that each client has which ever took part. */
  readonly versions: ReadonlyMap<ClientId, number>;
}

/** A simulation's way down. */
export interface OpenDownlink<S, B> {
  /**
   * Bytes that each client of a cohort fetches: the model for who never had it or is too far behind, a catch-up for the others, nothing
   * for who has the newest; and what the broadcast holds beside the model. From now on they have the newest.
   */
  fetch(cohort: readonly ClientId[], broadcast: B): Map<ClientId, number>;
  /** The state that clients know of: its model is that before the round and the published update. */
  publish(before: S, after: S, rng: SeededRng): S;
  standing(): DownlinkStanding;
}

/**
 * @param options.make - Gives a new one, or of what `serialize` gave the same again.
 * @param options.from - Of a checkpoint.
 */
export function openDownlink<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData>({
  algorithm,
  make,
  from,
  owner,
}: {
  algorithm: ServerAlgorithm<S, B, U, R>;
  make: (saved?: Uint8Array) => SimulatedDownlink;
  from?: DownlinkStanding;
  owner: StateOwner;
}): OpenDownlink<S, B> {
  const down = from ? make(from.published) : make();
  const versions = new Map<ClientId, number>(from?.versions);
  return {
    fetch(cohort, broadcast) {
      const [all, model] = [rawBytes(broadcast), modelOf(broadcast).byteLength];
      const missed = new Map<number, number>();
      const bytesSince = (since: number): number => {
        const known = missed.get(since);
        if (known !== undefined) return known;
        const bytes = since === down.version ? 0 : Math.min(model, down.catchUp(since)?.length ?? model);
        missed.set(since, bytes);
        return bytes;
      };
      return new Map(
        cohort.map((client) => {
          const since = versions.get(client);
          versions.set(client, down.version);
          return [client, all - model + (since === undefined ? model : bytesSince(since))];
        }),
      );
    },

    publish(before, after, rng) {
      // A state of its own: what the algorithm gave may share memory with others.
      const state = decodeState(encodeState(after, owner), owner) as S;
      const [old, params] = [algorithm.params(before), algorithm.params(state)];
      if (algorithm.params(state).buffer !== params.buffer) refuseModel(algorithm.kind);
      const { update } = down.publish(
        params.map((value, i) => value - old[i]),
        { sharedSeed: rng.fork('seed').fill(new Uint8Array(32)), rng: rng.fork('rounding') },
      );
      checkVector('simulate: downlink: update', update, old.length);
      params.set(old.map((value, i) => value + update[i]));
      return state;
    },

    standing: () => ({ published: down.serialize(), versions }),
  };

  function modelOf(broadcast: B): Float32Array {
    const { params } = broadcast as { readonly params?: unknown };
    return params instanceof Float32Array ? params : refuseModel(algorithm.kind);
  }
}

function refuseModel(kind: string): never {
  return refuse(
    'INVALID_ARGUMENT',
    'simulate: downlink',
    'an algorithm whose state and broadcast hold one model',
    kind,
  );
}
