/**
 * What all of a client stands on: its server, its clock, its randomness and whoever listens.
 *
 * @module
 */
import { heard } from '../heard.ts';
import type { SecureRng } from '../random.ts';
import { secureRng } from '../random.ts';
import type { Exchange } from '../protocol/exchange.ts';
import type { Request, Response } from '../protocol/message.ts';
import { type Clock, systemClock } from '../protocol/clock.ts';
import { ask } from './asking.ts';
import type { ClientProgress } from './progress.ts';

/** What a client does not do itself. */
export interface Surroundings<B> {
  /** The function that was called for a client: errors name it. */
  readonly where: string;
  readonly clock: Clock;
  readonly rng: SecureRng;
  /** Asks the server, with a request or the bytes of one. */
  readonly ask: (request: Request | Uint8Array) => Promise<Response>;
  readonly tell: (event: ClientProgress<B>) => void;
}

const wallClock: Clock = { ...systemClock, now: () => Date.now() };

/** The surroundings that a client's options name. */
export function surroundingsOf<B>(
  where: string,
  options: {
    readonly exchange: Exchange;
    readonly clock?: Clock;
    readonly rng?: SecureRng;
    readonly signal?: AbortSignal;
    readonly onProgress?: (event: ClientProgress<B>) => void;
  },
): Surroundings<B> {
  const tell = heard(options.onProgress);
  return {
    where,
    clock: options.clock ?? wallClock,
    rng: options.rng ?? secureRng(),
    ask: (request) =>
      ask(where, options, request, (error, milliseconds) => tell({ kind: 'retrying', error, milliseconds })),
    tell,
  };
}
