import { afterEach, describe, expect, it, vi } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { softmaxRegression } from '../client/mlp.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import type { Trainer } from '../client/trainer.ts';
import { type ClientEngine, inlineEngine } from './engine.ts';
import { portEngine, servePort } from './ports.ts';
import { simulate } from './simulate.ts';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const trainer = plainTrainer(model, { inputs: Float32Array.of(0, 1, 1, 0, 2, 1), labels: Uint8Array.of(0, 1, 1) });
const initial = new Float32Array(model.layout.size);
const algorithm = fedAvg();
const base = { algorithm, initial, seed: 5, cohort: 4, rounds: 3 };
const local = { epochs: 2, batchSize: 1, learningRate: 0.1 };
type FedAvgEngine = ClientEngine<{ params: Float32Array }, Record<string, never>, { update: Float32Array }>;

const open: MessageChannel[] = [];
afterEach(() => {
  for (const { port1 } of open.splice(0)) port1.close();
});

/** A port engine whose `threads` all live here. */
function ported(threads: number, clients: readonly Trainer[], wrap = (engine: FedAvgEngine) => engine): FedAvgEngine {
  const ports = Array.from({ length: threads }, () => {
    const channel = new MessageChannel();
    open.push(channel);
    servePort(channel.port2, wrap(inlineEngine({ algorithm, clients, local, seed: base.seed })));
    return channel.port1;
  });
  return portEngine(ports, { clients: clients.map((_, i) => String(i)), layout: model.layout });
}

const clients = Array.from({ length: 6 }, () => trainer);

describe('portEngine', () => {
  it('gives the bytes of the inline engine, with any number of threads', async () => {
    const { params } = await simulate({ ...base, clients, local });
    for (const threads of [1, 2, 5]) {
      expect((await simulate({ ...base, engine: ported(threads, clients) })).params).toEqual(params);
    }
  });

  it('brings errors back as they are', async () => {
    const nan = { ...trainer, train: async () => ({ values: initial.map(() => Number.NaN), steps: 1, examples: 1 }) };
    const engine = ported(2, [trainer, trainer, nan, trainer]);
    await expect(simulate({ ...base, engine })).rejects.toMatchObject({
      name: 'FedkitError',
      code: 'OUT_OF_RANGE',
      details: { round: 1, client: '2' },
    });
    const broken = { ...trainer, train: () => Promise.reject(new TypeError('a bug')) };
    await expect(simulate({ ...base, engine: ported(1, Array(4).fill(broken)) })).rejects.toThrow('a bug');
  });

  it('stops the threads when aborted, and does not wait for one that is dead', async () => {
    const controller = new AbortController();
    const stopped: boolean[] = [];
    const slow = (engine: FedAvgEngine): FedAvgEngine => ({
      ...engine,
      run: (_, signal) =>
        new Promise((__, reject) => {
          signal?.addEventListener('abort', () => {
            stopped.push(true);
            reject(new Error('stopped'));
          });
        }),
    });
    setTimeout(() => controller.abort(), 20);
    const running = simulate({ ...base, engine: ported(2, clients, slow), signal: controller.signal });
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    await vi.waitFor(() => expect(stopped).toEqual([true, true]), { timeout: 60_000 });
    const dead = portEngine(
      [new MessageChannel().port1].map((port) => (open.push({ port1: port } as MessageChannel), port)),
      {
        clients: ['a'],
      },
    );
    const never = dead.run({ client: 'a', round: 1, broadcast: {} }, AbortSignal.timeout(20));
    await expect(never).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('ignores what an aborted task answers late, and runs the next', async () => {
    const engine = ported(1, clients);
    const controller = new AbortController();
    const task = { client: '1', round: 1, broadcast: { params: initial } };
    const first = engine.run(task, controller.signal);
    controller.abort();
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    const second = await engine.run({ ...task, client: '2' });
    expect(second).toEqual(await inlineEngine({ algorithm, clients, local, seed: 5 }).run({ ...task, client: '2' }));
  });

  it('refuses no ports, and more tasks than ports', async () => {
    expect(() => portEngine([], { clients: ['a'] })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const engine = ported(1, clients);
    const task = { client: '1', round: 1, broadcast: { params: initial } };
    const first = engine.run(task);
    await expect(engine.run(task)).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    await first;
  });
});
