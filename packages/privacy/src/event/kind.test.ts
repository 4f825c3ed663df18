import { describe, expect, it } from 'vitest';
import { pldAccountant } from '../pld/accountant.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { event } from './event.ts';
import { parseEvent } from './parse-event.ts';
import type { DpEvent } from './types.ts';

const gaussian = event.gaussian({ noiseStd: 2, recordNorm: 1 });
const laplace = event.laplace({ scale: 2, recordNorm: 1 });

const events: DpEvent[] = [
  gaussian,
  laplace,
  event.discreteGaussian({ noiseStd: 3, recordNorm: 1, dimension: 1 }),
  event.distributedDiscreteGaussian({ localNoiseStd: 2, contributors: 4, recordNorm: 1, dimension: 2 }),
  event.discreteLaplace({ scale: 3, recordNorm: 2 }),
  event.skellam({ variance: 9, recordNorm: 1 }),
  event.randomizedResponse({ noiseProbability: 0.5, buckets: 3 }),
  event.exponential({ epsilon: 0.5 }),
  event.zcdp({ rho: 0.1 }),
  event.epsilonDelta({ epsilon: 0.5, delta: 1e-9 }),
  event.mixtureOfGaussians({ noiseStd: 2, norms: [0, 1], probabilities: [0.9, 0.1] }),
  event.poissonSampled(0.1, laplace),
  event.truncatedPoissonSampled({ population: 100, probability: 0.1, maxCohort: 20 }, gaussian),
  event.sampledWithoutReplacement({ population: 100, cohort: 5 }, gaussian),
  event.treeAggregation({ noiseStd: 4, recordNorm: 1, steps: [3] }),
  event.selfComposed(gaussian, 3),
  event.composed([gaussian, laplace]),
];

/** What every accountant says of an event under every relation: a number, or how it refuses. */
function answers(made: DpEvent): unknown[] {
  return (['add-or-remove', 'replace-one', 'replace-special'] as const).flatMap((neighboring) =>
    [pldAccountant, rdpAccountant].map((make) => {
      try {
        return make({ neighboring }).compose(made).epsilon(1e-5);
      } catch (error) {
        return (error as Error).message;
      }
    }),
  );
}

const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('parseEvent') });

describe('an event as data', () => {
  it('is of every kind that has a maker', () => {
    expect(new Set(events.map(({ kind }) => kind)).size).toBe(Object.keys(event).length);
  });

  it.each(events)('$kind: parsed, it is what the maker made', (made) => {
    const text = JSON.stringify(made);
    const parsed = parseEvent(JSON.parse(text));
    expect(parsed).toEqual(made);
    expect(JSON.stringify(parsed)).toBe(text);
    const found = answers(parsed);
    expect(found).toEqual(answers(made));
    expect(found.some((answer) => typeof answer === 'number' && answer > 0)).toBe(true);
  });

  it.each(events)('$kind: is refused until it is parsed, wherever an event is due', (made) => {
    const data = structuredClone(made) as DpEvent;
    expect(data).toEqual(made);
    for (const make of [pldAccountant, rdpAccountant]) {
      expect(() => make({ neighboring: 'add-or-remove' }).compose(data)).toThrow(refused);
    }
    expect(() => event.poissonSampled(0.5, data)).toThrow(refused);
    expect(() => event.selfComposed(data, 2)).toThrow(refused);
    expect(() => event.composed([gaussian, data])).toThrow(refused);
  });

  it('does not compile where an event is due', () => {
    const accountant = pldAccountant({ neighboring: 'add-or-remove' });
    // @ts-expect-error data that no maker made
    expect(() => accountant.compose({ kind: 'gaussian', noiseStd: 1, recordNorm: 1 })).toThrow(refused);
    // What is spread looks like an event to the compiler, and is a copy without a maker.
    expect(() => accountant.compose({ ...gaussian, noiseStd: 0.5 })).toThrow(refused);
    expect(accountant.epsilon(1e-5)).toBe(0);
  });

  it.each(['constructor', '__proto__', 'gauss', '', 7, undefined])('of the kind %s is refused', (kind) => {
    const error = expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('kind') });
    expect(() => parseEvent({ kind })).toThrow(error);
  });

  it('is checked as its maker checks it, within others too', () => {
    const outOfRange = expect.objectContaining({ code: 'OUT_OF_RANGE' });
    const noise = { kind: 'gaussian', noiseStd: -1, recordNorm: 1 };
    expect(() => parseEvent(noise)).toThrow(outOfRange);
    expect(() => parseEvent({ kind: 'poisson-sampled', probability: 0.1, event: noise })).toThrow(outOfRange);
    expect(() => parseEvent({ kind: 'composed', events: [gaussian, noise] })).toThrow(outOfRange);
    expect(() => parseEvent({ kind: 'self-composed', count: 0, event: gaussian })).toThrow(outOfRange);
  });
});

it('an event that was changed after it was made is checked anew', () => {
  const changed = event.gaussian({ noiseStd: 2, recordNorm: 1 });
  Object.assign(changed, { noiseStd: Number.NaN });
  expect(() => pldAccountant({ neighboring: 'add-or-remove' }).compose(changed)).toThrow(
    expect.objectContaining({ code: 'OUT_OF_RANGE' }),
  );
  Object.assign(changed, { noiseStd: 4 });
  const epsilon = (e: DpEvent) => pldAccountant({ neighboring: 'add-or-remove' }).compose(e).epsilon(1e-5);
  expect(epsilon(changed)).toBe(epsilon(event.gaussian({ noiseStd: 4, recordNorm: 1 })));
});
