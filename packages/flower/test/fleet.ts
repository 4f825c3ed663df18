// A server, a fleet around it, and nodes: what tests of the fleet are made of.
import {
  fedAvg,
  type FederatedServer,
  federatedServer,
  memoryStore,
  plainTrainer,
  plainUpdates,
  secureRng,
  seededRng,
  softmaxRegression,
  type Store,
} from '@fedkit/core';
import { onTestFinished } from 'vitest';
import { webCryptoKeys } from '../src/key/node-key.ts';
import type { FlowerNodeOptions, FlowerNodeProgress } from '../src/node/contract.ts';
import { FleetClient } from '../src/node/fleet-client.ts';
import { flowerNode } from '../src/node/flower-node.ts';
import { encodeMessage } from '../src/proto/encode.ts';
import type { FleetEvent, FlowerFleetOptions } from '../src/fleet/contract.ts';
import { flowerFleet } from '../src/fleet/flower-fleet.ts';

export const model = softmaxRegression({ inputs: 2, classes: 2 });
export const { layout } = model;
export const examplesOf = (i: number) => {
  const rng = seededRng(`points ${i}`);
  const inputs = Float32Array.from({ length: 8 + 2 * i }, () => 8 * rng.uniform());
  return { inputs, labels: Uint8Array.from({ length: 4 + i }, (_, k) => (inputs[2 * k] < inputs[2 * k + 1] ? 1 : 0)) };
};
export const local = { steps: 2, batchSize: 'all', learningRate: 0.5 } as const;
export const app = { bytes: Uint8Array.of(1, 2, 3), id: 'fedkit/points', version: '1.0.0' };

export const pipeline = plainUpdates({ algorithm: fedAvg(), layout });
export type Options = FlowerFleetOptions<never, never, never, never, never>;

export async function serverOf(
  cohort: number,
  rounds: number,
  store: Store = memoryStore(),
  through: unknown = pipeline,
) {
  const server = await federatedServer({
    pipeline: through as typeof pipeline,
    initial: new Float32Array(layout.size),
    cohort,
    rounds,
    store,
    retryAfter: 2,
    clock: () => Date.now(),
    rng: secureRng(),
  });
  const timer = setInterval(() => void server.tick().catch(() => {}), 20);
  onTestFinished(() => clearInterval(timer));
  return server;
}

export async function fleetOf(server: FederatedServer<never>, options: Partial<Options> = {}) {
  const events: FleetEvent[] = [];
  const fleet = await flowerFleet(server, {
    pipeline: pipeline as never,
    app,
    selfRegistration: true,
    onEvent: (event) => void events.push(event),
    ...(options as object),
  });
  return { fleet, events, fetch: (url: string, init: RequestInit) => fleet(new Request(url, init)) };
}

export function nodeOf(
  fetch: NonNullable<FlowerNodeOptions['fetch']>,
  i: number,
  options: Partial<FlowerNodeOptions> = {},
) {
  const controller = new AbortController();
  const events: FlowerNodeProgress[] = [];
  const ended = flowerNode({
    url: 'http://localhost',
    trainer: plainTrainer(model, examplesOf(i)),
    local: () => local,
    store: memoryStore(),
    fetch,
    pollInterval: 2,
    signal: controller.signal,
    onProgress: (event) => events.push(event),
    ...options,
  })
    .run()
    .catch((error: unknown) => error);
  const stop = async () => {
    controller.abort();
    await ended;
  };
  onTestFinished(stop);
  return { ended, stop, events };
}

/** A node by hand. */
export async function callerOf(fetch: NonNullable<FlowerNodeOptions['fetch']>, at = Date.now()) {
  const key = await webCryptoKeys().generate();
  const client = new FleetClient({
    url: 'http://localhost',
    key,
    fetch,
    rng: secureRng(),
    maximumAnswer: 1e7,
    timeout: 1e4,
    now: () => at,
    onRetry: () => {},
  });
  const publicKey = client.pem;
  const call = <Q extends object, A extends object>(...[to, request]: Parameters<typeof client.call<Q, A>>) =>
    client.once(to, encodeMessage(to.request, request));
  return { key, client, publicKey, call };
}

/** Lets timers come: in Chromium neither a signature nor a body that is there already takes a turn of the event loop. */
export const pause = () => new Promise((resolve) => setTimeout(resolve, 1));

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause();
}
