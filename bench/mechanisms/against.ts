// The samplers and the distributed discrete Gaussian beside those of another checkout, interleaved in one process.
// pnpm bench mechanisms against DIRECTORY [coordinates, default 1000000] [rounds, default 15]
// DIRECTORY holds another version with its packages installed, such as a git worktree of an earlier commit.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { secureRng, seededRng } from '@fedkit/core';
import * as here from '@fedkit/privacy';
import { interleave, table, timed } from '../shared/measure.ts';

const directory = process.argv[3];
if (directory === undefined) throw new Error('usage: pnpm bench mechanisms against DIRECTORY');
const size = Number(process.argv[4] ?? 1_000_000);
const rounds = Number(process.argv[5] ?? 15);
const there = (await import(pathToFileURL(resolve(directory, 'packages/privacy/src/index.ts')).href)) as typeof here;

const rng = secureRng();
const source = seededRng('bench against');
const update = Float32Array.from({ length: size }, () => (source.uniform() - 0.5) / 100);
const noise = new Float64Array(size);
const most = 100;
const fewest = 80;
const options = {
  size,
  clip: 1,
  noiseStd: 1,
  bits: 20,
  maximumContributors: most,
  minimumSurvivors: fewest,
};
// By the names that earlier versions have for them, which refuse no others.
const earlier = { ...options, maxContributors: most, minSurvivors: fewest };

/** One client's share into the sum, and the sum decoded: everything a coordinate goes through. */
function shared({ distributedGaussianMechanism }: typeof here) {
  const mechanism = distributedGaussianMechanism(
    distributedGaussianMechanism === here.distributedGaussianMechanism ? options : earlier,
  );
  const sum = new Int32Array(size);
  return timed(() => {
    const integers = mechanism.encodeIntegers(update, rng);
    for (let i = 0; i < size; i++) sum[i] = (sum[i] + integers[i]) | 0;
    mechanism.decodeSum(sum, { survivors: fewest });
  });
}

function drawn({ discreteGaussianSampler }: typeof here, variance: number) {
  const sampler = discreteGaussianSampler({ variance });
  return timed(() => sampler.addTo(noise, rng));
}

const times = await interleave(
  {
    sharesThere: shared(there),
    sharesHere: shared(here),
    narrowThere: drawn(there, 100),
    narrowHere: drawn(here, 100),
    wideThere: drawn(there, 1e8),
    wideHere: drawn(here, 1e8),
  },
  rounds,
);
const row = (title: string, before: number, now: number) => [
  title,
  before.toFixed(1),
  now.toFixed(1),
  (now / before).toFixed(2),
];
console.log(
  table(
    [`${size.toLocaleString('en')} coordinates`, 'ms there', 'ms here', 'here / there'],
    [
      row('distributed discrete Gaussian, share, sum and decoding', times.sharesThere, times.sharesHere),
      row('discrete Gaussian samples, σ = 10', times.narrowThere, times.narrowHere),
      row('discrete Gaussian samples, σ = 10,000', times.wideThere, times.wideHere),
    ],
  ),
);
