/**
 * Worker threads that train clients and measure models, over one copy of the digits.
 *
 * @module
 */
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { type Port, portEngine } from '@fedkit/core/simulation';
import { bundle } from '../bundle.ts';
import type { Mnist } from '../data/mnist.ts';
import { CENTRALIZED, type CentralEngine, clientIds, type Experiment, type MnistEngine, model } from './experiment.ts';

/** What a model does on the test digits. */
export interface Evaluation {
  readonly accuracy: number;
  readonly loss: number;
}

/** Digits [from, to) of the test set, and what to measure on them. */
export interface EvaluationTask {
  readonly params: Float32Array;
  readonly from: number;
  readonly to: number;
}

/** What a thread starts with; the digits lie in shared memory. */
export interface ThreadData {
  readonly experiment: Experiment;
  readonly data: Mnist;
  readonly clients: Port;
  readonly central: Port;
  readonly evaluations: Port;
}

/** Threads for one experiment. */
export interface Threads {
  readonly engine: MnistEngine;
  readonly central: CentralEngine;
  readonly evaluate: (params: Float32Array) => Promise<Evaluation>;
  close(): Promise<void>;
}

/** Parts of the test set, always the same, so that sums of losses do not depend on the number of threads. */
const PARTS = 10;

const ENTRY = join(import.meta.dirname, 'thread.ts');

/** This side's end of a channel. */
const near = ({ port1 }: MessageChannel) => port1 as unknown as Port;

/** @param onDeath - Told why a thread is no more. */
export function startThreads(
  experiment: Experiment,
  data: Mnist,
  count: number,
  onDeath: (reason: unknown) => void,
): Threads {
  const started = Array.from({ length: count }, () => {
    const clients = new MessageChannel();
    const central = new MessageChannel();
    const evaluations = new MessageChannel();
    const worker = new Worker(bundle(ENTRY), {
      workerData: {
        experiment,
        data,
        clients: clients.port2,
        central: central.port2,
        evaluations: evaluations.port2,
      },
      transferList: [clients.port2, central.port2, evaluations.port2],
      execArgv: [],
    });
    worker.on('error', onDeath);
    return { worker, clients: near(clients), central: near(central), evaluations: near(evaluations) };
  });
  return {
    engine: portEngine(
      started.map(({ clients }) => clients),
      { clients: clientIds, layout: model.layout },
    ),
    central: portEngine(
      started.map(({ central }) => central),
      { clients: [CENTRALIZED], layout: model.layout },
    ),
    async evaluate(params) {
      const examples = data.test.labels.length;
      const cut = (part: number) => Math.floor((part * examples) / PARTS);
      const tasks = Array.from({ length: PARTS }, (_, part) => ({ params, from: cut(part), to: cut(part + 1) }));
      const results: Evaluation[] = [];
      let next = 0;
      const ask = async ({ evaluations: port }: { evaluations: Port }) => {
        while (next < tasks.length) {
          const part = next++;
          results[part] = await new Promise((resolve) => {
            port.onmessage = (event) => resolve(event.data as Evaluation);
            port.postMessage(tasks[part] satisfies EvaluationTask);
          });
        }
      };
      await Promise.all(started.map(ask));
      const mean = (value: (result: Evaluation) => number) =>
        results.reduce((sum, result, part) => sum + value(result) * (tasks[part].to - tasks[part].from), 0) / examples;
      return { accuracy: mean(({ accuracy }) => accuracy), loss: mean(({ loss }) => loss) };
    },
    async close() {
      await Promise.all(started.map(({ worker }) => worker.terminate()));
    },
  };
}
