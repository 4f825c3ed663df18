import { describe, expect, it } from 'vitest';
import type { Selector } from '../select/contract.ts';
import { oortSelection } from '../select/oort.ts';
import { poissonSelection } from '../select/poisson.ts';
import { powerOfChoiceSelection } from '../select/power-of-choice.ts';
import { stratifiedSelection } from '../select/stratified.ts';
import { uniformSelection } from '../select/uniform.ts';
import { weightedSelection } from '../select/weighted.ts';
import { brokenLaws, checkLaws } from './law.ts';
import { selectorLaws } from './selector.ts';

const cohort = 10;

describe.each<[string, () => Selector]>([
  ['uniformSelection', () => uniformSelection({ cohort })],
  ['poissonSelection', () => poissonSelection({ probability: 0.25 })],
  ['weightedSelection', () => weightedSelection({ cohort, weight: (client) => 1 + (client.charCodeAt(10) % 5) })],
  ['stratifiedSelection', () => stratifiedSelection({ cohort, stratum: (client) => client.slice(-1) })],
  [
    'powerOfChoiceSelection',
    () => powerOfChoiceSelection({ cohort, candidates: 20, loss: (client) => client.charCodeAt(10) }),
  ],
  ['oortSelection', () => oortSelection({ cohort })],
])('%s', (_name, create) => {
  checkLaws(it, selectorLaws({ create }));
});

describe('selectorLaws', () => {
  it.each<[string, Partial<Selector>, string]>([
    [
      'draws one client more often',
      {
        select: (available, rng) => {
          const drawn = uniformSelection({ cohort: 9 }).select(available.slice(1), rng);
          return { clients: [available[0], ...drawn.clients], scheme: { kind: 'fixed', population: 40, cohort: 10 } };
        },
      },
      'clients come together as often as the scheme says, alone and in pairs',
    ],
    [
      'claims Poisson for a fixed cohort',
      {
        select: (available, rng) => ({
          clients: uniformSelection({ cohort: 10 }).select(available, rng).clients,
          scheme: { kind: 'poisson', probability: 0.9 },
        }),
      },
      'clients come together as often as the scheme says, alone and in pairs',
    ],
    [
      'names a client twice',
      { select: (available) => ({ clients: [available[0], available[0]], scheme: { kind: 'none' } }) },
      'a cohort holds clients that were available, each once, in their order',
    ],
    [
      'draws from a stream of its own',
      {
        select: (available) => ({
          clients: available.filter((_, i) => i === (counter++ % 3) + i - i),
          scheme: { kind: 'none' },
        }),
      },
      'the same stream draws the same cohort',
    ],
  ])('catch one that %s', async (_name, mistake, law) => {
    const create = () =>
      ({ ...uniformSelection({ cohort: 10 }), scheme: undefined, ...mistake }) as unknown as Selector;
    const broken = await brokenLaws(selectorLaws({ create }));
    expect(broken.map(({ name }) => name)).toContain(law);
  });
});

let counter = 0;
