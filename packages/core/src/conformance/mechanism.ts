/**
 * The laws of noise: what `centralDp` and `distributedDp` ask of a mechanism before they let it stand for a guarantee. That the
 * event is what the noise really costs no test can show; these hold what can be seen from outside.
 *
 * @module
 */
import { checkOptions } from '../check.ts';
import type { CentralNoiseMaker, DistributedNoiseMaker } from '../pipeline/mechanisms.ts';
import { secureRng, seededRng } from '../random.ts';
import { sameBits } from './bits.ts';
import { ensure, ensureRefused, type Law } from './law.ts';

/** Which mechanism is tried: the maker that a pipeline would be given. */
export type MechanismSetup = {
  /** Releases to compare with the claim; default 400. At seven standard errors a law fails by chance less than once in 10^10. */
  readonly draws?: number;
} & ({ readonly central: CentralNoiseMaker } | { readonly distributed: DistributedNoiseMaker });

const SIZE = 32;
const CLIP = 2;
const NOISE = 0.75;

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

/** Of norm 1.6, within the clip. */
const update = (client: number): Float32Array => {
  const rng = seededRng('mechanism').fork(client);
  const values = Float32Array.from({ length: SIZE }, () => rng.uniform() - 0.5);
  const scale = 1.6 / norm(values);
  return values.map((value) => value * scale);
};

/** Whether `squares`, the sum of `count` squared Gaussian-like deviations, fits a standard deviation. */
function ensureSpread(squares: number, count: number, std: number, slack: number): void {
  const [found, error] = [squares / count / std ** 2, 7 * Math.sqrt(2 / count)];
  ensure(
    found >= 1 - error && found <= 1 + error + slack,
    `a variance of ${std ** 2} on each coordinate, got ${found * std ** 2}`,
  );
}

/** Bounded records, unbiased sums, as much noise as was asked for, released once, at a cost that is plain data. */
export function mechanismLaws(setup: MechanismSetup): Law[] {
  checkOptions('mechanismLaws', setup, { draws: true, central: true, distributed: true });
  const { draws = 400 } = setup;
  return 'central' in setup ? centralLaws(setup.central, draws) : distributedLaws(setup.distributed, draws);
}

function centralLaws(make: CentralNoiseMaker, draws: number): Law[] {
  const noiseOf = (noiseStd = NOISE) => make({ size: SIZE, clip: CLIP, noiseStd, maximumContributions: 1000 });
  /** A sum of updates, released. */
  const release = (updates: readonly Float32Array[], noiseStd = NOISE) => {
    const noise = noiseOf(noiseStd);
    const sum = noise.createSum();
    for (const values of updates) noise.accumulate(sum, values);
    return noise.release(sum, secureRng()).values;
  };
  return [
    {
      name: 'the cost is plain data, and the same for the same options',
      run() {
        const { event } = noiseOf();
        ensure(typeof event.kind === 'string', 'an event with a kind');
        ensure(sameBits(JSON.parse(JSON.stringify(event)), event), 'an event that JSON carries');
        ensure(sameBits(noiseOf().event, event), 'the same event again');
        ensure(!sameBits(noiseOf(2 * NOISE).event, event), 'another event for another noise');
      },
    },
    {
      name: 'a release is the sum and noise of the standard deviation that was asked for',
      run() {
        const updates = [update(1), update(2), update(3)];
        let [squares, mean] = [0, 0];
        for (let draw = 0; draw < draws; draw++) {
          release(updates).forEach((value, i) => {
            const error = value - updates.reduce((sum, own) => sum + own[i], 0);
            squares += error * error;
            mean += error;
          });
        }
        const count = draws * SIZE;
        ensureSpread(squares, count, NOISE, 0.02);
        ensure(Math.abs(mean / count) <= (7 * NOISE) / Math.sqrt(count) + 1e-3, `no bias, got ${mean / count}`);
      },
    },
    {
      name: 'one update moves a sum by the clip at most, and one that is not finite by nothing',
      run() {
        const tiny = 1e-3;
        for (const scale of [10, 1e10, 1e30]) {
          const found = norm(release([update(1).map((value) => value * scale)], tiny));
          ensure(found <= CLIP * 1.01 + 8 * tiny * Math.sqrt(SIZE), `a norm of at most ${CLIP}, got ${found}`);
          ensure(found >= CLIP * 0.97 - 8 * tiny * Math.sqrt(SIZE), `a norm of about ${CLIP}, got ${found}`);
        }
        for (const bad of [Number.NaN, Infinity]) {
          const found = norm(release([update(1).fill(bad, 0, 1)], tiny));
          ensure(found <= 8 * tiny * Math.sqrt(SIZE), `an update with ${bad} to count for nothing, got ${found}`);
        }
      },
    },
    {
      name: 'updates stay as they were, and a sum knows how many it holds',
      run() {
        const noise = noiseOf();
        const sum = noise.createSum();
        const values = update(1).map((value) => 10 * value);
        const before = values.slice();
        noise.accumulate(sum, values);
        ensure(sameBits(values, before), 'the update as it was');
        ensure(!sum.released, 'nothing released');
        noise.accumulate(sum, update(2).fill(Number.NaN));
        const { contributions, clipped, quarantined } = sum;
        ensure(
          contributions === 2 && clipped >= 1 && quarantined === 1,
          'contributions, clips and quarantines counted',
        );
      },
    },
    {
      name: 'noise is drawn once: a second release, or an update after it, is PROTOCOL_STATE',
      run() {
        const noise = noiseOf();
        const sum = noise.accumulate(noise.createSum(), update(1));
        noise.release(sum, secureRng());
        ensure(sum.released, 'a sum that knows it is released');
        ensureRefused('a second release', ['PROTOCOL_STATE'], () => noise.release(sum, secureRng()));
        ensureRefused('a late update', ['PROTOCOL_STATE'], () => noise.accumulate(sum, update(2)));
      },
    },
    {
      name: 'vectors of another length are SHAPE_MISMATCH',
      run() {
        const noise = noiseOf();
        ensureRefused('a longer update', ['SHAPE_MISMATCH'], () =>
          noise.accumulate(noise.createSum(), new Float32Array(SIZE + 1)),
        );
      },
    },
  ];
}

function distributedLaws(make: DistributedNoiseMaker, draws: number): Law[] {
  const SURVIVORS = 5;
  const COLLUDERS = 1;
  const noiseOf = (noiseStd = NOISE, maximumContributors = 20) =>
    make({
      size: SIZE,
      clip: CLIP,
      noiseStd,
      bits: 20,
      maximumContributors,
      minimumSurvivors: SURVIVORS,
      colluders: COLLUDERS,
      wrapProbability: 1e-9,
    });
  const sumOf = (noise: ReturnType<typeof noiseOf>, updates: readonly Float32Array[]): Float64Array => {
    const sum = new Float64Array(SIZE);
    for (const values of updates)
      noise.encodeIntegers(values, secureRng()).forEach((integer, i) => (sum[i] += integer));
    return sum;
  };
  const some = (count: number): Float32Array[] => Array.from({ length: count }, (_, i) => update(i));
  return [
    {
      name: 'the cost is plain data, and no higher for more survivors; fewer than the fewest are THRESHOLD_NOT_MET',
      run() {
        const noise = noiseOf();
        const event = noise.event();
        ensure(typeof event.kind === 'string', 'an event with a kind');
        ensure(sameBits(JSON.parse(JSON.stringify(event)), event), 'an event that JSON carries');
        ensure(sameBits(noise.event(SURVIVORS), event), 'the event of the fewest survivors where none are named');
        noise.event(SURVIVORS + 3);
        ensureRefused('too few survivors', ['THRESHOLD_NOT_MET'], () => noise.event(SURVIVORS - 1));
        ensureRefused('a sum of too few', ['THRESHOLD_NOT_MET'], () =>
          noise.decodeSum(new Float64Array(SIZE), { survivors: SURVIVORS - 1 }),
        );
      },
    },
    {
      name: 'integers lie in the ring, and only residues of their sum matter',
      run() {
        const noise = noiseOf();
        const half = 2 ** (noise.bits - 1);
        for (const values of [update(1), new Float32Array(SIZE), update(2).fill(1e30), update(3).fill(Number.NaN)]) {
          const before = values.slice();
          const integers = noise.encodeIntegers(values, secureRng());
          ensure(integers instanceof Int32Array && integers.length === SIZE, `${SIZE} integers`);
          ensure(
            integers.every((integer) => integer >= -half && integer < half),
            `integers in [−2^${noise.bits - 1}, 2^${noise.bits - 1})`,
          );
          ensure(sameBits(values, before), 'the update as it was');
        }
        const sum = sumOf(noise, some(SURVIVORS));
        const decoded = noise.decodeSum(sum, { survivors: SURVIVORS });
        const shifted = sum.map((value, i) => value + (i % 2 === 0 ? 2 : -2) * half);
        ensure(sameBits(noise.decodeSum(shifted, { survivors: SURVIVORS }), decoded), 'the same values of residues');
      },
    },
    {
      name: 'a sum without its colluders has at least the noise that was asked for, and no bias',
      run() {
        const noise = noiseOf();
        const updates = some(SURVIVORS);
        let [squares, mean] = [0, 0];
        for (let draw = 0; draw < draws; draw++) {
          noise.decodeSum(sumOf(noise, updates), { survivors: SURVIVORS }).forEach((value, i) => {
            const error = value - updates.reduce((sum, own) => sum + own[i], 0);
            squares += error * error;
            mean += error;
          });
        }
        const count = draws * SIZE;
        const whole = NOISE * Math.sqrt(SURVIVORS / (SURVIVORS - COLLUDERS));
        ensureSpread(squares, count, whole, 0.05);
        ensure(Math.abs(mean / count) <= (7 * whole) / Math.sqrt(count) + 1e-2, `no bias, got ${mean / count}`);
      },
    },
    {
      name: 'one update moves a sum by the clip at most, and one that is not finite by nothing',
      run() {
        const noise = noiseOf(1e-2);
        const zeros = Array.from({ length: SURVIVORS - 1 }, () => new Float32Array(SIZE));
        const found = (values: Float32Array) =>
          norm(noise.decodeSum(sumOf(noise, [values, ...zeros]), { survivors: SURVIVORS }));
        const room = 8 * 1e-2 * Math.sqrt(2 * SIZE);
        for (const scale of [10, 1e10, 1e30]) {
          const moved = found(update(1).map((value) => value * scale));
          ensure(moved <= CLIP * 1.05 + room, `a norm of at most ${CLIP}, got ${moved}`);
        }
        ensure(found(update(1).fill(Number.NaN, 0, 1)) <= room, 'an update with NaN to count for nothing');
      },
    },
    {
      name: 'vectors of another length are SHAPE_MISMATCH, more contributors than announced are refused',
      run() {
        const noise = noiseOf();
        ensureRefused('a longer update', ['SHAPE_MISMATCH'], () =>
          noise.encodeIntegers(new Float32Array(SIZE + 1), secureRng()),
        );
        ensureRefused('a longer sum', ['SHAPE_MISMATCH'], () =>
          noise.decodeSum(new Float64Array(SIZE + 1), { survivors: SURVIVORS }),
        );
        ensureRefused('too many survivors', ['OVERFLOW', 'OUT_OF_RANGE'], () =>
          noise.decodeSum(new Float64Array(SIZE), { survivors: 21 }),
        );
      },
    },
  ];
}
