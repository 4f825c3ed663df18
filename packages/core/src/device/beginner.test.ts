// Mistakes of a first day, made where only a run shows them: each ends in an error that names the option, the value and the remedy.
import { describe, expect, it } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedProx } from '../algorithm/fed-prox.ts';
import { mlp, softmaxRegression } from '../client/mlp.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import type { LocalResult, Trainer } from '../client/trainer.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import type { Exchange } from '../protocol/exchange.ts';
import { seededRng } from '../random.ts';
import { federatedServer } from '../round/server.ts';
import { memoryStore } from '../store/memory-store.ts';
import { fetchExchange } from '../transport/fetch/exchange.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import type { FederatedClientOptions } from './contract.ts';
import { federatedClient } from './federated-client.ts';
import type { ClientProgress } from './progress.ts';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const examples = { inputs: Float32Array.of(3, 1, 1, 2), labels: Uint8Array.of(1, 0) };
const honest = { epochs: 1, batchSize: 2, learningRate: 0.1 } as const;
type Options = FederatedClientOptions<never, never, never>;

async function setUp() {
  const clock = virtualClock();
  const pipeline = plainUpdates({ algorithm: fedAvg(), layout: model.layout });
  const server = await federatedServer({
    pipeline,
    initial: new Float32Array(model.layout.size),
    store: memoryStore(),
    cohort: 1,
    rounds: 1,
    clock: () => clock.now(),
    rng: seededRng(1),
  });
  const events: ClientProgress<unknown>[] = [];
  const options = {
    id: 'a',
    pipeline,
    trainer: plainTrainer(model, examples),
    local: () => honest,
    exchange: memoryTransport(server, 'a'),
    store: memoryStore(),
    clock,
    rng: seededRng(2),
    onProgress: (event: ClientProgress<unknown>) => void events.push(event),
  } as unknown as Options;
  return { clock, server, options, events };
}

const local = (given: unknown) => ({ local: () => given }) as Partial<Options>;
/** A trainer that gives back something else than it should. */
const returning = (change: (result: LocalResult) => unknown): Partial<Options> => {
  const trainer = plainTrainer(model, examples);
  const train: Trainer['train'] = async (...work) => change(await trainer.train(...work)) as LocalResult;
  return { trainer: { ...trainer, train } };
};
const differing = (pipeline: unknown) => ({ pipeline }) as Partial<Options>;
const { layout } = model;
const wide = mlp({ layers: [2, 3, 2] });
const answering =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    Promise.resolve(new Response(status === 204 ? null : 'Not Found', { status, headers }));
const over = (fetch: () => Promise<Response>): Partial<Options> => ({
  exchange: fetchExchange({ url: 'https://example.org/fedkti', fetch: fetch as typeof globalThis.fetch }),
});

const MISTAKES: readonly [string, Partial<Options>, RegExp][] = [
  [
    'epoch for epochs',
    local({ epoch: 1, batchSize: 2, learningRate: 0.1 }),
    /local: expected epochs, got the unknown option epoch/,
  ],
  [
    'epochs and steps',
    local({ ...honest, steps: 3 }),
    /local: options: expected exactly one of epochs and steps, got "both"/,
  ],
  ['neither', local({ batchSize: 2, learningRate: 0.1 }), /local: options: expected exactly one of .*, got "neither"/],
  ['no batch size', local({ epochs: 1, learningRate: 0.1 }), /local: batchSize: expected an integer, got undefined/],
  ['a batch of nothing', local({ ...honest, batchSize: 0 }), /local: batchSize: expected an integer ≥ 1, got 0/],
  ['batchsize', local({ ...honest, batchsize: 2 }), /local: expected batchSize, got the unknown option batchsize/],
  ['no learning rate', local({ epochs: 1, batchSize: 2 }), /local: learningRate: expected a number, got undefined/],
  ['lr', local({ ...honest, lr: 0.1 }), /local: expected one of epochs, .*learningRate.*, got the unknown option lr/],
  ['a rate as text', local({ ...honest, learningRate: '0.1' }), /local: learningRate: expected a number, got "0.1"/],
  [
    'a rate of NaN',
    local({ ...honest, learningRate: NaN }),
    /local: learningRate: expected a finite number > 0, got NaN/,
  ],
  [
    'a negative rate',
    local({ ...honest, learningRate: -1 }),
    /local: learningRate: expected a finite number > 0, got -1/,
  ],
  ['a momentum of 1', local({ ...honest, momentum: 1 }), /local: momentum: expected .*\[0, 1\), got 1/],
  ['no epochs at all', local({ ...honest, epochs: 0 }), /local: epochs: expected a finite number > 0, got 0/],
  [
    'half a step',
    local({ steps: 0.5, batchSize: 2, learningRate: 0.1 }),
    /local: steps: expected an integer ≥ 1, got 0.5/,
  ],
  ['braces without parentheses', local(undefined), /local: options: expected an object such as .*, got undefined/],
  ['an async function', local(Promise.resolve(honest)), /local: expected options at once: not an async function/],
  [
    'nothing returned',
    returning(() => undefined),
    /trainer\.train: what it resolves with: expected \{ values, steps, examples \}/,
  ],
  [
    'plain arrays',
    returning(({ values, ...rest }) => ({ values: [...values], ...rest })),
    /values .*: expected a Float32Array, got an array of 6/,
  ],
  [
    'doubles',
    returning(({ values, ...rest }) => ({ values: Float64Array.from(values), ...rest })),
    /values .*: expected a Float32Array, got Float64Array/,
  ],
  [
    'half a model',
    returning(({ values, ...rest }) => ({ values: values.subarray(3), ...rest })),
    /values .*: expected length 6, got 3/,
  ],
  [
    'no examples',
    returning(({ examples: _examples, ...rest }) => rest),
    /examples \(.*weight.*\): expected an integer, got undefined/,
  ],
  [
    'a part of an example',
    returning((result) => ({ ...result, examples: 1.5 })),
    /examples .*: expected an integer.*, got 1.5/,
  ],
  ['no steps', returning(({ steps: _steps, ...rest }) => rest), /steps .*: expected an integer, got undefined/],
  [
    'a loss as text',
    returning((result) => ({ ...result, lossAtStart: '1' })),
    /lossAtStart: expected a number, got "1"/,
  ],
  [
    'another algorithm',
    differing(plainUpdates({ algorithm: fedProx({ mu: 1 }), layout })),
    /pipeline: .*: expected .* as the server has it, got .*: build both/,
  ],
  [
    'no layout',
    differing(plainUpdates({ algorithm: fedAvg(), size: layout.size })),
    /pipeline: layout: expected given .*, got not given: give both/,
  ],
  [
    'another model',
    { ...differing(plainUpdates({ algorithm: fedAvg(), layout: wide.layout })), trainer: plainTrainer(wide, examples) },
    /pipeline: size: expected 6 as the server has it, got 17: give both pipelines the layout of one model/,
  ],
  [
    'an option of its own',
    differing(plainUpdates({ algorithm: fedAvg(), layout, clientMomentum: 0.5 })),
    /clientMomentum: expected 0 .*, got 0.5: build both/,
  ],
  ['too small a limit', { maximumModelBytes: 10 }, /maximumModelBytes\): expected an integer in \[1, 10\], got/],
  [
    'an exchange of no bytes',
    { exchange: (async () => undefined) as unknown as Exchange },
    /exchange: what it resolves with: expected a Uint8Array, got undefined/,
  ],
  [
    'an exchange of a buffer',
    { exchange: async (bytes) => bytes.buffer as never },
    /exchange: .*: expected a Uint8Array, got a ArrayBuffer/,
  ],
  [
    'a wrong address',
    over(answering(404)),
    /url: expected the address of a fedkit server, its path included, got status 404/,
  ],
  ['a page of its own', over(answering(405)), /url: expected the address of a fedkit server, .* got status 405/],
  [
    'a moved address',
    over(answering(301, { location: 'https://example.org/' })),
    /url: expected the address .*, got status 301/,
  ],
  ['a wrong token', over(answering(401)), /headers: expected credentials that the server knows, got status 401/],
];

describe('a beginner who gives', () => {
  it.each(MISTAKES)('%s hears of it at once', async (_name, change, message) => {
    const { clock, options, events } = await setUp();
    const run = federatedClient({ ...options, ...change }).run();
    await expect(clock.run(run)).rejects.toThrow(message);
    await expect(run).rejects.toMatchObject({ name: 'FedkitError' });
    expect(clock.now()).toBeLessThan(2000);
    // Where the server had given a task, it does not wait for it.
    const tasks = events.filter(({ kind }) => kind === 'joined').length;
    const heard = events.filter((event) => event.kind === 'refused' && event.declined).length;
    expect(heard).toBeGreaterThanOrEqual(tasks);
  });

  it('all of them makes for more than 25', () => {
    expect(MISTAKES.length).toBeGreaterThan(25);
  });
});

describe('what may pass by itself', () => {
  it('does not stop a client, and is told', async () => {
    const { clock, options, events, server } = await setUp();
    let empty = 2;
    const { trainer } = returning((result) => (empty-- > 0 ? { ...result, examples: 0 } : result)) as {
      trainer: Trainer;
    };
    const client = federatedClient({ ...options, trainer });
    await clock.run(client.run());
    expect(server.progress.published).toBe(1);
    expect(events.filter(({ kind }) => kind === 'refused')).toMatchObject([
      { declined: 'no-data' },
      { declined: 'no-data' },
    ]);
    expect(events.some(({ kind }) => kind === 'waiting')).toBe(true);
    const records = await server.records();
    expect(records.map(({ declined }) => declined)).toEqual([{ 'no-data': 1 }, { 'no-data': 1 }, undefined]);
  });

  it('stops it the second time where it is the same', async () => {
    const { clock, options, events } = await setUp();
    const { trainer } = returning((result) => ({ ...result, values: result.values.map(() => NaN) })) as {
      trainer: Trainer;
    };
    const run = federatedClient({ ...options, trainer }).run();
    await expect(clock.run(run)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(run).rejects.toThrow(/refused twice for this reason, and the client has stopped/);
    expect(events.filter(({ kind }) => kind === 'refused')).toMatchObject([
      { declined: 'not-finite' },
      { declined: 'not-finite' },
    ]);
    // It was not asked again at once.
    expect(clock.now()).toBeGreaterThanOrEqual(60_000);
  });

  it('is told try by try, with its cause', async () => {
    const { clock, options, events } = await setUp();
    const { exchange } = options;
    let down = 4;
    const fetching = fetchExchange({
      url: 'https://example.org/fedkit',
      clock,
      rng: seededRng(3),
      fetch: (async (_url, { body }) => {
        if (down-- > 0) throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
        const response = await exchange(body as Uint8Array);
        return new Response(response as Uint8Array<ArrayBuffer>, {
          headers: { 'content-type': 'application/octet-stream' },
        });
      }) as (url: string, init: RequestInit) => Promise<Response>,
    } as Parameters<typeof fetchExchange>[0]);
    await clock.run(federatedClient({ ...options, exchange: fetching }).run());
    const tries = events.flatMap((event) => (event.kind === 'retrying' ? [event.error.message] : []));
    expect(tries).toHaveLength(4);
    for (const message of tries)
      expect(message).toMatch(
        /^fetchExchange: expected a response, got none \((ECONNREFUSED: nothing|server down, no network)/,
      );
  });
});
