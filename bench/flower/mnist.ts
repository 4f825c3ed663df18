/**
 * One softmax regression on MNIST under Flower's FedAvg: nodes of NumPy alone, and half of them of TypeScript; once with PyTorch in
 * NumPy's place. Same digits, same settings; what differs are the order of each epoch and who computes.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRng, softmaxRegression } from '@fedkit/core';
import { dirichletPartition } from '@fedkit/core/simulation';
import { readMnist } from '../../examples/data/mnist.ts';
import { Flwr } from '../../packages/flower/test/flwr/processes.ts';

const NODES = 4;
const SETTINGS = { rounds: 3, nodes: NODES, batch: 32, lr: 0.05 };
const root = join(import.meta.dirname, '../..');
const model = softmaxRegression({ inputs: 784, classes: 10 });

/** Test accuracies of one kind of federation by seed. */
export interface Accuracies {
  readonly nodes: string;
  readonly accuracies: readonly number[];
}

/** How far two kinds are apart, in standard errors of the difference of their means. */
export function apart(one: Accuracies, other: Accuracies): { difference: number; error: number } {
  const [a, b] = [one, other].map(({ accuracies }) => {
    const mean = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
    const variance = accuracies.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (accuracies.length - 1);
    return { mean, squared: variance / accuracies.length };
  });
  return { difference: a.mean - b.mean, error: Math.sqrt(a.squared + b.squared) };
}

/** Runs all of them. @param torch - An environment that has PyTorch too, or `undefined` to leave that out. */
export async function mnist(
  environment: string,
  torch: string | undefined,
  seeds: readonly number[],
): Promise<Accuracies[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-bench-mnist-'));
  try {
    writeDigits(folder, seeds);
    const kinds: Accuracies[] = [];
    kinds.push(await federation(environment, folder, 'numpy', 0, seeds));
    kinds.push(await federation(environment, folder, 'numpy', 2, seeds));
    if (torch !== undefined) kinds.push(await federation(torch, folder, 'torch', 2, seeds.slice(0, 1)));
    return kinds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The digits as bytes, and for each seed who has which: labels by Dirichlet(0.5). */
function writeDigits(folder: string, seeds: readonly number[]): void {
  const { inputs, labels } = readMnist().train;
  writeFileSync(
    join(folder, 'pixels.u8'),
    Uint8Array.from(inputs, (pixel) => Math.round(255 * pixel)),
  );
  writeFileSync(join(folder, 'labels.u8'), Uint8Array.from(labels as Uint8Array));
  for (const seed of seeds) {
    const rng = seededRng(`mnist ${seed}`);
    const shares = dirichletPartition(labels as Uint8Array, { clients: NODES, alpha: 0.5, minimumExamples: 1000 }, rng);
    writeFileSync(join(folder, `partition-${seed}.json`), JSON.stringify(shares.map((rows) => [...rows])));
  }
}

async function federation(
  environment: string,
  data: string,
  engine: 'numpy' | 'torch',
  ours: number,
  seeds: readonly number[],
): Promise<Accuracies> {
  const flwr = new Flwr(environment, mkdtempSync(join(data, 'flwr-')));
  const nodes = `${NODES - ours} of ${engine === 'torch' ? 'PyTorch' : 'NumPy'}${ours > 0 ? `, ${ours} of TypeScript` : ''}`;
  try {
    const { port } = await flwr.superlink();
    for (let partition = 0; partition < NODES; partition++) {
      if (partition < NODES - ours) await flwr.supernode(port, partition, ['--insecure'], { data });
      else {
        const script = join(import.meta.dirname, 'mnist-node.ts');
        const words = ['--import', 'tsx', '--conditions=@fedkit/source', script];
        flwr.start(process.execPath, [...words, `http://127.0.0.1:${port}`, data, `${partition}`], {}, root);
      }
    }
    const accuracies: number[] = [];
    for (const seed of seeds) {
      const accuracy = await oneRun(flwr, port, { ...SETTINGS, engine, seed });
      console.log(`${nodes}, seed ${seed}: ${(100 * accuracy).toFixed(2)} %`);
      accuracies.push(accuracy);
    }
    return { nodes, accuracies };
  } catch (error) {
    process.stderr.write(flwr.outputs());
    throw error;
  } finally {
    await flwr.stop();
  }
}

async function oneRun(flwr: Flwr, port: number, config: Readonly<Record<string, string | number>>): Promise<number> {
  const app = join(import.meta.dirname, 'mnist');
  const run = await flwr.run<{ answered: number[]; arrays: Record<string, number[]> }>(app, port, config);
  if (run.answered.some((count) => count !== NODES)) throw new Error(`answered: ${run.answered.join(' ')}`);
  const params = new Float32Array(model.layout.size);
  for (const { name } of model.layout.tensors) model.layout.view(params, name).set(run.arrays[name]);
  return model.evaluate(params, readMnist().test).accuracy;
}
