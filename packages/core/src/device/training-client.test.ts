import { describe, expect, it } from 'vitest';
import { coarse, ScriptedServer } from '../../test/device/scripted-server.ts';
import { ScriptedSum } from '../../test/device/scripted-sum.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { FedkitError } from '../errors.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import type { LocalResult } from '../client/trainer.ts';
import type { Exchange } from '../protocol/exchange.ts';
import type { Response, RoundTask } from '../protocol/message.ts';
import { memoryStore } from '../store/memory-store.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import type { TrainingClient } from './contract.ts';
import { federatedClient } from './federated-client.ts';
import { trainingClient } from './training-client.ts';

const SIZE = 2;

async function untilClosed(client: TrainingClient<unknown>): Promise<void> {
  while ((await client.step()).next !== 'closed');
}

/** What a server of two tickets has, and a client's store, after one client of each kind has stepped in turn. */
async function federation(makers: readonly (typeof federatedClient | typeof trainingClient)[]) {
  const server = new ScriptedServer(coarse(scaffold(), SIZE), new Float32Array(SIZE), 1, 3);
  const store = memoryStore();
  const options = {
    id: 'a',
    pipeline: server.pipeline,
    trainer: quadraticTrainer(Float32Array.of(8, 16), 1),
    local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }) as const,
    exchange: memoryTransport(server, 'a'),
    store,
    clock: virtualClock(),
  };
  let state: unknown;
  for (let step = 0, next = ''; next !== 'closed'; step++) {
    // Each step by a client that has just started, of the next kind.
    const client = (makers[step % makers.length] as typeof federatedClient)(options);
    ({ next } = await client.step());
    state = await client.state();
  }
  return { outcomes: [...server.outcomes.values()], state, record: await store.get('client/a') };
}

describe('trainingClient', () => {
  it('does what federatedClient does, from the same record', async () => {
    const whole = await federation([federatedClient]);
    expect(whole.outcomes.length).toBe(3);
    expect(whole.state).toBeDefined();
    expect(await federation([trainingClient])).toEqual(whole);
    expect(await federation([trainingClient, federatedClient])).toEqual(whole);
  });

  it('has no models for its application', () => {
    const pipeline = coarse(fedAvg(), SIZE);
    const client = trainingClient({
      id: 'a',
      pipeline,
      trainer: quadraticTrainer(Float32Array.of(8, 16), 1),
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }),
      exchange: () => Promise.reject(new Error('not asked')),
      store: memoryStore(),
    });
    expect('model' in client || 'watch' in client).toBe(false);
    // @ts-expect-error Only federatedClient has them.
    expect(client.model).toBeUndefined();
  });

  it('refuses a secure sum by name, and to compile', () => {
    const { pipeline } = new ScriptedSum();
    const options = {
      id: 'a',
      trainer: quadraticTrainer(new Float32Array(pipeline.size), 1),
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }) as const,
      exchange: () => Promise.reject(new Error('not asked')),
      store: memoryStore(),
    };
    // @ts-expect-error A pipeline under secure aggregation.
    expect(() => trainingClient({ ...options, pipeline })).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/^trainingClient: pipeline: .*federatedClient takes part in secure sums/),
      }),
    );
  });

  it('names itself where its options are wrong', () => {
    expect(() => trainingClient({} as never)).toThrow(/^trainingClient: id: /);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('of the listener');
      },
    ],
    ['rejects', (): unknown => Promise.reject(new Error('of the listener'))],
  ])('does the same where whoever listens %s', async (_, onProgress) => {
    const pipeline = coarse(fedAvg(), SIZE);
    const server = new ScriptedServer(pipeline, new Float32Array(SIZE), 1, 1);
    const client = trainingClient({
      id: 'a',
      pipeline,
      trainer: quadraticTrainer(Float32Array.of(8, 16), 1),
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }),
      exchange: async (request, options) => {
        options?.onFailure?.(new FedkitError('UNAVAILABLE', 'not yet'), 0);
        return memoryTransport(server, 'a')(request, options);
      },
      store: memoryStore(),
      clock: virtualClock(),
      onProgress,
    });
    await untilClosed(client);
    expect([...server.outcomes.values()]).toEqual(['accepted']);
  });

  it('ends with its run', async () => {
    const pipeline = coarse(fedAvg(), SIZE);
    const server = new ScriptedServer(pipeline, new Float32Array(SIZE), 1, 1);
    const client = trainingClient({
      id: 'a',
      pipeline,
      trainer: quadraticTrainer(Float32Array.of(8, 16), 1),
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }),
      exchange: memoryTransport(server, 'a'),
      store: memoryStore(),
      clock: virtualClock(),
    });
    await untilClosed(client);
    expect([...server.outcomes.values()]).toEqual(['accepted']);
  });
});

describe('what goes wrong while a client runs names the function that was called', () => {
  const changedTask = (change: Partial<RoundTask>) => (response: Response) =>
    response.kind === 'task' ? ({ kind: 'task', task: { ...response.task, ...change } } as const) : response;
  const changedModel = (response: Response) =>
    response.kind === 'part' ? { ...response, bytes: response.bytes.map((byte) => byte ^ 1) } : response;
  const result = (change: object) => async () =>
    ({ values: new Float32Array(SIZE), steps: 1, examples: 1, ...change }) as LocalResult;

  const FAULTS: readonly [string, { readonly change?: (response: Response) => Response; readonly options?: object }][] =
    [
      [': pipeline: expected', { change: changedTask({ pipelineDigest: new Uint8Array(32) }) }],
      [': task: modelLength: expected', { change: changedTask({ modelLength: 1e9 }) }],
      [
        ': task: modelLength (its option maximumModelBytes): expected',
        { change: changedTask({ modelLength: 9 }), options: { maximumModelBytes: 8 } },
      ],
      [': model: expected', { change: changedModel }],
      [': local: expected', { options: { local: async () => ({}) } }],
      [': trainer.train: what it resolves with: expected', { options: { train: async () => undefined } }],
      [': trainer.train: steps', { options: { train: result({ steps: 0.5 }) } }],
      [': trainer: examples: expected', { options: { train: result({ examples: 0 }) } }],
      [': exchange: what it resolves with: expected', { options: { exchange: async () => 'text' } }],
      [': expected a response, got other bytes', { options: { exchange: async () => new Uint8Array(9) } }],
      [': expected an answer to the request', { change: () => ({ kind: 'left', ticket: 1 }) }],
      [': aborted', { options: { signal: AbortSignal.abort() } }],
      [': record: expected', { options: { stored: Uint8Array.of(0x66, 0x6b, 0x63) } }],
    ];

  it.each(
    [federatedClient, trainingClient].flatMap((maker) =>
      FAULTS.map(([text, fault]) => ({ name: maker.name, text, maker: maker as typeof federatedClient, fault })),
    ),
  )('$name $text', async ({ name, text, maker, fault: { change, options } }) => {
    const server = new ScriptedServer(coarse(fedAvg(), SIZE), new Float32Array(SIZE), 1, 1);
    if (change) server.intercept = (client, request) => change(server.answer(client, request));
    const { train, stored, ...others } = (options ?? {}) as {
      readonly train?: () => Promise<LocalResult>;
      readonly stored?: Uint8Array;
      readonly exchange?: Exchange;
    };
    const store = memoryStore();
    if (stored) await store.put('client/a', stored);
    const trainer = quadraticTrainer(Float32Array.of(8, 16), 1);
    const messages: string[] = [];
    const client = maker({
      id: 'a',
      pipeline: server.pipeline,
      trainer: { ...trainer, ...(train && { train }) },
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }),
      exchange: memoryTransport(server, 'a'),
      store,
      clock: virtualClock(),
      onProgress: (event) => 'error' in event && messages.push(event.error.message),
      ...others,
    });
    for (let step = 0; step < 6 && messages.length === 0; step++) {
      await client.step().catch((error: Error) => messages.push(error.message));
    }
    expect(messages[0]?.slice(0, name.length + text.length)).toBe(name + text);
  });
});
