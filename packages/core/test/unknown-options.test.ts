/** A name that is spelled wrong would be as if it had not been given: every options object refuses it. */
import { describe, expect, it } from 'vitest';
import * as core from '../src/index.ts';
import * as aggregate from '../src/aggregate/index.ts';
import * as algorithm from '../src/algorithm/index.ts';
import * as select from '../src/select/index.ts';
import * as server from '../src/server/index.ts';
import { Layout } from '../src/model/layout.ts';
import { mqttExchange } from '../src/transport/mqtt/exchange.ts';
import { mqttServer } from '../src/transport/mqtt/server.ts';

const layout = Layout.of([
  { name: 'body', shape: [2, 2] },
  { name: 'head', shape: [2] },
]);
const head = layout.select(({ name }) => name === 'head');
const initial = new Float32Array(6);
const client = {
  connected: true,
  publish: () => {},
  subscribe: (_topic: string, _how: object, done: () => void) => done(),
  unsubscribe: (_topic: string, done: () => void) => done(),
  on: () => {},
  removeListener: () => {},
};
const adaptive = { learningRate: 0.1, beta1: 0.9, tau: 1e-3, initialSecondMoment: 0 };

/** Every call with all of its options, and by itself good. */
const calls: Record<string, readonly [make: (options: never) => unknown, options: object]> = {
  weightedMean: [
    (o) => core.weightedMean(3, o),
    { precision: 'reproducible', maxValue: 1, maxWeight: 1, fixedDenominator: 1 },
  ],
  mean: [(o) => core.mean(3, o), { precision: 'float32', maxValue: 1 }],
  sum: [(o) => core.sum(3, o), { maxValue: 1 }],
  bulyan: [(o) => core.bulyan(3, o), { byzantine: 1, removal: true }],
  centeredClipping: [(o) => core.centeredClipping(3, o), { radius: 1, iterations: 1 }],
  geometricMedian: [(o) => core.geometricMedian(3, o), { smoothing: 1, iterations: 1 }],
  hPlus: [(o) => aggregate.hPlus(3, o), { byzantine: 1, segment: 2, checks: 3, seed: 1 }],
  krum: [(o) => core.krum(3, o), { byzantine: 1, neighbours: 'n-f-2' }],
  meanAroundMedian: [(o) => core.meanAroundMedian(3, o), { byzantine: 1 }],
  multiKrum: [(o) => core.multiKrum(3, o), { byzantine: 1, keep: 1 }],
  normBounded: [(o) => core.normBounded(3, o), { maxNorm: 1, maxWeight: 5 }],
  trimmedMean: [(o) => core.trimmedMean(3, o), { trim: 0.1 }],
  adaptiveRobustClipping: [(o) => aggregate.adaptiveRobustClipping(o), { byzantine: 1 }],
  bucketing: [(o) => aggregate.bucketing(o), { size: 2, seed: 1 }],
  nearestNeighborMixing: [(o) => aggregate.nearestNeighborMixing(o), { byzantine: 1 }],
  diLoCo: [(o) => algorithm.diLoCo(o), { learningRate: 0.7, momentum: 0.9 }],
  afl: [(o) => algorithm.afl(o), { domains: 2, domainOf: () => 0, weightRate: 0.1 }],
  apfl: [(o) => algorithm.apfl(o), { alpha: 0.5, adaptive: true }],
  dasha: [(o) => algorithm.dasha(o), { learningRate: 0.1, lost: 0.1, variance: 1 }],
  diana: [(o) => algorithm.diana(o), { learningRate: 0.1, lost: 0.1, variance: 1 }],
  ef21Sgdm: [(o) => algorithm.ef21Sgdm(o), { learningRate: 0.1, lost: 0.1, momentum: 0.1 }],
  fedSam: [(o) => algorithm.fedSam(o), { rho: 0.05 }],
  ifca: [(o) => algorithm.ifca(o), { others: [initial] }],
  marina: [(o) => algorithm.marina(o), { learningRate: 0.1, density: 0.5 }],
  moon: [(o) => algorithm.moon(o), { mu: 1, temperature: 0.5 }],
  withSpreads: [
    (o) => algorithm.withSpreads(core.fedAvg(), o),
    { spreads: { update: 1 }, next: (spread: number) => spread },
  ],
  pFedMe: [(o) => algorithm.pFedMe(o), { lambda: 1, envelopeRate: 0.1, localRounds: 1 }],
  ditto: [(o) => algorithm.ditto(o), { lambda: 0.1, personalOptions: { steps: 1 } }],
  ef21: [(o) => algorithm.ef21(o), { learningRate: 0.1, lost: 0.1 }],
  fedAcg: [(o) => algorithm.fedAcg(o), { lambda: 0.8, beta: 0.1 }],
  fedAdagrad: [(o) => algorithm.fedAdagrad(o), adaptive],
  fedAdam: [(o) => algorithm.fedAdam(o), { ...adaptive, beta2: 0.99, biasCorrection: true }],
  fedAsync: [(o) => algorithm.fedAsync(o), { mixing: 0.5, rho: 0, maximumStaleness: 3 }],
  fedAvg: [(o) => algorithm.fedAvg(o), { aggregate: (size: number) => core.mean(size) }],
  fedAvgM: [(o) => algorithm.fedAvgM(o), { momentum: 0.9, learningRate: 1, nesterov: false }],
  fedBuff: [(o) => algorithm.fedBuff(o), { bufferSize: 3, maximumStaleness: 3 }],
  fedCm: [(o) => algorithm.fedCm(o), { alpha: 0.1 }],
  fedExP: [(o) => algorithm.fedExP(o), { epsilon: 1e-3 }],
  fedNova: [(o) => algorithm.fedNova(o), { mu: 0 }],
  fedPer: [(o) => algorithm.fedPer(o), { head, initial }],
  fedProx: [(o) => algorithm.fedProx(o), { mu: 0.1 }],
  fedRep: [(o) => algorithm.fedRep(o), { head, initial, headEpochs: 1 }],
  fedYogi: [(o) => algorithm.fedYogi(o), { ...adaptive, beta2: 0.99 }],
  mimeLite: [(o) => algorithm.mimeLite(o), { base: { kind: 'momentum', beta: 0.9 } }],
  qFedAvg: [(o) => algorithm.qFedAvg(o), { q: 1, lossScale: 1 }],
  scaffold: [(o) => algorithm.scaffold(o), { option: 2, lost: 0.1 }],
  tilted: [(o) => algorithm.tilted(o), { tilt: 0.1, referenceLoss: 1 }],
  serverMuon: [(o) => server.serverMuon(o), { layout, learningRate: 0.1, momentum: 0.9, nesterov: true }],
  serverSgd: [(o) => server.serverSgd(o), { learningRate: 1, momentum: 0.9, nesterov: true }],
  oortSelection: [(o) => select.oortSelection(o), { cohort: 2, penalty: 1 }],
  poissonSelection: [(o) => select.poissonSelection(o), { probability: 0.5 }],
  powerOfChoiceSelection: [(o) => select.powerOfChoiceSelection(o), { cohort: 1, candidates: 2, loss: () => 1 }],
  stratifiedSelection: [(o) => select.stratifiedSelection(o), { cohort: 2, stratum: () => 'a' }],
  uniformSelection: [(o) => select.uniformSelection(o), { cohort: 2 }],
  weightedSelection: [(o) => select.weightedSelection(o), { cohort: 2, weight: () => 1 }],
  mqttExchange: [(o) => mqttExchange(o), { client, id: 'a', prefix: 'p', packetBytes: 9000, attempts: 3 }],
  mqttServer: [
    (o) => mqttServer({ handle: async () => new Uint8Array(0) }, o),
    { client, insecure: true, prefix: 'p' },
  ],
};

describe('an option of an unknown name', () => {
  it.each(Object.entries(calls))('is refused by %s, as is no options object', async (_name, [make, options]) => {
    const made = async (given: unknown) => make(given as never);
    await made(options);
    const [first] = Object.keys(options);
    await expect(made({ ...options, [`${first}x`]: 1 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`got the unknown option ${first}x`) as string,
    });
    await expect(made(null)).rejects.toMatchObject({ name: 'FedkitError', code: 'INVALID_ARGUMENT' });
  });
});
