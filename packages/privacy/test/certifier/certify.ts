// One question held to everything that is known of its answer without the accountant.
import { isFedkitError } from '@fedkit/core';
import { parseEvent, pldAccountant, rdpAccountant } from '../../src/index.ts';
import { composed, finiteDelta } from './finite-oracle.ts';
import type { Question } from './random-event.ts';
import { sampledPairs, summedPairs, thresholdDelta } from './threshold-oracle.ts';

interface Answer {
  readonly lower: number;
  readonly upper: number;
}

/** The answer, or undefined where a FedkitError refuses. Anything else that is thrown is a fault. */
function ask<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch (error) {
    if (isFedkitError(error)) return undefined;
    throw error;
  }
}

function check(holds: boolean, claim: string): string[] {
  return holds ? [] : [claim];
}

// What comparisons of two correctly rounded numbers may be off by.
const HAIR = 1e-9;

/** What is wrong with the answers to a question; nothing if all is well. `fine` asks for δ and the order laws too. */
export function faultsOf(question: Question, fine: boolean): string[] {
  const { neighboring, delta, rounds, build } = question;
  const made = build();
  const pld = (e = made, count = rounds) => pldAccountant({ neighboring }).compose(e, count);
  const accountant = ask(() => pld());
  if (accountant === undefined) return [];
  const answer = ask(() => accountant.epsilonBounds(delta));
  if (answer === undefined) return [];
  const { lower, upper } = answer;
  const faults = check(lower >= 0 && lower <= upper && upper < Infinity, `bounds in order: ${lower}, ${upper}`);
  faults.push(...check((ask(() => accountant.epsilon(delta)) ?? 0) >= lower, 'epsilon is not below the lower end'));
  faults.push(...belowTruth(question, answer), ...againstMixture(question, answer), ...againstFinite(question, answer));

  const rdp = ask(() => rdpAccountant({ neighboring }).compose(made, rounds).epsilon(delta));
  if (rdp !== undefined) faults.push(...check(upper <= rdp * (1 + HAIR), `no worse than Rényi: ${upper}, ${rdp}`));
  if (fine) faults.push(...ordered(question, answer), ...deltas(question, answer));
  return faults;
}

/** δ by a threshold test at either end of the interval. */
function belowTruth({ gaussian, neighboring, rounds, delta }: Question, { lower, upper }: Answer): string[] {
  if (gaussian === undefined) return [];
  const { probability, ratio } = gaussian;
  const faults: string[] = [];
  const above = upper * (1 + HAIR) + 1e-12;
  // One round of them all, and where there are few, the sum of them.
  const coarser = [
    ...sampledPairs(probability, ratio, neighboring),
    ...(rounds > 1 && rounds <= 40 && probability < 1 ? summedPairs(probability, ratio, neighboring, rounds) : []),
  ];
  for (const pair of coarser) {
    const reached = thresholdDelta(pair, above).lower;
    faults.push(...check(!(reached > delta * (1 + HAIR)), `upper ${upper} is below the truth: δ there is ${reached}`));
  }
  if (rounds === 1 && lower > 0) {
    const below = lower * (1 - HAIR) - 1e-12;
    const reached = Math.max(
      ...sampledPairs(probability, ratio, neighboring).map((p) => thresholdDelta(p, below).upper),
    );
    faults.push(...check(reached >= delta * (1 - 1e-6), `lower ${lower} is above the truth: δ there is ${reached}`));
  }
  return faults;
}

/** One round of a mixture by its threshold test, which is the truth of one round. */
function againstMixture({ mixture, rounds, delta }: Question, { lower, upper }: Answer): string[] {
  if (mixture === undefined) return [];
  const faults = mixture.flatMap((pair) => {
    const reached = thresholdDelta(pair, upper * (1 + HAIR) + 1e-12).lower;
    return check(!(reached > delta * (1 + HAIR)), `upper ${upper} is below a mixture's truth: δ there is ${reached}`);
  });
  if (rounds > 1 || lower === 0) return faults;
  const below = lower * (1 - HAIR) - 1e-12;
  const reached = Math.max(...mixture.map((pair) => thresholdDelta(pair, below).upper));
  return [
    ...faults,
    ...check(reached >= delta * (1 - 1e-6), `lower ${lower} is above a mixture's truth: δ there is ${reached}`),
  ];
}

/** Enumeration is affordable for so many rounds, and for so large an ε; what it cuts off is far below so small a δ. */
const MAX_ENUMERATED_ROUNDS = 3;
const MAX_ENUMERATED_EPSILON = 300;
const LEAST_ENUMERATED_DELTA = 1e-40;

/** As many rounds as can be enumerated: one side always, both where that is all of them and all of each. */
function againstFinite({ finite, rounds, delta }: Question, { lower, upper }: Answer): string[] {
  if (finite === undefined || upper > MAX_ENUMERATED_EPSILON || delta < LEAST_ENUMERATED_DELTA) return [];
  const enumerated = Math.min(rounds, MAX_ENUMERATED_ROUNDS);
  const at = (epsilon: number) =>
    finite.pairs(epsilon).map((pair) => finiteDelta(composed(pair, enumerated), Math.max(epsilon, 0)));
  const above = at(upper * (1 + HAIR) + 1e-12);
  const reached = Math.max(...above.map((interval) => interval.lower));
  const faults = check(
    !(reached > delta * (1 + HAIR)),
    `upper ${upper} is below what ${enumerated} rounds cost: ${reached}`,
  );
  if (!finite.exact || enumerated < rounds || !(lower > 1e-9)) return faults;
  const most = Math.max(...at(lower * (1 - HAIR) - 1e-12).map((interval) => interval.upper));
  return [...faults, ...check(most >= delta * (1 - 1e-6), `lower ${lower} is above the truth: δ there is ${most}`)];
}

/** What post-processing proves no less private costs no more. */
function ordered({ neighboring, delta, rounds, build }: Question, { lower, upper }: Answer): string[] {
  const bounds = (e = build(), count = rounds): Answer | undefined =>
    ask(() => pldAccountant({ neighboring }).compose(e, count).epsilonBounds(delta));
  const quieter: [string, Answer | undefined][] = [
    // A discrete Gaussian is no sum of a narrower one and something else, and where δ covers a neighbour of the truth it may cost more.
    ['more noise', build().kind === 'discrete-gaussian' ? undefined : ask(() => bounds(build({ noise: 1.3 })))],
    ['less sampling', ask(() => bounds(build({ sampling: 0.7 })))],
    ['fewer rounds', rounds > 1 ? bounds(build(), Math.ceil(rounds / 2)) : undefined],
  ];
  const faults: string[] = [];
  for (const [name, less] of quieter) {
    if (less === undefined) continue;
    faults.push(...check(less.lower <= upper * (1 + HAIR), `${name} costs no more: ${less.lower}, ${upper}`));
  }
  const made = build();
  if (made.kind === 'poisson-sampled') {
    const whole = bounds(parseEvent(made.event));
    if (whole)
      faults.push(...check(lower <= whole.upper * (1 + HAIR), `sampling costs no more: ${lower}, ${whole.upper}`));
  }
  return faults;
}

/** δ's bounds hold each other as ε grows, and agree with those of ε. */
function deltas({ neighboring, delta, rounds, build }: Question, { lower, upper }: Answer): string[] {
  const accountant = pldAccountant({ neighboring }).compose(build(), rounds);
  const faults: string[] = [];
  const at = [0.5 * lower, lower, upper, 2 * upper + 1].map((epsilon) => ask(() => accountant.deltaBounds(epsilon)));
  for (const [i, bounds] of at.entries()) {
    if (bounds === undefined) continue;
    const inOrder = bounds.lower >= 0 && bounds.lower <= bounds.upper && bounds.upper <= 1;
    faults.push(...check(inOrder, `δ in order: ${bounds.lower}, ${bounds.upper}`));
    for (const later of at.slice(i + 1)) {
      if (later)
        faults.push(...check(later.lower <= bounds.upper * (1 + HAIR), `δ falls: ${later.lower}, ${bounds.upper}`));
    }
  }
  const [, atLower, atUpper] = at;
  if (lower > 0 && atLower)
    faults.push(...check(atLower.upper >= delta * (1 - 1e-6), `δ at the lower end: ${atLower.upper}`));
  if (atUpper) faults.push(...check(atUpper.lower <= delta * (1 + 1e-6), `δ at the upper end: ${atUpper.lower}`));
  return faults;
}
