// What integer noise costs beside a naive mechanism in floating point: Box-Muller noise on a float sum.
import { type SecureRng, secureRng, seededRng } from '@fedkit/core';
import {
  clipL2,
  discreteGaussianSampler,
  discreteLaplaceSampler,
  gaussianMechanism,
  type IntegerSampler,
  skellamMechanism,
  skellamSampler,
} from '@fedkit/privacy';
import { interleave, table, timed, type Timed, writeResults } from '../shared/measure.ts';

const DEFAULT_SIZE = 1_000_000;
const size = Number(process.argv[2] ?? DEFAULT_SIZE);
const rounds = Number(process.argv[3] ?? 7);
const rng = secureRng();
const source = seededRng('bench mechanisms');
const update = Float32Array.from({ length: size }, () => source.uniform() - 0.5);
const noise = new Float64Array(size);

const draw = (sampler: IntegerSampler): Timed => timed(() => sampler.addTo(noise, rng));

/** What this package does not ship: floating-point noise, two at a time. */
function addBoxMuller(values: Float64Array, std: number, uniform: SecureRng): void {
  for (let i = 0; i < values.length; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - uniform.uniform()));
    const angle = 2 * Math.PI * uniform.uniform();
    values[i] += radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] += radius * Math.sin(angle);
  }
}

/** Clip one update in floating point, add it to a float sum, noise the sum. */
function naive(): void {
  const clipped = update.slice();
  clipL2(clipped, 1);
  const sum = new Float64Array(size);
  for (let i = 0; i < size; i++) sum[i] += clipped[i];
  addBoxMuller(sum, 1, rng);
  Float32Array.from(sum);
}

const central = gaussianMechanism({ placement: 'central', size, clip: 1, noiseStd: 1 });
const shares = skellamMechanism({
  size,
  clip: 1,
  noiseStd: 1,
  bits: 18,
  maximumContributors: 100,
  minimumSurvivors: 80,
});
const sums = central.createSum();

const candidates = {
  boxMuller: timed(() => addBoxMuller(noise, 10, rng)),
  gaussianTable: draw(discreteGaussianSampler({ variance: 100 })),
  gaussianTableWide: draw(discreteGaussianSampler({ variance: 1e8 })),
  gaussianRejection: draw(discreteGaussianSampler({ variance: 100, method: 'rejection' })),
  laplaceTable: draw(discreteLaplaceSampler({ scale: 100 })),
  laplaceRejection: draw(discreteLaplaceSampler({ scale: 100, method: 'rejection' })),
  skellam: draw(skellamSampler({ variance: 1e4 })),
  naive: timed(naive),
  mechanism: timed(() => central.release(central.accumulate(central.createSum(), update), rng)),
  accumulate: timed(() => central.accumulate(sums, update)),
  share: timed(() => shares.encodeIntegers(update, rng)),
};
const times = await interleave(candidates, rounds);

const perSecond = (name: keyof typeof candidates) => size / times[name] / 1000;
const row = (title: string, name: keyof typeof candidates, peer: keyof typeof candidates) => [
  title,
  times[name].toFixed(1),
  perSecond(name).toFixed(1),
  (times[peer] / times[name]).toFixed(2),
];
console.log(
  table(
    [`${size.toLocaleString('en')} coordinates`, 'ms', 'million a second', 'times as fast as naive'],
    [
      row('Box-Muller in floating point (naive)', 'boxMuller', 'boxMuller'),
      row('discrete Gaussian σ = 10, table', 'gaussianTable', 'boxMuller'),
      row('discrete Gaussian σ = 10,000, table', 'gaussianTableWide', 'boxMuller'),
      row('discrete Gaussian σ = 10, rejection (CKS)', 'gaussianRejection', 'boxMuller'),
      row('discrete Laplace t = 100, table', 'laplaceTable', 'boxMuller'),
      row('discrete Laplace t = 100, rejection (CKS)', 'laplaceRejection', 'boxMuller'),
      row('Skellam σ = 100, table', 'skellam', 'boxMuller'),
      row('clip, sum and noise in floating point (naive)', 'naive', 'naive'),
      row('clip, round, sum and noise in integers', 'mechanism', 'naive'),
      row('  of which clip, round and sum', 'accumulate', 'naive'),
      row("one client's share of Skellam noise, 18 bits", 'share', 'naive'),
    ],
  ),
);

const goals = [
  { goal: 'rejection, 1M in at most 500 ms', value: (times.gaussianRejection / size) * 1e6, limit: 500 },
  { goal: 'table, 1M in at most 60 ms', value: (times.gaussianTable / size) * 1e6, limit: 60 },
];
for (const { goal, value, limit } of goals)
  console.log(`${goal}: ${value.toFixed(1)} ms ${value <= limit ? 'held' : 'MISSED'}`);
if (size === DEFAULT_SIZE) writeResults('mechanisms', { size, rounds, milliseconds: times, goals });
