/**
 * The server of secure aggregation, as pipelines drive it.
 *
 * @module
 */
import type { Blame, Persist, SecureServer } from '@fedkit/core/secure';
import type { RoundConfig } from '../config/round-config.ts';
import { SecAggServer } from '../server/server.ts';
import type { SecureAggregationOptions } from './options.ts';

/** Where a server's state is kept, and what it was. */
export interface Opening {
  readonly persist: Persist;
  readonly saved?: Uint8Array;
}

export function secureServer(
  options: SecureAggregationOptions,
  config: RoundConfig,
  { persist, saved }: Opening,
): SecureServer {
  const { sealingKey, directory, executor, provider } = options;
  const parts = {
    config,
    persist,
    sealingKey,
    ...(directory !== undefined && { directory }),
    ...(executor !== undefined && { executor }),
    ...(provider !== undefined && { provider }),
  };
  const server = saved === undefined ? new SecAggServer(parts) : SecAggServer.restore({ ...parts, sealedState: saved });
  return {
    get stage() {
      return server.stage;
    },
    get waitingFor() {
      return server.waitingFor;
    },
    awaits: (client) => server.awaits(client),
    get ready() {
      return server.ready;
    },
    get opening() {
      // Once this stage ends clients are asked to release shares, or to sign for whom they will.
      return server.stage === 'input';
    },
    get contributors() {
      return server.contributors;
    },
    get finished() {
      return server.stage === 'finished';
    },
    receive: (client, message) => server.receive(client, message),
    leave: (client) => server.leave(client),
    advance: async () => void (await server.advance()),
    messageFor: (client) => server.messageFor(client),
    result: () => server.result(),
    askOpenings: () => (server.openingsKept ? new Map() : server.askOpenings()),
    keepOpenings: () => server.keepOpenings(),
    get blamed() {
      const found = server.verdicts.flatMap(({ dealer, holder, verdict }): Blame[] => {
        if (verdict === 'undecided') return [];
        return [{ client: verdict === 'dealer' ? dealer : holder, as: verdict }];
      });
      return found.filter(({ client }, i) => found.findIndex((one) => one.client === client) === i);
    },
  };
}
