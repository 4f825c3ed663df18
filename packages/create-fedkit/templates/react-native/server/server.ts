// The server: it sees updates, never examples. Kill it at any point, and start it again on the same folder.
import * as fs from 'node:fs/promises';
import { federatedServer, fedAvg, fileStore, plainUpdates, secureRng, seededRng } from '@fedkit/core';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { serve } from '@fedkit/core/transport/node';
import { model } from '../src/model.ts';
import { userOf } from './tokens.ts';

export interface ServerOptions {
  /** Where the run is kept. */
  readonly folder: string;
  /** Signs the tokens. */
  readonly secret: string;
  readonly port?: number;
  readonly host?: string;
  /** Milliseconds after which phones that wait ask again. */
  readonly retryAfter?: number;
}

export async function startServer({ folder, secret, port = 0, host = '127.0.0.1', retryAfter = 5000 }: ServerOptions) {
  const federation = await federatedServer({
    pipeline: plainUpdates({ algorithm: fedAvg(), layout: model.layout }),
    initial: model.init(seededRng('the first model')),
    cohort: 3, // phones in a round
    minimum: 3,
    rounds: 5,
    retryAfter,
    deadlines: { recruiting: 60_000, reporting: 600_000 },
    store: fileStore(fs, folder),
    clock: Date.now,
    rng: secureRng(),
  });
  const handler = fetchHandler(federation, { authenticate: (request) => userOf(request, secret) });
  const listening = await serve(handler, { port, host });
  const timer = setInterval(() => void federation.tick().catch(console.error), 500);
  return {
    federation,
    url: `${listening.url}/fedkit`,
    async close() {
      clearInterval(timer);
      await listening.close({ grace: 1000 });
      await federation.close({ grace: 1000 });
    },
  };
}
