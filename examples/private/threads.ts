/**
 * Worker threads that hold the users, over one copy of the digits.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { ClientId } from '@fedkit/core';
import type { Mnist } from '../data/mnist.ts';
import type { Answer, Mail, RoundOrder } from './clients.ts';
import { type Experiment, type FederationKind, users } from './experiment.ts';

/** What a thread starts with; the digits lie in shared memory. */
export interface ThreadData {
  readonly experiment: Experiment;
  readonly data: Mnist;
}

/** What a thread is asked. */
export type ThreadRequest =
  | { readonly kind: 'evaluate'; readonly params: Float32Array; readonly from: number; readonly to: number }
  | { readonly kind: 'open'; readonly federation: FederationKind; readonly order: RoundOrder }
  | { readonly kind: 'start'; readonly federation: FederationKind; readonly client: ClientId }
  | { readonly kind: 'deliver'; readonly federation: FederationKind; readonly mail: Mail };

/** What a model does on the test digits. */
export interface Evaluation {
  readonly accuracy: number;
  readonly loss: number;
}

/**
 * All users of the federation, wherever they live. They are asked all at once and each answer is handed to `take` when it
 * comes, so that the server is at work while others still are.
 */
export interface Population {
  open(federation: FederationKind, order: RoundOrder): Promise<void>;
  start(
    federation: FederationKind,
    clients: readonly ClientId[],
    take: (answer: Answer) => Promise<void>,
  ): Promise<void>;
  deliver(federation: FederationKind, mail: readonly Mail[], take: (answer: Answer) => Promise<void>): Promise<void>;
  evaluate(params: Float32Array): Promise<Evaluation>;
  close(): Promise<void>;
}

/** @param onDeath - Told why a thread is no more. */
export function startThreads(data: ThreadData, count: number, onDeath: (reason: unknown) => void): Population {
  const threads = Array.from({ length: count }, () => {
    const worker = new Worker(new URL('./thread.mjs', import.meta.url), {
      workerData: data,
      execArgv: ['--conditions=@fedkit/source'],
    });
    worker.on('error', onDeath);
    return asking(worker);
  });
  const homes = new Map<ClientId, Thread>(users.map((user, i) => [user, threads[i % count]]));
  const ask = (client: ClientId, request: ThreadRequest) => (homes.get(client) as Thread).ask<Answer>(request);
  return {
    async open(federation, order) {
      await Promise.all(threads.map((thread) => thread.ask({ kind: 'open', federation, order })));
    },
    async start(federation, clients, take) {
      await Promise.all(clients.map((client) => ask(client, { kind: 'start', federation, client }).then(take)));
    },
    async deliver(federation, letters, take) {
      await Promise.all(letters.map((mail) => ask(mail[0], { kind: 'deliver', federation, mail }).then(take)));
    },
    async evaluate(params) {
      const examples = data.data.test.labels.length;
      const parts = await Promise.all(
        threads.map(async (thread, i) => {
          const [from, to] = [i, i + 1].map((part) => Math.floor((part * examples) / count));
          const { accuracy, loss } = await thread.ask<Evaluation>({ kind: 'evaluate', params, from, to });
          return { accuracy: (accuracy * (to - from)) / examples, loss: (loss * (to - from)) / examples };
        }),
      );
      return {
        accuracy: parts.reduce((sum, part) => sum + part.accuracy, 0),
        loss: parts.reduce((sum, part) => sum + part.loss, 0),
      };
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}

interface Thread {
  ask<T>(request: ThreadRequest): Promise<T>;
  terminate(): Promise<unknown>;
}

/** A thread answers in the order in which it was asked. */
function asking(worker: Worker): Thread {
  const waiting: { resolve: (result: never) => void; reject: (error: unknown) => void }[] = [];
  worker.on('message', (reply: { result: never } | { error: unknown }) => {
    const asked = waiting.shift();
    if ('error' in reply) asked?.reject(reply.error);
    else asked?.resolve(reply.result);
  });
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(request);
      }),
    terminate: () => worker.terminate(),
  };
}
