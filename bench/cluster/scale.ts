/**
 * A million virtual clients in one process: each a name until it is drawn, its data made when it is asked, its state on the disk.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clientStates,
  type Examples,
  fileStore,
  plainTrainer,
  scaffold,
  seededRng,
  softmaxRegression,
} from '@fedkit/core';
import { simulate } from '@fedkit/core/simulation';

/** What a simulation took. */
export interface Scale {
  readonly clients: number;
  readonly cohort: number;
  readonly rounds: number;
  readonly parameters: number;
  /** Bytes: the process before there was any client, and at its largest. */
  readonly before: number;
  readonly most: number;
  readonly seconds: number;
  /** Clients whose control variates are on the disk. */
  readonly touched: number;
  readonly accuracy: number;
}

const model = softmaxRegression({ inputs: 100, classes: 10 });

/** A client's own twenty points: of its name alone, so that nothing is kept of it. */
function pointsOf(name: string, count = 20): Examples & { readonly labels: Uint8Array } {
  const rng = seededRng(`points of ${name}`);
  const labels = Uint8Array.from({ length: count }, () => rng.below(10));
  const inputs = new Float32Array(100 * count);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 100; k++) inputs[100 * i + k] = rng.uniform() + (k % 10 === labels[i] ? 0.3 : 0);
  }
  return { inputs, labels };
}

/** SCAFFOLD, whose clients keep a control variate, over `clients` of whom `cohort` take part in a round. */
export async function scale(clients: number, cohort: number, rounds: number): Promise<Scale> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-scale-'));
  const before = process.memoryUsage.rss();
  const started = performance.now();
  try {
    const algorithm = scaffold();
    const ids = Array.from({ length: clients }, (_, i) => `client ${i}`);
    const owner = { kind: algorithm.kind, model: model.layout.digest() };
    const { params } = await simulate({
      algorithm,
      clients: { ids, trainer: (client) => plainTrainer(model, pointsOf(client)) },
      clientStates: clientStates(fileStore(fs, folder), owner),
      local: { epochs: 1, batchSize: 10, learningRate: 0.1 },
      initial: new Float32Array(model.layout.size),
      cohort,
      rounds,
      seed: 1,
    });
    return {
      clients,
      cohort,
      rounds,
      parameters: model.layout.size,
      before,
      most: 1024 * process.resourceUsage().maxRSS,
      seconds: (performance.now() - started) / 1000,
      touched: readdirSync(folder).length,
      accuracy: model.evaluate(params, pointsOf('nobody', 1000)).accuracy,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
