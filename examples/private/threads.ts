/**
 * Worker threads that hold the users, over one copy of the digits.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { ClientId } from '@fedkit/core';
import type { Mnist } from '../data/mnist.ts';
import type { Mail, RoundAnswers, RoundOrder, RoundStart } from './clients.ts';
import { type Experiment, type FederationKind, users } from './experiment.ts';

/** What a thread starts with; the digits lie in shared memory. */
export interface ThreadData {
  readonly experiment: Experiment;
  readonly data: Mnist;
}

/** What a thread is asked. */
export type ThreadRequest =
  | { readonly kind: 'evaluate'; readonly params: Float32Array; readonly from: number; readonly to: number }
  | { readonly kind: 'start'; readonly federation: FederationKind; readonly order: RoundOrder }
  | { readonly kind: 'deliver'; readonly federation: FederationKind; readonly mail: readonly Mail[] };

/** What a model does on the test digits. */
export interface Evaluation {
  readonly accuracy: number;
  readonly loss: number;
}

/** All users of the federation, wherever they live. */
export interface Population {
  start(federation: FederationKind, order: RoundOrder): Promise<RoundStart>;
  deliver(federation: FederationKind, mail: readonly Mail[]): Promise<RoundAnswers>;
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
    return worker;
  });
  const homes = new Map<ClientId, number>(users.map((user, i) => [user, i % count]));
  const living = <T>(items: readonly T[], clientOf: (item: T) => ClientId, thread: number) =>
    items.filter((item) => homes.get(clientOf(item)) === thread);
  const sumOf = <T extends RoundAnswers>(parts: readonly T[]) => ({
    mail: parts.flatMap(({ mail }) => mail),
    seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
  });
  return {
    async start(federation, order) {
      const parts = await Promise.all(
        threads.map((worker, i) =>
          ask<RoundStart>(worker, {
            kind: 'start',
            federation,
            order: { ...order, clients: living(order.clients, (client) => client, i) },
          }),
        ),
      );
      const trueUpdate = parts.find((part) => part.trueUpdate)?.trueUpdate;
      return { ...sumOf(parts), ...(trueUpdate && { trueUpdate }) };
    },
    async deliver(federation, mail) {
      const parts = await Promise.all(
        threads.map((worker, i) =>
          ask<RoundAnswers>(worker, { kind: 'deliver', federation, mail: living(mail, ([client]) => client, i) }),
        ),
      );
      return sumOf(parts);
    },
    async evaluate(params) {
      const examples = data.data.test.labels.length;
      const parts = await Promise.all(
        threads.map(async (worker, i) => {
          const [from, to] = [i, i + 1].map((part) => Math.floor((part * examples) / count));
          const { accuracy, loss } = await ask<Evaluation>(worker, { kind: 'evaluate', params, from, to });
          return { accuracy: (accuracy * (to - from)) / examples, loss: (loss * (to - from)) / examples };
        }),
      );
      return {
        accuracy: parts.reduce((sum, part) => sum + part.accuracy, 0),
        loss: parts.reduce((sum, part) => sum + part.loss, 0),
      };
    },
    async close() {
      await Promise.all(threads.map((worker) => worker.terminate()));
    },
  };
}

/** One request, one answer: a thread is never asked twice at once. */
function ask<T>(worker: Worker, request: ThreadRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('message', (reply: { result: T } | { error: unknown }) => {
      if ('error' in reply) reject(reply.error);
      else resolve(reply.result);
    });
    worker.postMessage(request);
  });
}
