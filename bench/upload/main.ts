// Bytes that a client sends in a round: nothing hidden, sums alone, noisy sums alone. From real messages of whole rounds.
// pnpm bench upload [clients, default 64]
import { eden, rotated, rotation, wrapped } from '@fedkit/compression';
import {
  distributedDp,
  type FedAvgUpdate,
  fedAvg,
  mean,
  type Pipeline,
  type PlainData,
  plainUpdates,
  secureSum,
  seededRng,
} from '@fedkit/core';
import { distributedGaussianMechanism } from '@fedkit/privacy';
import { secureAggregation } from '@fedkit/secagg';
import { driveRound } from '../../examples/pipelines/drive.ts';
import { table, writeResults } from '../shared/measure.ts';
import { counted, type Traffic } from './counted.ts';

const [clients = 64] = process.argv.slice(2).map(Number);
const ids = Array.from({ length: clients }, (_, i) => `client-${i}`);
// Distributed noise needs a finer grid where a vector is longer: 12 bits are too few for 199,210 coordinates.
const SIZES = [
  { size: 7850, noisyBits: 12 },
  { size: 199_210, noisyBits: 16 },
];
const aggregation = secureAggregation({
  corruptFraction: 0.1,
  dropoutFraction: 0.2,
  sealingKey: new Uint8Array(32),
});

type Any = Pipeline<PlainData, PlainData, PlainData, FedAvgUpdate, FedAvgUpdate>;

function pipelines({ size, noisyBits }: (typeof SIZES)[number]): Record<string, Any> {
  const algorithm = fedAvg({ aggregate: (d) => mean(d) });
  const minimumContributors = Math.ceil(0.8 * clients);
  return {
    'nothing hidden, float32': plainUpdates({ algorithm, size }),
    'nothing hidden, EDEN at 4 bits': plainUpdates({ algorithm, size, codec: eden({ bits: 4 }) }),
    'secure sum, 12 bits': secureSum({
      algorithm,
      size,
      codec: rotated(wrapped({ bits: 12, spread: Math.sqrt(clients) })),
      wrapProbability: 1e-6,
      minimumContributors,
      aggregation,
    }),
    [`distributed DP, ${noisyBits} bits`]: distributedDp({
      algorithm,
      size,
      clip: 1,
      weighting: { kind: 'uniform' },
      noiseStd: 4,
      bits: noisyBits,
      minimumContributors,
      maximumContributors: clients,
      expectedContributors: clients,
      mechanism: distributedGaussianMechanism,
      rotation,
      aggregation,
    }),
  } as unknown as Record<string, Any>;
}

const rows: { size: number; pipeline: string; up: number; down: number; ofFloat32: number }[] = [];
for (const sizes of SIZES) {
  const { size } = sizes;
  const contributions = Object.fromEntries(
    ids.map((id) => {
      const rng = seededRng(id).fork(size);
      const update = Float32Array.from({ length: size }, () => (rng.uniform() - 0.5) / Math.sqrt(size));
      return [id, { values: { update } }];
    }),
  );
  for (const [name, pipeline] of Object.entries(pipelines(sizes))) {
    const traffic: Traffic = { up: 0, down: 0, clients: 0 };
    await driveRound(counted(pipeline, traffic), { contributions });
    const up = traffic.up / traffic.clients;
    rows.push({ size, pipeline: name, up, down: traffic.down / traffic.clients, ofFloat32: up / (4 * size) });
  }
}
console.log(`${clients} clients, nobody drops out; the model's own download comes on top\n`);
console.log(
  table(
    ['pipeline', 'parameters', 'bytes up', 'of float32', 'bytes down'],
    rows.map(({ size, pipeline, up, down, ofFloat32 }) => [
      pipeline,
      size.toLocaleString('en-US'),
      up.toFixed(0),
      ofFloat32.toFixed(3),
      down.toFixed(0),
    ]),
  ),
);
writeResults('upload', { clients, rows });
