/**
 * Secure aggregation whose sums are seen as they are opened: integers, before anything is decoded from them.
 *
 * @module
 */
import type { SecureAggregation, SecureServer, SecureSums } from '@fedkit/core';

/** `aggregation`, and by round the sums that its servers opened. */
export function watchSums(aggregation: SecureAggregation, sums: Map<number, SecureSums['sums']>): SecureAggregation {
  const rounds = new Map<string, number>();
  return {
    ...aggregation,
    configure(round) {
      const configuration = aggregation.configure(round);
      rounds.set(configuration.join(), round.round);
      return configuration;
    },
    server(options) {
      const round = rounds.get(options.configuration.join()) as number;
      return new Proxy(aggregation.server(options), {
        get(server, name: keyof SecureServer) {
          const value = server[name];
          if (name === 'result') {
            return () => {
              const result = server.result();
              sums.set(round, result.sums);
              return result;
            };
          }
          return typeof value === 'function' ? value.bind(server) : value;
        },
      });
    },
  };
}
