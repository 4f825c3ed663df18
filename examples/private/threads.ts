/**
 * Worker threads that hold the users, over one copy of the digits.
 *
 * @module
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ClientId } from '@fedkit/core';
import { bundle } from '../bundle.ts';
import type { Mnist } from '../data/mnist.ts';
import { agreementMemory } from './agreement-table.ts';
import type { Answer, Mail, RoundOrder } from './clients.ts';
import { type Experiment, type FederationKind, type Register, users } from './experiment.ts';

/** What a thread starts with; digits and agreements lie in shared memory. */
export interface ThreadData {
  readonly experiment: Experiment;
  readonly data: Mnist;
  readonly register: Register;
  readonly agreements: SharedArrayBuffer;
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

const ENTRY = join(import.meta.dirname, 'thread.ts');

/** @param onDeath - Told why a thread is no more. */
export function startThreads(
  data: Omit<ThreadData, 'agreements'>,
  count: number,
  onDeath: (reason: unknown) => void,
): Population {
  const workerData: ThreadData = { ...data, agreements: agreementMemory() };
  const threads = Array.from({ length: count }, () => {
    const worker = new Worker(bundle(ENTRY), {
      workerData,
      execArgv: [],
      // A round leaves a hundred megabytes of short-lived messages and keys.
      resourceLimits: { maxYoungGenerationSizeMb: 96 },
    });
    worker.on('error', onDeath);
    return asking(worker);
  });
  const numbers = new Map(users.map((user, i) => [user, i]));
  const homes = new Map<ClientId, Thread>();
  const ask = (client: ClientId, request: ThreadRequest) => (homes.get(client) as Thread).ask<Answer>(request);
  return {
    async open(federation, order) {
      await Promise.all(threads.map((thread) => thread.ask({ kind: 'open', federation, order })));
    },
    async start(federation, clients, take) {
      // Everyone on the thread that knows it already, as far as all have the same work.
      const loads = threads.map(() => 0);
      const most = Math.ceil(clients.length / count);
      for (const client of clients) {
        let home = (numbers.get(client) as number) % count;
        while (loads[home] === most) home = (home + 1) % count;
        loads[home]++;
        homes.set(client, threads[home]);
      }
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
