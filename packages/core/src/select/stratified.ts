/**
 * Cohorts that mirror the federation: every stratum in proportion to its size.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkInteger, checkOptions, type OptionNames } from '../check.ts';
import { shuffle } from '../random.ts';
import { checkAvailable } from './available.ts';
import type { Selector } from './contract.ts';
import type { NoSampling } from './sampling-scheme.ts';

/** Options of {@link stratifiedSelection}. */
export interface StratifiedSelectionOptions {
  /** Clients in a cohort, ≥ 1. */
  readonly cohort: number;
  /** The group of a client: a region, a kind of device, a dominant label. */
  readonly stratum: (client: ClientId) => string;
}

/**
 * Exactly `cohort` clients: places are divided among strata in proportion to the available clients in each (largest
 * remainders, ties to the stratum whose name comes first), and within a stratum filled uniformly without replacement.
 *
 * Its sampling scheme is `none`: shares differ between strata, and a client's stratum may itself tell of its data.
 *
 * @throws FedkitError `OUT_OF_RANGE` if `cohort` is not an integer ≥ 1.
 */
export function stratifiedSelection(options: StratifiedSelectionOptions): Selector<NoSampling> {
  checkOptions('stratifiedSelection', options, {
    cohort: true,
    stratum: true,
  } satisfies OptionNames<StratifiedSelectionOptions>);
  const { cohort, stratum } = options;
  checkInteger('stratifiedSelection: cohort', cohort, 1);
  return {
    kind: 'stratified',
    scheme: 'none',
    select(available, rng) {
      checkAvailable('stratifiedSelection.select', available, cohort);
      const places = new Map<string, number[]>();
      available.forEach((client, place) => {
        const name = stratum(client);
        const group = places.get(name);
        if (group) group.push(place);
        else places.set(name, [place]);
      });
      const groups = [...places].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
      const seats = divide(
        cohort,
        groups.map((group) => group.length),
      );
      const drawn = groups.flatMap((group, g) => shuffle(group, rng, seats[g]).slice(0, seats[g]));
      return {
        clients: drawn.sort((a, b) => a - b).map((place) => available[place]),
        scheme: { kind: 'none' },
      };
    },
  };
}

/** `seats` in proportion to `sizes`, by largest remainders in exact integers; never more than a size. */
export function divide(seats: number, sizes: readonly number[]): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const shares = sizes.map((size) => Math.floor((seats * size) / total));
  const remainder = (g: number): number => seats * sizes[g] - shares[g] * total;
  const left = seats - shares.reduce((sum, share) => sum + share, 0);
  const order = sizes.map((_, g) => g).sort((a, b) => remainder(b) - remainder(a) || a - b);
  for (const g of order.slice(0, left)) shares[g]++;
  return shares;
}
