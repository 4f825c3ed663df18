/**
 * The laws of a transport: both ends, with a server's handler behind them.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { ClientId } from '../aggregate/contract.ts';
import type { Exchange, RequestHandler } from '../protocol/exchange.ts';
import { seededRng } from '../random.ts';
import { sameBits } from './bits.ts';
import { ensure, ensureRejected, type Law } from './law.ts';

/** A transport, ready to carry requests. */
export interface Connection {
  /** `client`'s end, authenticated as that client. */
  exchange(client: ClientId): Exchange | Promise<Exchange>;
  /** Takes both ends down. */
  close?(): Promise<void> | void;
}

/** How a transport is tried. */
export interface ExchangeSetup {
  /** Brings requests to `handler`. Called once a law; its connection is closed after. */
  connect(handler: RequestHandler): Connection | Promise<Connection>;
  /** Lengths of requests and responses to try, in bytes; default 0, 1, 1,000, 70,000 and 300,000. */
  readonly lengths?: readonly number[];
  /** A request longer than the server's end takes; without one that law is left out. */
  readonly tooLong?: number;
  /** Whether a handler that rejects reaches its client as `UNAVAILABLE` soon; default true. With retries, let them be few. */
  readonly reportsFailures?: boolean;
}

const bytes = (length: number, seed: string | number): Uint8Array => seededRng(seed).fill(new Uint8Array(length));

/**
 * Requests and responses arrive as they were sent, each at its own client, under the name that was authenticated; what fails
 * has a name. A transport may repeat requests: the laws do not count them.
 */
export function exchangeLaws(setup: ExchangeSetup): Law[] {
  checkOptions('exchangeLaws', setup, {
    connect: true,
    lengths: true,
    tooLong: true,
    reportsFailures: true,
  } satisfies OptionNames<typeof setup>);
  const { lengths = [0, 1, 1000, 70_000, 300_000], reportsFailures = true, tooLong } = setup;
  const connected = async (handler: RequestHandler, run: (connection: Connection) => Promise<void>): Promise<void> => {
    const connection = await setup.connect(handler);
    try {
      await run(connection);
    } finally {
      await connection.close?.();
    }
  };
  const laws: Law[] = [
    {
      name: 'requests and responses of any length arrive as they were sent',
      run: () => {
        const seen: Uint8Array[] = [];
        const handle = async (_client: ClientId, request: Uint8Array) => {
          seen.push(new Uint8Array(request));
          return bytes(request.length, 'response');
        };
        return connected({ handle }, async (connection) => {
          const exchange = await connection.exchange('a');
          for (const length of lengths) {
            const request = bytes(length, length);
            const response = await exchange(request);
            ensure(sameBits(new Uint8Array(response), bytes(length, 'response')), `a response of ${length} bytes`);
            ensure(sameBits(seen[seen.length - 1], request), `a request of ${length} bytes`);
            ensure(sameBits(request, bytes(length, length)), 'the request left as it was');
          }
        });
      },
    },
    {
      name: 'the handler is told who asks, and each client has its own answer',
      run: () =>
        connected(
          {
            handle: async (client, request) => {
              // The later a request comes, the earlier its answer.
              await new Promise((resolve) => setTimeout(resolve, 20 - request[0]));
              return new Uint8Array([...Array.from(client, (letter) => letter.charCodeAt(0)), request[0]]);
            },
          },
          async (connection) => {
            const clients = ['a', 'b', 'c', 'd', 'e'];
            const ends = await Promise.all(clients.map(async (client) => connection.exchange(client)));
            const answers = await Promise.all(
              ends.flatMap((exchange, i) => [0, 1, 2].map((k) => exchange(Uint8Array.of(3 * i + k)))),
            );
            answers.forEach((answer, i) => {
              const [letter, number] = answer;
              ensure(String.fromCharCode(letter) === clients[Math.floor(i / 3)], `request ${i} to be its client's`);
              ensure(number === i, `the answer to request ${i}, got that to ${number}`);
            });
          },
        ),
    },
    {
      name: 'memory is not shared: either side may write to its bytes once a call has returned',
      run: () => {
        let kept = new Uint8Array(0);
        const answer = bytes(100, 'answer');
        const handle = async (_client: ClientId, request: Uint8Array) => {
          kept = new Uint8Array(request);
          return answer;
        };
        return connected({ handle }, async (connection) => {
          const exchange = await connection.exchange('a');
          const request = bytes(100, 'request');
          const asked = exchange(request);
          const response = await asked;
          request.fill(0);
          ensure(sameBits(kept, bytes(100, 'request')), 'the request as it was sent');
          response.fill(0);
          ensure(sameBits(answer, bytes(100, 'answer')), "the handler's own bytes untouched");
        });
      },
    },
    {
      name: 'an aborted request rejects with ABORTED, before it is sent and while it is under way',
      run: () => {
        let begun = () => {};
        const beginning = new Promise<void>((resolve) => {
          begun = resolve;
        });
        // Answered in the end, so that one that cannot be aborted fails instead of waiting.
        const handle = () =>
          new Promise<Uint8Array>((resolve) => {
            begun();
            setTimeout(() => resolve(Uint8Array.of(1)), 500);
          });
        return connected({ handle }, async (connection) => {
          const exchange = await connection.exchange('a');
          const leaving = new AbortController();
          const asked = exchange(Uint8Array.of(2), { signal: leaving.signal });
          asked.catch(() => undefined);
          await Promise.race([beginning, asked.catch(() => undefined)]);
          leaving.abort();
          await ensureRejected('a request under way', ['ABORTED'], () => asked);
          await ensureRejected('a request after the abort', ['ABORTED'], () =>
            exchange(Uint8Array.of(1), { signal: leaving.signal }),
          );
        });
      },
    },
    {
      name: 'a server at fault is UNAVAILABLE, and its reasons stay with it',
      run: () => {
        if (!reportsFailures) return;
        const handle = () => Promise.reject(new Error('secret 4711'));
        return connected({ handle }, async (connection) => {
          const exchange = await connection.exchange('a');
          const failure = await exchange(Uint8Array.of(1)).then(
            () => undefined,
            (error: unknown) => error as Error,
          );
          await ensureRejected('a handler that rejects', ['UNAVAILABLE'], () => Promise.reject(failure));
          ensure(!(failure?.message ?? '').includes('4711'), 'a message without what the server threw');
        });
      },
    },
  ];
  if (tooLong === undefined) return laws;
  return [
    ...laws,
    {
      name: 'a request that the server never takes is OUT_OF_RANGE',
      run: () =>
        connected({ handle: async () => new Uint8Array(0) }, async (connection) => {
          const exchange = await connection.exchange('a');
          await ensureRejected(`a request of ${tooLong} bytes`, ['OUT_OF_RANGE'], () => exchange(bytes(tooLong, 0)));
        }),
    },
  ];
}
