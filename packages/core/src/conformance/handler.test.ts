import { describe, expect, it } from 'vitest';
import { SIZE, testOptions } from '../../test/round/federation.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import type { RequestHandler } from '../protocol/exchange.ts';
import { decodeRequest, encodeResponse } from '../protocol/server-message.ts';
import { federatedServer } from '../round/server.ts';
import type { FederatedServer } from '../round/server-options.ts';
import { handlerLaws } from './handler.ts';
import { brokenLaws, checkLaws } from './law.ts';

const close = (handler: RequestHandler) => (handler as FederatedServer<never>).close();

describe('federatedServer', () => {
  checkLaws(it, handlerLaws({ create: () => federatedServer(testOptions()), close }));
});

describe('federatedServer without rounds', () => {
  const create = () => {
    const pipeline = plainUpdates({ algorithm: fedBuff(), size: SIZE });
    return federatedServer({ ...testOptions(), pipeline });
  };
  checkLaws(it, handlerLaws({ create, close }));
});

describe('handlerLaws', () => {
  const wait = encodeResponse({ kind: 'wait', milliseconds: 1 });
  it.each<[string, (request: Uint8Array, count: number) => Uint8Array, string]>([
    ['rejects hostile bytes', (request) => (decodeRequest(request), wait), 'hostile bytes are refused by a response'],
    [
      'answers what was not asked',
      () => wait,
      'every request has a response of its kind, from clients known and unknown',
    ],
    [
      'counts what is repeated',
      (_request, count) => encodeResponse({ kind: 'left', ticket: count }),
      'a request that is repeated has the same effect once: its answer does not change',
    ],
    [
      'writes to the request',
      (request) => {
        request.fill(0);
        return wait;
      },
      'memory is not kept: a transport may write to a request once it is answered, and to the answer',
    ],
  ])('catch one that %s', async (_name, answer, law) => {
    let count = 0;
    const create = (): RequestHandler => ({ handle: async (_client, request) => answer(request, count++) });
    expect((await brokenLaws(handlerLaws({ create }))).map(({ name }) => name)).toContain(law);
  });
});
