/**
 * A part of a cohort, drawn as evenly as the cohort itself.
 *
 * @module
 */
import type { Rng } from '../random.ts';
import { toss } from './coin.ts';
import type { Cohort } from './contract.ts';
import { uniformSelection } from './uniform.ts';

/**
 * A `share` in (0, 1] of a cohort: of one of a fixed size the nearest whole number of clients, but `least` where there are as many;
 * of a Poisson one each with this probability. The scheme says so.
 */
export function partOf(cohort: Cohort, share: number, least: number, rng: Rng): Cohort {
  const { clients, scheme } = cohort;
  if (share === 1 || clients.length === 0) return cohort;
  if (scheme.kind === 'poisson') {
    const probability = scheme.probability * share;
    return { clients: clients.filter(() => toss(rng, share)), scheme: { kind: 'poisson', probability } };
  }
  const size = partSize(clients.length, share, least);
  return {
    clients: uniformSelection({ cohort: size }).select(clients, rng).clients,
    scheme: scheme.kind === 'fixed' ? { ...scheme, cohort: size } : scheme,
  };
}

/** How many that is of a cohort of `size` clients that is not a Poisson one. */
export function partSize(size: number, share: number, least: number): number {
  return share === 1 ? size : Math.min(size, Math.max(1, least, Math.round(share * size)));
}
