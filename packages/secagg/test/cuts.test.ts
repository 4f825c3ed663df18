// A server that lies in every message after set-up: what the search finds on paper, as the threat model says, and what real
// clients make of it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type RoundOptions, roundConfig } from '../src/index.ts';
import {
  COMPLETE_RULES,
  CUT_ROWS,
  type CutRound,
  type CutRules,
  cutTable,
  EARLIER_RULES,
  EARLIER_SIGNED_RULES,
  LyingServer,
  opensSum,
  RING_RULES,
  roundOf,
  searchCuts,
  searchTable,
} from '../src/testing/index.ts';

const none = new Set<number>();
const configOf = (options: Partial<RoundOptions> & { readonly clients: number }) =>
  roundConfig({
    vectors: { update: { length: 3, bound: 100 } },
    session: new Uint8Array(16),
    corruptFraction: 0,
    dropoutFraction: 0,
    ...options,
  });

/** Searches a plan in `round` under `rules`, and plays it to real clients of `config`. */
async function play(config: ReturnType<typeof configOf>, round: CutRound, rules: CutRules) {
  const [cut] = searchCuts(round, rules);
  const server = new LyingServer(config);
  await server.play(cut.plan, round.corrupt);
  const sum = cut.outcome.sums[0].map((place) => server.order[place]);
  return { onPaper: cut.smallest, opened: await opensSum(server, sum), refusals: server.refusals };
}

describe('the search', () => {
  const rows = CUT_ROWS.filter(({ clients }) => clients <= 150);
  const results = searchTable(rows);

  it('finds what the threat model says; pnpm bench secagg cuts --write where it should say something else', () => {
    const page = readFileSync(new URL('../../../docs/threat-model.md', import.meta.url), 'utf8').replace(/ +/g, ' ');
    for (const line of cutTable(results).split('\n').slice(2)) expect(page).toContain(line.replace(/ +/g, ' '));
  });

  it('opens less than the minimum under earlier rules and below the conditions, and never at them', () => {
    for (const row of results) {
      const { rules, note, smallest, minimumClients } = row;
      const below = rules !== 'now' || note.startsWith('one below');
      // One sum of two or more where the minimum is two: below t > k/2 there are several.
      const least = minimumClients > 2 ? minimumClients - roundOf(row).corrupt.size : 3;
      if (below) expect(smallest, `${row.graph} ${row.clients} ${note}`).toBeLessThan(least);
      else {
        expect(smallest, `${row.graph} ${row.clients} ${note}`).toBeGreaterThanOrEqual(least);
        expect(row.sums).toBe(1);
      }
    }
  });
});

describe('real clients', () => {
  it('are cut where the condition is missed by one, and not where it is met: 3t > 2(k + C½)', async () => {
    const options = { clients: 28, graph: 'harary', degree: 6, minimumClients: 26 } as const;
    const round = { clients: 28, degree: 6, threshold: 4, minimumClients: 26, corrupt: none };
    const below = configOf({ ...options, threshold: 4, guarantee: 'one-sum' });
    expect(await play(below, round, RING_RULES)).toMatchObject({ onPaper: 24, opened: true });
    expect(await play(configOf({ ...options, threshold: 5 }), round, RING_RULES)).toMatchObject({ opened: false });
    expect(() => configOf({ ...options, threshold: 4 })).toThrow(/threshold: expected an integer in \[5, 6\]/);
  });

  it('are cut where the condition is missed by one, and not where it is met: t > k/2 + C½, with colluders', async () => {
    const options = { clients: 20, graph: 'harary', degree: 8, minimumClients: 2, guarantee: 'one-sum' } as const;
    const round = { clients: 20, degree: 8, threshold: 5, minimumClients: 2, corrupt: new Set([0, 4, 8, 12, 16]) };
    const below = await play(configOf({ ...options, threshold: 5 }), round, RING_RULES);
    expect(below).toMatchObject({ onPaper: 1, opened: true });
    expect(await play(configOf({ ...options, threshold: 6 }), round, RING_RULES)).toMatchObject({ opened: false });
  });

  it.each<[string, Partial<RoundOptions> & { clients: number }, CutRules, number]>([
    [
      'a bitmap for each client of a ring',
      { clients: 60, graph: 'harary', degree: 12, threshold: 7 },
      EARLIER_RULES,
      2,
    ],
    [
      'a bitmap for each client of a ring with identities',
      { clients: 60, graph: 'harary', degree: 12, threshold: 7, identities: true },
      EARLIER_RULES,
      2,
    ],
    [
      'an arc that is told its neighbours never dealt, with identities',
      { clients: 60, graph: 'harary', degree: 12, threshold: 7, minimumClients: 40, identities: true },
      EARLIER_SIGNED_RULES,
      40,
    ],
    [
      'a bitmap for each client of a ring of 150 as it is by default',
      { clients: 150, graph: 'harary', corruptFraction: 0.01, dropoutFraction: 0.05, guarantee: 'cohort' },
      EARLIER_RULES,
      2,
    ],
    [
      'a bitmap for each client of a complete graph',
      { clients: 30, threshold: 18, minimumClients: 18 },
      EARLIER_RULES,
      18,
    ],
    [
      'survivors that did not mask with each other',
      { clients: 10, threshold: 6, minimumClients: 6 },
      { ...COMPLETE_RULES, refusesUnmasked: false },
      6,
    ],
  ])('are not cut by what cut earlier ones: %s', async (_, options, rules, minimumClients) => {
    const small = options.graph === 'harary' && options.guarantee === undefined;
    const guarantee = small ? ({ guarantee: 'one-sum', minimumClients: 2 } as const) : {};
    const config = configOf({ ...guarantee, ...options });
    const { clients, degree, threshold } = config;
    const round = { clients, degree, threshold, minimumClients, corrupt: none };
    const { onPaper, opened, refusals } = await play(config, round, rules);
    expect(onPaper).toBeLessThan(rules.acknowledged ? minimumClients : clients / 2 + 4);
    expect(opened).toBe(false);
    expect(refusals).toBeGreaterThan(0);
  });

  it('are cut by a bitmap for each where they trust the server, which no guarantee covers', async () => {
    const config = configOf({ clients: 30, mode: 'semi-honest', threshold: 18, minimumClients: 18 });
    const round = { clients: 30, degree: 29, threshold: 18, minimumClients: 18, corrupt: none };
    expect(await play(config, round, EARLIER_RULES)).toMatchObject({ opened: true, refusals: 0 });
  });
});
