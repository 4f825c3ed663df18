/**
 * The laws of a {@link Selector}.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { isFedkitError } from '../errors.ts';
import { seededRng } from '../random.ts';
import type { Selector } from '../select/contract.ts';
import { sameBits } from './bits.ts';
import { ensure, type Law } from './law.ts';

/** How a selector is tried. */
export interface SelectorSetup {
  /** A fresh selector; called once a law. */
  create(): Selector;
  /** Clients that are available; default 40. Enough for a cohort. */
  readonly available?: number;
  /** Cohorts drawn to compare frequencies with the scheme; default 2,000. At six standard errors a law fails by chance once in 10^7. */
  readonly draws?: number;
}

/** Draws are of those who were there, each once, repeatable, and what their scheme says: an accountant builds on it. */
export function selectorLaws(setup: SelectorSetup): Law[] {
  checkOptions('selectorLaws', setup, { create: true, available: true, draws: true } satisfies OptionNames<
    typeof setup
  >);
  const { available: count = 40, draws = 2000 } = setup;
  const available: ClientId[] = Array.from({ length: count }, (_, i) => `client ${String(i).padStart(4, '0')}`);
  const place = new Map(available.map((client, i) => [client, i]));
  return [
    {
      name: 'a cohort holds clients that were available, each once, in their order',
      run() {
        const selector = setup.create();
        for (let draw = 0; draw < 50; draw++) {
          const given = available.slice();
          const { clients } = selector.select(given, seededRng(draw));
          ensure(sameBits(given, available), 'the list of the available as it was');
          const places = clients.map((client) => place.get(client) ?? -1);
          ensure(!places.includes(-1), 'clients that were available');
          ensure(
            places.every((own, i) => i === 0 || own > places[i - 1]),
            'each once, in the order they came in',
          );
        }
      },
    },
    {
      name: 'the same stream draws the same cohort',
      run() {
        for (let draw = 0; draw < 20; draw++) {
          const [one, other] = [setup.create(), setup.create()].map((selector) =>
            selector.select(available, seededRng(draw)),
          );
          ensure(sameBits(one, other), 'the same cohort twice');
        }
      },
    },
    {
      name: 'the scheme is of the kind that is announced, and true of every cohort',
      run() {
        const selector = setup.create();
        for (let draw = 0; draw < 50; draw++) {
          const { clients, scheme } = selector.select(available, seededRng(draw));
          if (selector.scheme !== undefined) ensure(scheme.kind === selector.scheme, `a scheme of ${selector.scheme}`);
          if (scheme.kind === 'fixed') {
            ensure(scheme.population === count, `a population of ${count}, got ${scheme.population}`);
            ensure(scheme.cohort === clients.length, `${scheme.cohort} clients, got ${clients.length}`);
          }
          if (scheme.kind === 'poisson')
            ensure(scheme.probability > 0 && scheme.probability <= 1, 'a probability in (0, 1]');
        }
      },
    },
    {
      name: 'clients come together as often as the scheme says, alone and in pairs',
      run() {
        const selector = setup.create();
        const single = new Float64Array(count);
        let pairs = 0;
        let [probability, both] = [0, 0];
        for (let draw = 0; draw < draws; draw++) {
          const { clients, scheme } = selector.select(available, seededRng('frequencies').fork(draw));
          if (scheme.kind === 'none') return;
          for (const client of clients) single[place.get(client) as number]++;
          if (clients.includes(available[0]) && clients.includes(available[count - 1])) pairs++;
          const { kind } = scheme;
          probability = kind === 'fixed' ? scheme.cohort / count : scheme.probability;
          both = kind === 'fixed' ? (probability * (scheme.cohort - 1)) / (count - 1) : probability ** 2;
        }
        const within = (found: number, p: number): boolean =>
          Math.abs(found - draws * p) <= 6 * Math.sqrt(draws * p * (1 - p)) + 1e-9;
        single.forEach((found, i) =>
          ensure(within(found, probability), `${draws * probability} times client ${i}, got ${found}`),
        );
        ensure(within(pairs, both), `${draws * both} times the first and the last together, got ${pairs}`);
      },
    },
    {
      name: 'where too few are available, it is a smaller cohort or THRESHOLD_NOT_MET',
      run() {
        for (const few of [0, 1]) {
          try {
            const { clients } = setup.create().select(available.slice(0, few), seededRng(few));
            ensure(clients.length <= few, `at most ${few} clients`);
          } catch (error) {
            ensure(isFedkitError(error, 'THRESHOLD_NOT_MET'), 'THRESHOLD_NOT_MET and nothing else');
          }
        }
      },
    },
  ];
}
