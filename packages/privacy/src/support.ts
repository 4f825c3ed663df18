/**
 * Which accountant has a sound bound for which event under which relation: the matrix itself, which the accountants
 * obey, the documentation prints and the tests walk through.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { LEAST_DOMINATED_STD } from './event/dominating-gaussian.ts';
import type { DiscreteGaussianEvent, LeafEvent } from './event/types.ts';
import type { Neighboring } from './neighboring.ts';

/** The two accountants. */
export type AccountantKind = 'pld' | 'rdp';

/**
 * - `tight`: some mechanism that the event describes attains the bound (up to the stated width).
 * - `bound`: an upper bound that none need attain; the lower end of an interval then bounds the pair, not the mechanism.
 */
export type Support = 'tight' | 'bound';

/** One row of the matrix. A relation that is missing has no sound bound and is refused. */
export interface SupportRow {
  /** The kind of the event, of what it samples where it samples, and its shape where that matters. */
  readonly event: string;
  readonly pld: Readonly<Partial<Record<Neighboring, Support>>>;
  readonly rdp: Readonly<Partial<Record<Neighboring, Support>>>;
}

const EVERY = (support: Support): SupportRow['pld'] => ({
  'add-or-remove': support,
  'replace-one': support,
  'replace-special': support,
});
const REPLACING: SupportRow['pld'] = { 'replace-one': 'tight', 'replace-special': 'tight' };
const JOINING = (support: Support): SupportRow['pld'] => ({ 'add-or-remove': support, 'replace-special': support });

/** Every event that some accountant takes. Compositions are taken wherever all of their parts are. */
export const supportMatrix: readonly SupportRow[] = [
  { event: 'gaussian', pld: EVERY('tight'), rdp: EVERY('tight') },
  { event: 'laplace', pld: EVERY('tight'), rdp: EVERY('tight') },
  { event: 'discrete-gaussian (scalar)', pld: EVERY('tight'), rdp: EVERY('bound') },
  { event: 'discrete-gaussian (wide)', pld: EVERY('bound'), rdp: EVERY('bound') },
  { event: 'discrete-gaussian', pld: {}, rdp: EVERY('bound') },
  { event: 'distributed-discrete-gaussian', pld: {}, rdp: EVERY('bound') },
  { event: 'discrete-laplace', pld: EVERY('tight'), rdp: EVERY('tight') },
  { event: 'skellam', pld: {}, rdp: EVERY('bound') },
  { event: 'randomized-response', pld: REPLACING, rdp: REPLACING },
  { event: 'exponential', pld: {}, rdp: EVERY('tight') },
  { event: 'zcdp', pld: {}, rdp: EVERY('tight') },
  { event: 'epsilon-delta', pld: EVERY('tight'), rdp: EVERY('tight') },
  { event: 'mixture-of-gaussians', pld: JOINING('tight'), rdp: {} },
  { event: 'poisson-sampled gaussian', pld: EVERY('tight'), rdp: JOINING('tight') },
  { event: 'poisson-sampled laplace', pld: JOINING('tight'), rdp: JOINING('bound') },
  { event: 'poisson-sampled discrete-gaussian (scalar)', pld: JOINING('tight'), rdp: JOINING('bound') },
  { event: 'poisson-sampled discrete-gaussian (wide)', pld: EVERY('bound'), rdp: JOINING('bound') },
  { event: 'poisson-sampled discrete-gaussian', pld: {}, rdp: JOINING('bound') },
  { event: 'poisson-sampled distributed-discrete-gaussian', pld: {}, rdp: JOINING('bound') },
  { event: 'poisson-sampled discrete-laplace', pld: JOINING('tight'), rdp: JOINING('bound') },
  { event: 'poisson-sampled skellam', pld: {}, rdp: JOINING('bound') },
  { event: 'poisson-sampled zcdp', pld: {}, rdp: JOINING('bound') },
  { event: 'poisson-sampled epsilon-delta', pld: JOINING('tight'), rdp: {} },
  { event: 'truncated-poisson-sampled gaussian', pld: EVERY('bound'), rdp: {} },
  { event: 'sampled-without-replacement gaussian', pld: {}, rdp: { 'replace-one': 'bound' } },
  { event: 'tree-aggregation', pld: {}, rdp: { 'replace-special': 'bound' } },
];

const rows = new Map(supportMatrix.map((row) => [row.event, row]));

/** The row's name of an event. */
export function supportName(event: LeafEvent): string {
  if ('event' in event) return `${event.kind} ${supportName(event.event as LeafEvent)}`;
  if (event.kind !== 'discrete-gaussian') return event.kind;
  if (isScalar(event)) return 'discrete-gaussian (scalar)';
  return event.noiseStd >= LEAST_DOMINATED_STD ? 'discrete-gaussian (wide)' : 'discrete-gaussian';
}

/** True for discrete Gaussian noise on one integer of bounded size, whose loss distribution is known. */
export function isScalar(event: DiscreteGaussianEvent): boolean {
  return event.dimension === 1 && Number.isInteger(event.recordNorm);
}

/** Whether {@link checkSupported} would accept. */
export function hasSupport(event: LeafEvent, accountant: AccountantKind, neighboring: Neighboring): boolean {
  return rows.get(supportName(event))?.[accountant][neighboring] !== undefined;
}

/** @throws FedkitError `UNSUPPORTED_EVENT`, naming what would be supported, unless the matrix has the combination. */
export function checkSupported(event: LeafEvent, accountant: AccountantKind, neighboring: Neighboring): Support {
  const name = supportName(event);
  const row = rows.get(name);
  const support = row?.[accountant][neighboring];
  if (support === undefined) {
    const others = row === undefined ? [] : describeRow(row);
    throw new FedkitError(
      'UNSUPPORTED_EVENT',
      `${accountant}Accountant: expected an event with a sound ${accountant} bound under ${neighboring}, got ${name}` +
        (others.length > 0 ? `; supported for it: ${others.join(', ')}` : ''),
      { details: { event: name, accountant, neighboring, supported: others } },
    );
  }
  return support;
}

function describeRow(row: SupportRow): string[] {
  return (['pld', 'rdp'] as const).flatMap((kind) => Object.keys(row[kind]).map((relation) => `${kind} ${relation}`));
}
