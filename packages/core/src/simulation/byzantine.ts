/**
 * Clients of a simulated round that send what an attack forges.
 *
 * @module
 */
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import type { Rng } from '../random.ts';
import type { Attack } from './attacks.ts';

/** Who attacks, and how. */
export interface Byzantine {
  /** Who they are: names, or a function that tells them. The others stay honest throughout. */
  readonly clients: readonly ClientId[] | ((client: ClientId) => boolean);
  /** Given every slot of the honest updates in turn; numbers are vectors of one value to it. */
  readonly attack: Attack;
}

/** Whether a client is one of them. */
export function isByzantine({ clients }: Byzantine): (client: ClientId) => boolean {
  if (typeof clients === 'function') return clients;
  const named = new Set(clients);
  return (client) => named.has(client);
}

/** The contribution that a Byzantine client sends after `honest`, at least one: with their mean weight, if they have weights. */
export function forge<U extends Update>(attack: Attack, honest: readonly Contribution<U>[], rng: Rng): Contribution<U> {
  const names = Object.keys(honest[0].values) as (keyof U & string)[];
  const values = Object.fromEntries(
    names.map((name) => {
      const scalar = typeof honest[0].values[name] === 'number';
      const slots = honest.map(({ values: own }) =>
        scalar ? Float32Array.of(own[name] as number) : (own[name] as Float32Array),
      );
      const forged = attack.forge(slots, rng);
      return [name, scalar ? forged[0] : forged];
    }),
  ) as U;
  if (honest.some(({ weight }) => weight === undefined)) return { values };
  return { values, weight: honest.reduce((sum, { weight }) => sum + (weight as number), 0) / honest.length };
}
