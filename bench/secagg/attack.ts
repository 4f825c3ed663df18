// A server that tells clients different things, played to the clients of protocol version 1 and to today's: what the kit's search
// finds against the earlier rules, on real clients of both. It fails where an earlier client withstands or a client of today opens.
// pnpm bench secagg attack [commit, default 026a3b0] [most clients, default 1000]
import { type RoundConfig, type RoundOptions, roundConfig } from '@fedkit/secagg';
import {
  type CutRound,
  type CutRules,
  EARLIER_RULES,
  EARLIER_SIGNED_RULES,
  LyingServer,
  opensSum,
  searchCuts,
} from '@fedkit/secagg/testing';
import { table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { checkout } from './baseline.ts';
import { EarlierServer, earlierModules } from './earlier-server.ts';

const [commit = '026a3b0', most = '1000'] = process.argv.slice(2);

interface Row {
  readonly options: Omit<RoundOptions, 'vectors' | 'session'>;
  /** Degree and threshold of version 1, and the least of survivors its clients counted themselves. */
  readonly degree: number;
  readonly threshold: number;
  readonly counted: number;
  readonly rules: CutRules;
}

const ring = (
  clients: number,
  [corruptFraction, dropoutFraction]: readonly [number, number],
  [degree, threshold]: readonly [number, number],
  signed = false,
): Row => ({
  options: { clients, graph: 'harary', corruptFraction, dropoutFraction, degree, threshold, identities: signed },
  degree,
  threshold,
  // Without signatures the number of survivors was the server's word on a ring.
  counted: signed ? Math.ceil((1 - dropoutFraction) * clients) : 2,
  rules: signed ? EARLIER_SIGNED_RULES : EARLIER_RULES,
});
const complete = (clients: number, dropoutFraction: number, threshold: number): Row => ({
  options: { clients, graph: 'complete', corruptFraction: 0, dropoutFraction, threshold, minimumClients: threshold },
  degree: clients - 1,
  threshold,
  counted: threshold,
  rules: EARLIER_RULES,
});

const ROWS: readonly Row[] = [
  ring(101, [0, 0.05], [12, 7]),
  ring(150, [0.01, 0.05], [16, 9]),
  ring(300, [0.05, 0.1], [60, 38]),
  ring(1000, [0, 0.05], [30, 16], true),
  complete(50, 0.4, 30),
  complete(100, 0.3, 70),
].filter(({ options }) => options.clients <= Number(most));

type Plan = Parameters<LyingServer['play']>[0];

const usualOf = ({ options }: Row): RoundOptions => ({
  vectors: { update: { length: 3, bound: 100 } },
  session: new Uint8Array(16),
  ...options,
});

/** A plan to today's clients. */
async function play(config: RoundConfig, plan: Plan, sum: readonly number[]) {
  const server = new LyingServer(config);
  await server.play(plan, new Set());
  const members = sum.map((place) => server.order[place]);
  const opened = await opensSum(server, members);
  return { graph: `${config.degree}/${config.threshold}`, sum: sum.length, opened, refusals: server.refusals };
}

/** The same plan at the same degree and threshold, of which the weaker guarantee holds. */
function today(row: Row, plan: Plan, sum: readonly number[]) {
  const guarantee = row.options.graph === 'harary' ? ({ guarantee: 'one-sum' } as const) : {};
  return play(roundConfig({ ...usualOf(row), ...guarantee }), plan, sum);
}

/** What would cut earlier clients at today's own degree and threshold, to today's. */
async function byDefault(row: Row) {
  const { degree: _, threshold: __, minimumClients: ___, ...free } = usualOf(row);
  const config = roundConfig(free);
  const { clients, degree, threshold } = config;
  const least = row.rules.acknowledged || config.graph === 'complete' ? config.minimumClients : 2;
  const [cut] = searchCuts({ clients, degree, threshold, minimumClients: least, corrupt: new Set() }, row.rules);
  return cut === undefined ? undefined : play(config, cut.plan, cut.outcome.sums[0]);
}

const machine = yardstick();
const earlier = checkout(commit);
interface Result {
  readonly graph: string;
  readonly clients: number;
  readonly minimum: number;
  readonly earlier: { readonly graph: string; readonly sum: number; readonly opened: boolean };
  readonly now: Awaited<ReturnType<typeof play>>;
  readonly standard: Awaited<ReturnType<typeof play>> | undefined;
}
const results: Result[] = [];
try {
  const lib = await earlierModules(earlier.root);
  for (const row of ROWS) {
    const { options, degree, threshold, counted, rules } = row;
    const round: CutRound = {
      clients: options.clients,
      degree,
      threshold,
      minimumClients: counted,
      corrupt: new Set(),
    };
    const [cut] = searchCuts(round, rules);
    const sum = [...cut.outcome.sums[0]];
    const configured = usualOf(row);
    const opened = await new EarlierServer(lib, { ...configured }).opens(cut.plan, sum);
    const now = await today(row, cut.plan, sum);
    const minimum = lib.roundConfig(configured).minimumClients as number;
    results.push({
      graph: options.graph === 'complete' ? 'complete' : options.identities === true ? 'ring, identities' : 'ring',
      clients: options.clients,
      minimum,
      earlier: { graph: `${degree}/${threshold}`, sum: sum.length, opened },
      now,
      standard: await byDefault(row),
    });
  }
} finally {
  earlier.remove();
}
console.log(
  table(
    [
      'graph',
      'n',
      'minimum',
      `${commit} at`,
      'exact sum over',
      'opened',
      'today at',
      'opened',
      'refusals',
      'today by default',
      'on paper',
      'opened',
      'refusals',
    ],
    results.map(({ graph, clients, minimum, earlier: before, now, standard }) => [
      graph,
      `${clients}`,
      `${minimum}`,
      before.graph,
      `${before.sum}`,
      before.opened ? 'yes' : 'no',
      now.graph,
      now.opened ? 'yes' : 'no',
      `${now.refusals}`,
      ...(standard === undefined
        ? ['no cut found', '', '', '']
        : [standard.graph, `${standard.sum}`, standard.opened ? 'yes' : 'no', `${standard.refusals}`]),
    ]),
  ),
);
writeResults('secagg-attack', { commit, results }, machine());
const isWrong = ({ earlier: before, now, standard, minimum }: Result): boolean =>
  !before.opened || before.sum >= minimum || now.opened || standard?.opened === true;
if (results.some(isWrong)) {
  console.error('an earlier client withstood, or a client of today opened a sum');
  process.exitCode = 1;
}
