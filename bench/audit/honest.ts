// How often an audit at 95 % confidence refutes mechanisms that do as they say, and one that has half the noise it claims.
import { allowed, HALF_THE_NOISE, HONEST, refutations } from '../../packages/privacy/test/audit/honest.ts';
import { table, writeResults } from '../shared/measure.ts';

const CANARIES = 1000;
const DEFAULT_RUNS = 2000;
const runs = Number(process.argv[3] ?? DEFAULT_RUNS);

const percent = (count: number) => `${((100 * count) / runs).toFixed(2)} %`;
const honest = HONEST.map((audited) => ({ name: audited.name, ...refutations(audited, CANARIES, runs) }));
const guesses = [undefined, 100, 150, 200, 250, 300, 400];
const halved = guesses.map((count) => ({
  guesses: count ?? 'from the claim',
  ...refutations(HALF_THE_NOISE, CANARIES, runs, count === undefined ? undefined : [count]),
}));

console.log(
  `${runs} seeded runs of ${CANARIES} canaries. Honest mechanisms refuted, at most ${percent(allowed(runs))}:\n`,
);
console.log(
  table(
    ['mechanism', 'for every mechanism', 'claimed curve', 'Gaussian bound, if believed'],
    honest.map(({ name, everyMechanism, claimedCurve, gaussian }) => [
      name,
      percent(everyMechanism),
      percent(claimedCurve),
      percent(gaussian),
    ]),
  ),
);
console.log('\nHalf the noise of a claim of μ = 1, caught:\n');
console.log(
  table(
    ['guesses', 'for every mechanism', 'claimed curve'],
    halved.map(({ guesses: count, everyMechanism, claimedCurve }) => [
      `${count}`,
      percent(everyMechanism),
      percent(claimedCurve),
    ]),
  ),
);
const limit = allowed(runs);
if (honest.some(({ everyMechanism, claimedCurve }) => everyMechanism > limit || claimedCurve > limit)) {
  console.error('an honest mechanism was refuted more often than an audit may');
  process.exitCode = 1;
}
if (runs === DEFAULT_RUNS) writeResults('audit-honest', { runs, canaries: CANARIES, honest, halved });
