import { describe, it } from 'vitest';
import { checkLaws } from '../conformance/law.ts';
import { serverOptimizerLaws } from '../conformance/server-optimizer.ts';
import { Layout } from '../model/layout.ts';
import type { PlainData } from '../plain-data.ts';
import { serverAdagrad } from './adagrad.ts';
import { serverAdam } from './adam.ts';
import type { ServerOptimizer } from './contract.ts';
import { serverMuon } from './muon.ts';
import { serverSgd } from './sgd.ts';
import { serverYogi } from './yogi.ts';

const optimizers: [string, unknown][] = [
  ['serverSgd', serverSgd({ learningRate: 0.5 })],
  ['serverSgd with momentum', serverSgd({ learningRate: 0.5, momentum: 0.9 })],
  ["serverSgd with Nesterov's momentum", serverSgd({ learningRate: 0.5, momentum: 0.9, nesterov: true })],
  ['serverAdam', serverAdam({ learningRate: 0.1 })],
  ['serverAdam with bias correction', serverAdam({ learningRate: 0.1, biasCorrection: true })],
  ['serverYogi', serverYogi({ learningRate: 0.1 })],
  ['serverAdagrad', serverAdagrad({ learningRate: 0.1 })],
  ...(['flower', 'tff'] as const).flatMap((variant): [string, unknown][] => [
    [`serverAdam as ${variant}`, serverAdam({ variant, learningRate: 0.1 })],
    [`serverYogi as ${variant}`, serverYogi({ variant, learningRate: 0.1 })],
    [`serverAdagrad as ${variant}`, serverAdagrad({ variant, learningRate: 0.1 })],
  ]),
];

describe('serverMuon', () => {
  const layout = Layout.of([
    { name: 'weight', shape: [3, 4] },
    { name: 'bias', shape: [5] },
  ]);
  const optimizer = serverMuon({ layout, learningRate: 0.1 });
  checkLaws(it, serverOptimizerLaws({ optimizer, size: layout.size, coordinateWise: false }));
});

describe.each(optimizers)('%s', (_name, optimizer) => {
  checkLaws(it, serverOptimizerLaws({ optimizer: optimizer as ServerOptimizer<PlainData> }));
});
