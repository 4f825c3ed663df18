// Does the time of share arithmetic depend on the secret? Welch's t between a fixed and random secrets, as dudect does
// (Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?", DATE 2017). A smoke test, reported and not claimed:
// |t| beyond 4.5 is a difference, below it none was seen in so many measurements on this engine.
// pnpm bench secagg timing [measurements, default 40000]
import { seededRng } from '@fedkit/core';
import { dealShares, interpolationWeights, SHARE_BYTES, combineShares } from '@fedkit/secagg/shamir';
import { table, writeResults } from '../shared/measure.ts';

const measurements = Number(process.argv[2] ?? 40_000);
const rng = seededRng('timing');
const [threshold, holders] = [20, 30];
const abscissas = Uint32Array.from({ length: holders }, (_, i) => i + 1);
const weights = interpolationWeights(abscissas.subarray(0, threshold));
const random = () => rng.fill(new Uint8Array(32));

/** What is timed, on bytes made beforehand from a secret and brought to one place, whichever the secret. */
interface Subject {
  readonly name: string;
  readonly prepare: (secret: Uint8Array) => Uint8Array;
  readonly run: (input: Uint8Array) => unknown;
}

const reference = new Uint8Array(32);
const subjects: readonly Subject[] = [
  {
    name: 'dealing a secret, t = 20, n = 30',
    prepare: (secret) => secret,
    run: (secret) => dealShares([secret], threshold, abscissas, rng),
  },
  {
    name: 'combining 20 shares',
    prepare: (secret) => dealShares([secret], threshold, abscissas, rng)[0].subarray(0, threshold * SHARE_BYTES),
    run: (shares) =>
      combineShares(
        weights,
        Array.from({ length: threshold }, (_, i) => shares.subarray(i * SHARE_BYTES, (i + 1) * SHARE_BYTES)),
      ),
  },
  {
    name: 'control: a comparison that stops early',
    prepare: (secret) => secret,
    run(secret) {
      let i = 0;
      while (i < 32 && secret[i] === reference[i]) i++;
      return i;
    },
  },
];

/** Short work is repeated until a clock can see it. */
const REPEATS: Record<string, number> = { contro: 200 };

function measure({ name, prepare, run }: Subject): { t: number; crop: number } {
  const repeats = REPEATS[name.slice(0, 6)] ?? 1;
  const times: [Float64Array, Float64Array] = [new Float64Array(measurements), new Float64Array(measurements)];
  const counts = [0, 0];
  const BATCH = 500;
  // The first batches warm up.
  for (let done = -4 * BATCH; done < measurements; done += BATCH) {
    const classes = Array.from({ length: BATCH }, () => rng.below(2));
    const inputs = classes.map((kind) => Uint8Array.from(prepare(kind === 0 ? reference : random())));
    const input = new Uint8Array(inputs[0].length);
    for (let i = 0; i < BATCH; i++) {
      input.set(inputs[i]);
      const start = process.hrtime.bigint();
      for (let j = 0; j < repeats; j++) run(input);
      const time = Number(process.hrtime.bigint() - start);
      if (done >= 0) times[classes[i]][counts[classes[i]]++] = time;
    }
  }
  const [fixed, varied] = times.map((list, kind) => list.slice(0, counts[kind]).sort());
  const pooled = Float64Array.from([...fixed, ...varied]).sort();
  let worst = { t: 0, crop: 1 };
  // Interruptions make a long tail: t is taken below several percentiles, and the largest counts.
  for (const crop of [0.5, 0.7, 0.9, 0.95, 0.99, 1]) {
    const limit = pooled[Math.ceil(crop * pooled.length) - 1];
    const t = welch(fixed, varied, limit);
    if (Math.abs(t) > Math.abs(worst.t)) worst = { t, crop };
  }
  return worst;
}

function welch(a: Float64Array, b: Float64Array, limit: number): number {
  const [one, other] = [a, b].map((list) => {
    const kept = list.filter((time) => time <= limit);
    const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
    const variance = kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1);
    return { mean, error: variance / kept.length };
  });
  return (one.mean - other.mean) / Math.sqrt(one.error + other.error);
}

const results = subjects.map((subject) => ({ name: subject.name, ...measure(subject) }));
console.log(
  `Welch's t between a secret of zeros and random ones, ${measurements} measurements; |t| > 4.5 is a difference:\n`,
);
console.log(
  table(
    ['', 't', 'at percentile'],
    results.map(({ name, t, crop }) => [name, t.toFixed(2), `${100 * crop}`]),
  ),
);
writeResults('secagg-timing', { measurements, results });
