/**
 * Secure aggregation whose sums are seen as they are opened: integers, before anything is decoded from them.
 *
 * @module
 */
import type { SecureAggregation } from '@fedkit/core';
import type { Persist, SecureServer, SecureSums } from '@fedkit/core/secure';
import type { VirtualClock } from '@fedkit/core/transport/memory';

/** What the servers of one run opened, whichever of its lives a server is in. */
export class OpenedSums {
  /** By round. */
  readonly sums: Map<number, SecureSums['sums']> = new Map();
  readonly #rounds = new Map<string, number>();

  /**
   * `aggregation`, watched. Unmasking takes real time, in which the clock is held; not while the server saves itself on a disk
   * that takes the clock's.
   */
  watch(aggregation: SecureAggregation, clock: VirtualClock): SecureAggregation {
    return {
      ...aggregation,
      configure: (round) => {
        const configuration = aggregation.configure(round);
        this.#rounds.set(configuration.join(), round.round);
        return configuration;
      },
      server: (options) => {
        const round = this.#rounds.get(options.configuration.join()) as number;
        let release = () => {};
        const persist: Persist = async (state) => {
          release();
          await options.persist(state);
          release = clock.hold();
        };
        return new Proxy(aggregation.server({ ...options, persist }), {
          get: (server, name: keyof SecureServer) => {
            if (name === 'advance') {
              return async () => {
                release = clock.hold();
                await server.advance().finally(() => release());
              };
            }
            if (name === 'result') {
              return () => {
                const result = server.result();
                this.sums.set(round, result.sums);
                return result;
              };
            }
            const value = server[name];
            return typeof value === 'function' ? value.bind(server) : value;
          },
        });
      },
    };
  }
}
