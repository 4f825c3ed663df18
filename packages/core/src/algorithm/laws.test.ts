import { describe, expect, it } from 'vitest';
import type { Update } from '../aggregate/contract.ts';
import { algorithmLaws } from '../conformance/algorithm.ts';
import { checkLaws } from '../conformance/law.ts';
import type { MirrorPlace } from '../conformance/mirror-laws.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { Layout } from '../model/layout.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';
import type { Algorithm } from './contract.ts';
import { diLoCo } from './di-lo-co.ts';
import { afl } from './afl.ts';
import { apfl } from './apfl.ts';
import { dasha } from './dasha.ts';
import { diana } from './diana.ts';
import { ditto } from './ditto.ts';
import { ef21 } from './ef21.ts';
import { ef21Sgdm } from './ef21-sgdm.ts';
import { fedAcg } from './fed-acg.ts';
import { fedAdagrad } from './fed-adagrad.ts';
import { fedAdam } from './fed-adam.ts';
import { fedAvg } from './fed-avg.ts';
import { fedAvgM } from './fed-avg-m.ts';
import { fedCm } from './fed-cm.ts';
import { fedDyn } from './fed-dyn.ts';
import { fedExP } from './fed-exp.ts';
import { fedNova } from './fed-nova.ts';
import { fedProx } from './fed-prox.ts';
import { fedPer, fedRep } from './fed-rep.ts';
import { fedSam } from './fed-sam.ts';
import { fedYogi } from './fed-yogi.ts';
import { ifca } from './ifca.ts';
import { marina } from './marina.ts';
import { mimeLite } from './mime-lite.ts';
import { pFedMe } from './p-fed-me.ts';
import { qFedAvg } from './q-fed-avg.ts';
import { scaffold } from './scaffold.ts';
import { tilted } from './tilted.ts';
import { moon } from './moon.ts';
import { withMetrics } from './with-metrics.ts';
import { withSpreads } from './with-spreads.ts';

type Any = Algorithm<PlainData, PlainData, PlainData, Update, PlainData>;

const algorithms: [string, unknown][] = [
  ['fedAvg', fedAvg()],
  ['fedAvgM', fedAvgM()],
  ['fedAdam', fedAdam({ learningRate: 0.1 })],
  ['fedYogi', fedYogi({ learningRate: 0.1 })],
  ['fedAdagrad', fedAdagrad({ learningRate: 0.1 })],
  ['fedProx', fedProx({ mu: 0.1 })],
  ['scaffold, option 1', scaffold({ option: 1 })],
  ['scaffold, option 2', scaffold({ option: 2 })],
  ['fedNova', fedNova()],
  ['fedNova with a proximal term', fedNova({ mu: 0.1 })],
  ['fedDyn', fedDyn({ alpha: 5 })],
  ['qFedAvg', qFedAvg({ q: 0.1 })],
  ['mimeLite on sgd', mimeLite({ base: { kind: 'sgd' } })],
  ['mimeLite on momentum', mimeLite({ base: { kind: 'momentum', beta: 0.9 } })],
  ['mimeLite on adam', mimeLite({ base: { kind: 'adam' } })],
  ['ditto', ditto({ lambda: 0.1 })],
  ['fedExP', fedExP()],
  ['fedCm', fedCm()],
  ['fedAcg', fedAcg({ lambda: 0.5 })],
  ['tilted, fair', tilted({ tilt: 1 })],
  ['tilted, against outliers', tilted({ tilt: -1 })],
  ['ef21', ef21({ learningRate: 0.05 })],
  ['ef21Sgdm', ef21Sgdm({ learningRate: 0.05, momentum: 0.5 })],
  ['diana', diana({ learningRate: 0.02, variance: 7 })],
  ['dasha', dasha({ learningRate: 0.01, variance: 7 })],
  ['marina', marina({ learningRate: 0.1, density: 0.25 })],
  ['diLoCo', diLoCo()],
  ['fedSam', fedSam({ rho: 0.01 })],
  ['apfl', apfl()],
  ['pFedMe', pFedMe({ lambda: 5, envelopeRate: 0.1 })],
  ['ifca', ifca({ others: [new Float32Array(12).fill(0.1)] })],
  ['afl', afl({ domains: 4, domainOf: () => 1, weightRate: 0.01 })],
  ['moon', moon({ mu: 1 })],
  ['fedAvg with spreads', withSpreads(fedAvg(), { spreads: { update: 3 }, next: () => 0.01 })],
  ['scaffold with spreads', withSpreads(scaffold(), { spreads: { update: 2, control: 16 }, next: (spread) => spread })],
  ['fedAvg with metrics', withMetrics(fedAvg(), { maximumNorm: 1 })],
  ['scaffold with metrics', withMetrics(scaffold({ option: 2 }), { bounds: { loss: 0.1 }, maximumExamples: 15 })],
];

/** Where c and c_i stand: FedDyn's, EF21's and its kin's clients keep a gradient, SCAFFOLD's a control. */
const mirrors: Readonly<Record<string, MirrorPlace<PlainData, PlainData>>> = {
  scaffold: place('control', 'control'),
  fedDyn: place('h', 'gradient'),
  ef21: { ...place('gradient', 'gradient'), steps: 1 },
  ef21Sgdm: { ...place('gradient', 'gradient'), steps: 1 },
  diana: { ...place('gradient', 'gradient'), steps: 1 },
  dasha: { ...place('gradient', 'gradient'), steps: 1 },
};

function place(server: string, client: string): MirrorPlace<PlainData, PlainData> {
  const part = (name: string) => (state: PlainData) => (state as Readonly<Record<string, Float32Array>>)[name];
  return { server: part(server), client: part(client) };
}

describe.each(algorithms)('%s', (name, algorithm) => {
  const mirror = mirrors[(algorithm as Any).kind];
  // Frozen Adam divides by the root of what it has seen: near an optimum its steps are those of a small η alone.
  const local = { steps: 3, batchSize: 'all', learningRate: name === 'mimeLite on adam' ? 0.01 : 0.1 } as const;
  checkLaws(it, algorithmLaws({ algorithm: algorithm as Any, local, ...(mirror && { mirror }) }));
});

it('all are coordinate-wise but those that weigh or measure whole updates, keep several models or switch between rounds', () => {
  const others = algorithms.filter(([, algorithm]) => !(algorithm as Any).coordinateWise).map(([name]) => name);
  expect(others).toEqual(['fedExP', 'marina', 'ifca', 'afl', 'fedAvg with spreads', 'scaffold with spreads']);
});

describe('algorithms of a part of the model', () => {
  const layout = Layout.of([
    { name: 'body', shape: [8] },
    { name: 'head', shape: [4] },
  ]);
  const head = layout.select(({ name }) => name === 'head');
  const rng = seededRng('parts');
  const draw = (size: number) => Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
  const initial = draw(12);
  const targets = Array.from({ length: 4 }, () => draw(12));
  describe.each([
    ['fedRep', fedRep({ head, initial, headEpochs: 1 })],
    ['fedPer', fedPer({ head, initial })],
  ])('%s', (_name, algorithm) => {
    checkLaws(
      it,
      algorithmLaws({
        algorithm: algorithm as unknown as Any,
        params: initial,
        trainer: (client) => quadraticTrainer(targets[client], 10),
        local: { epochs: 1, batchSize: 5, learningRate: 0.1 },
      }),
    );
  });
});
