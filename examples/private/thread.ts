// What runs on each thread: users of both federations, and measurements of models.
import { parentPort, workerData } from 'node:worker_threads';
import { Clients } from './clients.ts';
import { devicesOf, type FederationKind, model } from './experiment.ts';
import { sharingProvider } from './sharing-provider.ts';
import type { ThreadData, ThreadRequest } from './threads.ts';

const { experiment, data, register, agreements } = workerData as ThreadData;
const provider = sharingProvider(agreements);
const federations: Partial<Record<FederationKind, Clients>> = {};

// One after another: the answers leave in the order of the requests.
let last: Promise<unknown> = Promise.resolve();
parentPort?.on('message', (request: ThreadRequest) => {
  last = last
    .then(() => answer(request))
    .then(
      (result) => parentPort?.postMessage({ result }),
      (error: unknown) => parentPort?.postMessage({ error }),
    );
});

async function answer(request: ThreadRequest): Promise<unknown> {
  if (request.kind === 'evaluate') {
    const { params, from, to } = request;
    const rows = Uint32Array.from({ length: to - from }, (_, i) => from + i);
    return model.evaluate(params, { ...data.test, rows });
  }
  federations[request.federation] ??= new Clients(
    devicesOf(request.federation, experiment, { data, register, provider }),
  );
  const clients = federations[request.federation] as Clients;
  if (request.kind === 'open') return clients.open(request.order);
  return request.kind === 'start' ? clients.start(request.client) : clients.deliver(request.mail);
}
