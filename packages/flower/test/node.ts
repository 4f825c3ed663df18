// A node on a scripted link, and the records that it is sent: what tests of the node are made of.
import { memoryStore, plainTrainer, softmaxRegression } from '@fedkit/core';
import { onTestFinished } from 'vitest';
import type { FakeLink } from './fake-link.ts';
import { bytesOf, vectors } from './vectors.ts';
import { type FlowerArray, flowerArray, makeArray } from '../src/array/flower-array.ts';
import type { ArrayRecord, FlowerRecords, Values } from '../src/array/records.ts';
import { makeObject } from '../src/object/object.ts';
import type { FlowerNodeOptions, FlowerNodeProgress } from '../src/node/contract.ts';
import { flowerNode } from '../src/node/flower-node.ts';

export const model = softmaxRegression({ inputs: 2, classes: 2 });
export const examples = { inputs: Float32Array.of(4, 3, 1, 5, 2, 3, 6, 1), labels: Uint8Array.of(0, 1, 1, 0) };
export const { layout } = model;
export const local = { steps: 2, batchSize: 'all', learningRate: 0.5 } as const;
export const weights = () => Float32Array.from({ length: layout.size }, (_, i) => i / 8);

export function start(link: FakeLink, options: Partial<FlowerNodeOptions> = {}) {
  const controller = new AbortController();
  const events: FlowerNodeProgress[] = [];
  const ended = flowerNode({
    url: 'http://127.0.0.1:8000',
    trainer: plainTrainer(model, examples),
    local: () => local,
    evaluate: (params) => ({ examples: 4, metrics: { eval_acc: model.evaluate(params, examples).accuracy } }),
    store: memoryStore(),
    fetch: link.fetch,
    pollInterval: 1,
    signal: controller.signal,
    onProgress: (event) => events.push(event),
    ...options,
  })
    .run()
    .catch((error: unknown) => error);
  const stop = () => controller.abort();
  onTestFinished(stop);
  const until = async (kind: FlowerNodeProgress['kind']) => {
    while (!events.some((event) => event.kind === kind)) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { events, ended, stop, until };
}

export async function arrayRecord(extra: readonly [string, FlowerArray][] = []): Promise<ArrayRecord> {
  const values = weights();
  const own: [string, FlowerArray][] = [];
  for (const { name, shape } of layout.tensors) own.push([name, await makeArray(layout.view(values, name), shape)]);
  return { kind: 'arrays', arrays: new Map([...own.reverse(), ...extra]) };
}

export const train = async (
  config: Values = {},
  extra: readonly [string, FlowerArray][] = [],
): Promise<FlowerRecords> => ({
  arrays: await arrayRecord(extra),
  config: { kind: 'config', values: config },
});

export async function fromVector(name: string): Promise<FlowerArray> {
  const { dtype, shape, file } = vectors.npy.find((one) => one.name === name) as (typeof vectors.npy)[number];
  const chunk = await makeObject('ArrayChunk', [], bytesOf(file));
  const body = JSON.stringify({ dtype, shape, stype: 'numpy.ndarray', arraychunk_ids: [0] });
  return flowerArray(await makeObject('Array', [chunk], new TextEncoder().encode(body)));
}

export const arraysOf = (records: FlowerRecords = {}) => (records.arrays as ArrayRecord).arrays;
