import { describe, expect, it } from 'vitest';
import { brokenNames } from '../../test/support/broken-names.ts';
import { FedkitError } from '../errors.ts';
import { type AccountantLike, accountantLaws } from './accountant.ts';
import { checkLaws } from './law.ts';

describe('accountant laws', () => {
  /** Zero-concentrated differential privacy: ρ adds, ε = ρ + 2√(ρ ln 1/δ) (Bun and Steinke 2016, proposition 1.3). */
  class Concentrated implements AccountantLike<number> {
    readonly rho: number;
    constructor(rho = 0) {
      this.rho = rho;
    }
    compose(event: number, count = 1): Concentrated {
      if (!Number.isInteger(count) || count < 0) throw new FedkitError('OUT_OF_RANGE', 'compose: expected a count');
      return new Concentrated(this.rho + event * count);
    }
    epsilon(delta: number): number {
      if (!(delta > 0 && delta < 1)) throw new FedkitError('OUT_OF_RANGE', 'epsilon: expected a probability');
      return this.rho + 2 * Math.sqrt(this.rho * Math.log(1 / delta));
    }
    delta(epsilon: number): number {
      if (!(epsilon >= 0)) throw new FedkitError('OUT_OF_RANGE', 'delta: expected a loss');
      if (this.rho === 0) return 0;
      return epsilon <= this.rho ? 1 : Math.exp(-((epsilon - this.rho) ** 2) / (4 * this.rho));
    }
    serialize(): Uint8Array {
      return new Uint8Array(Float64Array.of(this.rho).buffer);
    }
  }
  const lawsOf = (create: () => AccountantLike<number>) =>
    accountantLaws({
      create,
      events: [0.01, 0.5],
      deserialize(bytes) {
        if (bytes.length !== 8) throw new FedkitError('DECODE_FAILED', 'test: expected 8 bytes');
        return new Concentrated(new Float64Array(bytes.slice().buffer)[0]);
      },
    });
  checkLaws(
    it,
    lawsOf(() => new Concentrated()),
  );

  const mistakes: [string, new () => AccountantLike<number>, string][] = [
    [
      'loss for nothing',
      class extends Concentrated {
        override epsilon = (delta: number) => super.epsilon(delta) + 0.1;
      },
      'nothing spent is nothing lost, or no question to ask',
    ],
    [
      'ε that grows with δ',
      class extends Concentrated {
        override epsilon = (delta: number) => super.epsilon(1 - delta);
        override compose = (event: number) =>
          Object.assign(new (this.constructor as typeof Concentrated)(this.rho + event));
      },
      'ε falls as δ grows and δ falls as ε grows, within their ranges',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, Wrong, law) => {
    expect(await brokenNames(lawsOf(() => new Wrong()))).toContain(law);
  });

  const wrapped = (
    change: (right: Concentrated) => Partial<AccountantLike<number>>,
    right = new Concentrated(),
  ): AccountantLike<number> => ({
    compose: (event, count) => wrapped(change, right.compose(event, count)),
    epsilon: (delta) => right.epsilon(delta),
    delta: (epsilon) => right.delta(epsilon),
    serialize: () => right.serialize(),
    ...change(right),
  });
  const changes: [string, Parameters<typeof wrapped>[0], string][] = [
    [
      'ε that forgets half',
      (right) => ({ epsilon: (delta) => right.epsilon(delta) / 2 }),
      'the δ at an ε is no more than the δ that ε was for',
    ],
    [
      'ε that refunds',
      (right) => ({ epsilon: (delta) => right.epsilon(delta) / (1 + right.rho ** 2) }),
      'spending more never costs less',
    ],
    [
      'count that is ignored',
      (right) => ({ compose: (event) => wrapped(() => ({}), right.compose(event)) }),
      'a count is as many compositions',
    ],
    [
      'order that matters',
      (right) => ({ compose: (event, count) => wrapped(changes[3][1], right.compose(event + right.rho / 2, count)) }),
      'the order of events does not matter',
    ],
    [
      'serialization that rounds',
      (right) => ({ serialize: () => new Uint8Array(Float64Array.of(Math.fround(right.rho)).buffer) }),
      'serialized accountants go on alike',
    ],
    [
      'accountant of anything',
      (right) => ({ epsilon: (delta) => (delta > 0 && delta < 1 ? right.epsilon(delta) : 0) }),
      'what is no probability, no loss and no count is refused, and changes nothing',
    ],
  ];
  it.each(changes)('find an %s', async (_name, change, law) => {
    expect(await brokenNames(lawsOf(() => wrapped(change)))).toContain(law);
  });
});
