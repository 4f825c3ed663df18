/**
 * The laws of a privacy accountant.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import { sameBits } from './bits.ts';
import { ensure, ensureRefused, type Law } from './law.ts';

/** What an accountant must be able to do, whatever its events are. */
export interface AccountantLike<E> {
  /** The accountant of everything so far and `count` further releases of `event`: this one, folded in place, or another. */
  compose(event: E, count?: number): AccountantLike<E>;
  /** An upper bound on ε at δ. */
  epsilon(delta: number): number;
  /** An upper bound on δ at ε. */
  delta(epsilon: number): number;
  serialize?(): Uint8Array;
}

/** An accountant, and events it knows. */
export interface AccountantSetup<E> {
  /** A fresh accountant. */
  create(): AccountantLike<E>;
  /** Events it has bounds for, at least two, each of which spends something at the deltas below. */
  readonly events: readonly E[];
  /** Deltas in descending order; default 1e-3, 1e-5, 1e-8. */
  readonly deltas?: readonly number[];
  /** Relative difference allowed between two upper bounds of the same thing, such as ε for two orders; default 1e-3. */
  readonly tolerance?: number;
  /** The inverse of `serialize`, where there is one. */
  deserialize?(bytes: Uint8Array): AccountantLike<E>;
}

/** Privacy loss only grows, in whatever order it is spent, and ε and δ tell the same story. */
export function accountantLaws<E>(setup: AccountantSetup<E>): Law[] {
  checkOptions('accountantLaws', setup, {
    create: true,
    events: true,
    deltas: true,
    tolerance: true,
    deserialize: true,
  } satisfies OptionNames<typeof setup>);
  const { events, deltas = [1e-3, 1e-5, 1e-8], tolerance = 1e-3 } = setup;
  const spent = (list: readonly E[]): AccountantLike<E> =>
    list.reduce((accountant: AccountantLike<E>, event) => accountant.compose(event), setup.create());
  const close = (a: number, b: number): boolean => Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
  return [
    {
      name: 'nothing spent is nothing lost, or no question to ask',
      run() {
        for (const ask of [
          ...deltas.map((delta) => () => setup.create().epsilon(delta)),
          () => setup.create().delta(1),
        ]) {
          let loss = 0;
          try {
            loss = ask();
          } catch (error) {
            ensureRefused('nothing composed', ['INVALID_ARGUMENT'], () => {
              throw error;
            });
          }
          ensure(loss === 0, `a loss of 0, got ${loss}`);
        }
      },
    },
    {
      name: 'ε falls as δ grows and δ falls as ε grows, within their ranges',
      run() {
        for (const event of events) {
          const accountant = spent([event]);
          const epsilons = deltas.map((delta) => accountant.epsilon(delta));
          ensure(
            epsilons.every((epsilon, i) => epsilon >= 0 && (i === 0 || epsilon >= epsilons[i - 1])),
            `ε that does not fall over δ = ${deltas.join(', ')}, got ${epsilons.join(', ')}`,
          );
          const bounds = [0, 0.1, 1, 10].map((epsilon) => accountant.delta(epsilon));
          ensure(
            bounds.every((delta, i) => delta >= 0 && delta <= 1 && (i === 0 || delta <= bounds[i - 1])),
            `δ in [0, 1] that does not grow, got ${bounds.join(', ')}`,
          );
        }
      },
    },
    {
      name: 'the δ at an ε is no more than the δ that ε was for',
      run() {
        for (const event of events) {
          const accountant = spent([event, event]);
          for (const delta of deltas) {
            const epsilon = accountant.epsilon(delta);
            if (!Number.isFinite(epsilon)) continue;
            const back = accountant.delta(epsilon);
            ensure(back <= delta * (1 + tolerance), `δ ≤ ${delta} at ε = ${epsilon}, got ${back}`);
          }
        }
      },
    },
    {
      name: 'spending more never costs less',
      run() {
        let accountant = setup.create();
        let last = deltas.map(() => 0);
        for (const event of [...events, ...events]) {
          accountant = accountant.compose(event);
          const now = deltas.map((delta) => accountant.epsilon(delta));
          now.forEach((epsilon, i) => ensure(epsilon >= last[i] * (1 - tolerance), `ε ≥ ${last[i]}, got ${epsilon}`));
          last = now;
        }
      },
    },
    {
      name: 'a count is as many compositions',
      run() {
        for (const event of events) {
          const counted = setup.create().compose(event, 3);
          const single = spent([event, event, event]);
          for (const delta of deltas) {
            ensure(close(counted.epsilon(delta), single.epsilon(delta)), `count 3 to be three times, at δ = ${delta}`);
          }
        }
      },
    },
    {
      name: 'the order of events does not matter',
      run() {
        const there = spent(events);
        const back = spent([...events].reverse());
        for (const delta of deltas) ensure(close(there.epsilon(delta), back.epsilon(delta)), `one ε at δ = ${delta}`);
      },
    },
    {
      name: 'serialized accountants go on alike',
      run() {
        const accountant = spent(events);
        if (setup.deserialize === undefined || accountant.serialize === undefined) return;
        const bytes = accountant.serialize();
        const revived = setup.deserialize(bytes.slice());
        ensure(sameBits(revived.serialize?.(), bytes), 'the same bytes again');
        for (const delta of deltas) {
          ensure(revived.epsilon(delta) === accountant.epsilon(delta), `the same ε at δ = ${delta}`);
        }
        const [here, there] = [accountant.compose(events[0]), revived.compose(events[0])];
        for (const delta of deltas) {
          ensure(there.epsilon(delta) === here.epsilon(delta), `the same ε after a further event, at δ = ${delta}`);
        }
        for (const length of [0, 1, bytes.length - 1]) {
          ensureRefused(`${length} bytes`, ['DECODE_FAILED'], () => setup.deserialize?.(bytes.slice(0, length)));
        }
      },
    },
    {
      name: 'what is no probability, no loss and no count is refused, and changes nothing',
      run() {
        const accountant = spent([events[0]]);
        const before = accountant.epsilon(deltas[0]);
        for (const delta of [-1e-9, 1.5, Number.NaN]) {
          ensureRefused(`δ = ${delta}`, ['OUT_OF_RANGE'], () => accountant.epsilon(delta));
        }
        for (const epsilon of [-1, Number.NaN]) {
          ensureRefused(`ε = ${epsilon}`, ['OUT_OF_RANGE'], () => accountant.delta(epsilon));
        }
        for (const count of [-1, 1.5, Number.NaN]) {
          ensureRefused(`a count of ${count}`, ['OUT_OF_RANGE'], () => accountant.compose(events[0], count));
        }
        ensure(accountant.epsilon(deltas[0]) === before, 'refusals not to be counted');
      },
    },
  ];
}
