// How fast robust rules combine n updates, against numpy on as many of the same size.
// pnpm bench robust [clients, default 100] [values, default 1000000] [rounds, default 5]
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Aggregator, coordinateMedian, krum, seededRng, trimmedMean } from '@fedkit/core';
import { interleave, table, timed, type Timed, writeResults } from '../shared/measure.ts';
import { startPeer } from '../shared/peer.ts';

const [clients, size, rounds] = [100, 1_000_000, 5].map((standard, i) => Number(process.argv[2 + i] ?? standard));
const TRIM = 0.2;

const rng = seededRng('bench robust');
const updates = Array.from({ length: clients }, () => {
  const values = new Float32Array(size);
  for (let c = 0; c < size; c++) values[c] = rng.uniform() + rng.uniform() + rng.uniform() - 1.5;
  return values;
});

/** Combining what has arrived; accumulating is a copy. */
function finalize<A>(rule: Aggregator<A, Float32Array>): Timed {
  const accumulator = rule.create();
  updates.forEach((values, i) => rule.accumulate(accumulator, { client: `${i}`, values }));
  return timed(() => rule.finalize(accumulator));
}

const script = join(dirname(fileURLToPath(import.meta.url)), 'numpy_robust.py');
const peer = await startPeer(script, `${clients}`, `${size}`, `${TRIM}`);
const inNumpy =
  (name: string): Timed =>
  async () =>
    Number(await peer?.ask(name));
const candidates: Record<string, Timed> = {
  coordinateMedian: finalize(coordinateMedian(size)),
  trimmedMean: finalize(trimmedMean(size, { trim: TRIM })),
  krum: finalize(krum(size, { byzantine: Math.floor((clients - 3) / 5) })),
  ...(peer && {
    numpyMedian: inNumpy('median'),
    numpyMedianBySort: inNumpy('median_by_sort'),
    numpyPartition: inNumpy('trimmed_by_partition'),
    numpyTrimmedBySort: inNumpy('trimmed_by_sort'),
    numpyNorms: inNumpy('krum_by_norms'),
    numpyGram: inNumpy('krum_by_gram'),
  }),
};
const times = await interleave(candidates, rounds);
const errors: unknown = peer && JSON.parse(await peer.ask('errors'));
peer?.end();

const versus = (ours: string, theirs: string): number => times[theirs] / times[ours];
const ratios: Record<string, number> = peer
  ? {
      'coordinateMedian / np.median': versus('coordinateMedian', 'numpyMedian'),
      'trimmedMean / np.partition': versus('trimmedMean', 'numpyPartition'),
      'krum / loop of norms, as Flower': versus('krum', 'numpyNorms'),
      'coordinateMedian / np.sort': versus('coordinateMedian', 'numpyMedianBySort'),
      'trimmedMean / np.sort': versus('trimmedMean', 'numpyTrimmedBySort'),
      'krum / float32 Gram matrix': versus('krum', 'numpyGram'),
    }
  : {};
const goals: Record<string, number> = {
  'coordinateMedian / np.median': 5,
  'trimmedMean / np.partition': 6,
  'krum / loop of norms, as Flower': 4,
};

const greeting = peer?.greeting ?? 'numpy absent';
console.log(
  `${clients} × ${size} float32 into one, ${greeting}, one thread each; medians of ${rounds} interleaved rounds.\n`,
);
console.log(
  table(
    ['combining', 'ms'],
    Object.entries(times).map(([name, time]) => [name, time.toFixed(0)]),
  ),
);
console.log();
console.log(
  table(
    ['speed ratio', 'measured', 'goal'],
    Object.entries(ratios).map(([name, ratio]) => [name, ratio.toFixed(2), name in goals ? `≥ ${goals[name]}` : '']),
  ),
);
if (peer) console.log(`\nWhat float32 loses in numpy, on ${clients} × 10000: ${JSON.stringify(errors, undefined, 2)}`);
console.log('\nOurs: order statistics are exact, sums float64, distances float64 within 2^-44 · (128 + d / 256).');
if (peer && clients === 100 && size === 1_000_000) {
  writeResults('robust', { clients, size, rounds, peer: greeting, milliseconds: times, ratios, goals, errors });
}
