// What runs on each thread: clients of the experiment, and measurements of models.
import { workerData } from 'node:worker_threads';
import { servePort } from '@fedkit/core/simulation';
import { centralEngine, mnistEngine, model } from './experiment.ts';
import type { EvaluationTask, ThreadData } from './threads.ts';

const { experiment, data, clients, central, evaluations } = workerData as ThreadData;

servePort(clients, mnistEngine(experiment, data));
servePort(central, centralEngine(experiment, data));

evaluations.onmessage = (event) => {
  const { params, from, to } = event.data as EvaluationTask;
  const rows = Uint32Array.from({ length: to - from }, (_, i) => from + i);
  evaluations.postMessage(model.evaluate(params, { ...data.test, rows }));
};
