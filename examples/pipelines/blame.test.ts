// Who is proved to cheat in a secure sum is recorded, told, and takes part no more: after a restart too.
import {
  type Exchange,
  FedkitError,
  fedAvg,
  federatedClient,
  federatedServer,
  memoryStore,
  plainTrainer,
  type RequestHandler,
  secureRng,
  secureSum,
  seededRng,
  softmaxRegression,
  type Store,
} from '@fedkit/core';
import { decodeRequest, encodeRequest } from '@fedkit/core/protocol';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { wrapped } from '@fedkit/compression';
import { secureAggregation } from '@fedkit/secagg';
import { describe, expect, it } from 'vitest';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const names = Array.from({ length: 10 }, (_, i) => `c${i}`);
/** What answers an unmasking request (docs/secagg-protocol.md): its type, the header before the body, one share in it. */
const UNMASK_RESPONSE = 10;
const [HEADER, DIGESTS, SHARE] = [32, 36, 36];

const pipelineOf = (key: number) =>
  secureSum({
    algorithm: fedAvg(),
    layout: model.layout,
    codec: wrapped({ bits: 16, spread: 4 }),
    wrapProbability: 1e-4,
    maximumWeight: 10,
    minimumContributors: 5,
    aggregation: secureAggregation({
      sealingKey: new Uint8Array(32).fill(key),
      corruptFraction: 0.1,
      dropoutFraction: 0.4,
      mode: 'semi-honest',
      graph: 'complete',
    }),
  });

/** An exchange of a client that releases another share of the first dealer than it was dealt. */
function lying(exchange: Exchange): Exchange {
  return (bytes, how) => {
    const request = decodeRequest(bytes);
    if (request.kind !== 'exchange' || request.message?.[4] !== UNMASK_RESPONSE) return exchange(bytes, how);
    const message = request.message.slice();
    message[HEADER + DIGESTS + Math.ceil((names.length - 1) / 8) + SHARE - 8] ^= 1;
    return exchange(encodeRequest({ ...request, message }), how);
  };
}

const serverOf = (store: Store, refused: string[], advanced: (stage: string) => void = () => {}) =>
  federatedServer({
    pipeline: pipelineOf(1),
    initial: model.init(seededRng(1)),
    store,
    cohort: 9,
    population: 9,
    minimum: 5,
    rounds: 3,
    retryAfter: 5,
    // Rounds open once nine wait, and stages end once all have answered, however slow the machine.
    deadlines: { recruiting: 60_000, stage: 60_000 },
    clock: () => performance.now(),
    rng: secureRng(),
    onEvent(event) {
      if (event.kind === 'refused') refused.push(`${event.client} ${event.code}`);
      if (event.kind === 'advanced') advanced(event.stage);
    },
  });

/** A client of whichever server there is; `c3` lies. */
const clientOf = (server: () => RequestHandler, name: string, i: number) => {
  const exchange = memoryTransport({ handle: (id, request) => server().handle(id, request) }, name);
  return federatedClient({
    id: name,
    pipeline: pipelineOf(10 + i),
    trainer: plainTrainer(model, { inputs: Float32Array.of(3, 1, 1, 2), labels: Uint8Array.of(1, 0) }),
    local: () => ({ epochs: 1, batchSize: 2, learningRate: 0.1 }),
    exchange: name === 'c3' ? lying(exchange) : exchange,
    store: memoryStore(),
  });
};

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('verdicts of blame', () => {
  it('exclude who is proved to cheat', async () => {
    const store = memoryStore();
    const refused: string[] = [];
    let server = await serverOf(store, refused);
    // The first round is of nine, the liar among them.
    const running = names.slice(0, 9).map((name, i) =>
      clientOf(() => server, name, i)
        .run()
        .catch(() => {}),
    );
    while (server.progress.published < 1) {
      await server.tick();
      await pause();
    }
    const [first] = await server.records();
    expect(first.facts.blamed).toEqual([{ client: 'c3', as: 'holder' }]);
    expect(first.contributors).toHaveLength(9);
    expect(server.progress.excluded).toEqual([{ client: 'c3', as: 'holder', round: 1 }]);

    // Another server of the same store knows it too.
    const older = server;
    server = await serverOf(store, refused);
    await older.close();
    expect(server.progress.excluded).toEqual([{ client: 'c3', as: 'holder', round: 1 }]);
    const last = clientOf(() => server, 'c9', 9)
      .run()
      .catch(() => {});
    while (server.progress.published < 2) {
      await server.tick();
      await pause();
    }
    const [second] = await server.records(1);
    expect(second.contributors).not.toContain('c3');
    expect(second.facts.blamed).toBeUndefined();

    // The operator may let it in again.
    await server.readmit('c3');
    expect(server.progress.excluded).toEqual([]);
    await server.cancel();
    await Promise.all([...running, last]);
    expect(refused).toContain('c3 AUTHENTICATION_FAILED');
    expect(refused.filter((entry) => !entry.startsWith('c3 '))).toEqual([]);
    await server.close();
  });

  // Once it asks, and once it has stored what it was told.
  it.each(['asks', 'was told'])('are not forgotten where a server that %s is replaced by another', async (when) => {
    const kept = memoryStore();
    let stopped = false;
    let saves = 0;
    const never = new Promise<never>(() => {});
    /** The store of the first server, which stands still for good. */
    const store: Store = {
      ...kept,
      async put(key, bytes) {
        if (stopped) return never;
        await kept.put(key, bytes);
        // The stages of a semi-honest round, then what was opened.
        if (key.startsWith('round/exchange/') && ++saves === 5) stopped = when === 'was told';
      },
      create: (key, bytes) => (stopped ? never : kept.create(key, bytes)),
    };
    let server = await serverOf(store, [], (stage) => {
      if (stage.endsWith('openings') && when === 'asks') stopped = true;
    });
    const first = server;
    let lose = (_error: Error): void => {};
    const lost = new Promise<never>((_, reject) => (lose = reject));
    lost.catch(() => {});
    const handler: RequestHandler = {
      handle(id, request) {
        const answer = server.handle(id, request);
        return server === first ? Promise.race([answer, lost]) : answer;
      },
    };
    const running = names.slice(0, 9).map((name, i) =>
      clientOf(() => handler, name, i)
        .run()
        .catch(() => {}),
    );
    while (!stopped) {
      void server.tick();
      await pause();
    }
    server = await serverOf(kept, []);
    lose(new FedkitError('UNAVAILABLE', 'test: the first server is gone'));
    while (server.progress.published < 1) {
      await server.tick();
      await pause();
    }
    const [record] = await server.records();
    expect(record.facts.blamed).toEqual([{ client: 'c3', as: 'holder' }]);
    expect(server.progress.excluded).toEqual([{ client: 'c3', as: 'holder', round: 1 }]);
    await server.cancel();
    await Promise.all(running);
    await server.close();
  });
});
