/**
 * The laws of a {@link RequestHandler}: what stands behind a transport, such as `federatedServer`.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { RequestHandler } from '../protocol/exchange.ts';
import { decodeResponse, encodeRequest } from '../protocol/client-message.ts';
import type { Request } from '../protocol/message.ts';
import { seededRng } from '../random.ts';
import { sameBits } from './bits.ts';
import { ensure, type Law } from './law.ts';

/** How a handler is tried. */
export interface HandlerSetup {
  /** A fresh handler; called once a law. */
  create(): RequestHandler | Promise<RequestHandler>;
  /** Awaited after a law. */
  close?(handler: RequestHandler): Promise<void> | void;
}

const DIGEST = new Uint8Array(32);
const REQUESTS: readonly Request[] = [
  { kind: 'join' },
  { kind: 'model', digest: DIGEST, offset: 0 },
  { kind: 'model', digest: DIGEST, offset: Number.MAX_SAFE_INTEGER },
  { kind: 'report', ticket: 1, bytes: new Uint8Array(100) },
  { kind: 'report', ticket: Number.MAX_SAFE_INTEGER, bytes: new Uint8Array(0) },
  { kind: 'exchange', ticket: 1 },
  { kind: 'exchange', ticket: 1, message: new Uint8Array(100) },
  { kind: 'outcome', ticket: 1 },
  { kind: 'leave', ticket: 0 },
  { kind: 'terms' },
  { kind: 'published' },
  { kind: 'decline', ticket: 0, reason: 'error' },
];

/** Every request has a response, whoever sends it and however often; hostile bytes are refused by it, and nothing rejects. */
export function handlerLaws(setup: HandlerSetup): Law[] {
  checkOptions('handlerLaws', setup, { create: true, close: true } satisfies OptionNames<typeof setup>);
  const opened = async (run: (handler: RequestHandler) => Promise<void>): Promise<void> => {
    const handler = await setup.create();
    try {
      await run(handler);
    } finally {
      await setup.close?.(handler);
    }
  };
  /** The response, which must be one. */
  const ask = async (handler: RequestHandler, client: string, request: Uint8Array) =>
    decodeResponse(await handler.handle(client, request));
  return [
    {
      name: 'every request has a response of its kind, from clients known and unknown',
      run: () =>
        opened(async (handler) => {
          const answers: Record<Request['kind'], readonly string[]> = {
            join: ['wait', 'task', 'closed', 'refused'],
            model: ['part', 'refused'],
            report: ['accepted', 'late', 'wait', 'refused'],
            exchange: ['message', 'wait', 'finished', 'late', 'refused'],
            leave: ['left', 'refused'],
            outcome: ['wait', 'finished', 'late', 'refused'],
            terms: ['terms', 'refused'],
            decline: ['left', 'refused'],
            published: ['published', 'refused'],
          };
          for (const client of ['a', 'ünïcode ≤ 𝔸', 'a']) {
            for (const request of REQUESTS) {
              const { kind } = await ask(handler, client, encodeRequest(request));
              ensure(answers[request.kind].includes(kind), `an answer to ${request.kind}, got ${kind}`);
            }
          }
        }),
    },
    {
      name: 'hostile bytes are refused by a response',
      run: () =>
        opened(async (handler) => {
          const rng = seededRng('hostile');
          for (let trial = 0; trial < 300; trial++) {
            const whole = encodeRequest(REQUESTS[rng.below(REQUESTS.length)]);
            const request =
              trial % 3 === 0
                ? rng.fill(new Uint8Array(rng.below(60)))
                : trial % 3 === 1
                  ? whole.subarray(0, rng.below(whole.length))
                  : whole;
            if (trial % 3 === 2) request[rng.below(request.length)] ^= 1 + rng.below(255);
            await ask(handler, `client ${trial % 7}`, request);
          }
          const truncated = encodeRequest({ kind: 'leave', ticket: 1 }).subarray(0, -1);
          const { kind } = await ask(handler, 'a', truncated);
          ensure(kind === 'refused', 'a truncated request to be refused');
        }),
    },
    {
      name: 'a name that is none is refused by a response',
      run: () =>
        opened(async (handler) => {
          for (const client of ['', 'x'.repeat(10_000), undefined as unknown as string]) {
            const { kind } = await ask(handler, client, encodeRequest({ kind: 'join' }));
            ensure(kind === 'refused', 'a refusal');
          }
        }),
    },
    {
      name: 'a request that is repeated has the same effect once: its answer does not change',
      run: () =>
        opened(async (handler) => {
          for (const request of REQUESTS.filter(({ kind }) => kind !== 'join')) {
            const bytes = encodeRequest(request);
            const first = await handler.handle('a', bytes.slice());
            for (let again = 0; again < 3; again++) {
              const next = await handler.handle('a', bytes.slice());
              ensure(sameBits(new Uint8Array(next), new Uint8Array(first)), `the same answer to ${request.kind} again`);
            }
          }
        }),
    },
    {
      name: 'memory is not kept: a transport may write to a request once it is answered, and to the answer',
      run: () =>
        opened(async (handler) => {
          for (const request of REQUESTS) {
            const bytes = encodeRequest(request);
            const before = bytes.slice();
            const response = await handler.handle('b', bytes);
            ensure(sameBits(bytes, before), 'the request left as it was');
            bytes.fill(0xff);
            const copy = new Uint8Array(response);
            const again = await handler.handle('b', before.slice());
            ensure(sameBits(new Uint8Array(response), copy), 'an answer that later requests leave alone');
            decodeResponse(again);
          }
        }),
    },
    {
      name: 'requests at once are all answered',
      run: () =>
        opened(async (handler) => {
          const asked = Array.from({ length: 60 }, (_, i) =>
            ask(handler, `client ${i % 9}`, encodeRequest(REQUESTS[i % REQUESTS.length])),
          );
          ensure((await Promise.all(asked)).length === 60, 'sixty answers');
        }),
    },
  ];
}
