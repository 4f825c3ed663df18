// A server that tells clients different things, played to the clients of protocol version 1 and to today's: what the kit's search
// finds against the earlier rules, on real clients of both. It fails where an earlier client withstands or a client of today opens.
// pnpm bench secagg attack [commit, default 026a3b0] [most clients, default 1000]
import { type RoundOptions, roundConfig } from '@fedkit/secagg';
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

/** The same plan to today's clients, at the same degree and threshold where their conditions allow them, else at their own. */
async function today({ options, degree, threshold }: Row, plan: Parameters<LyingServer['play']>[0], sum: number[]) {
  const usual = { vectors: { update: { length: 3, bound: 100 } }, session: new Uint8Array(16), ...options };
  const { degree: _, threshold: __, minimumClients: ___, ...free } = usual;
  const onRing = options.graph === 'harary';
  let config: ReturnType<typeof roundConfig>;
  try {
    config = roundConfig(onRing ? { ...usual, degree, threshold, guarantee: 'one-sum' } : usual);
  } catch {
    config = roundConfig(free);
  }
  const server = new LyingServer(config);
  await server.play(plan, new Set());
  const members = sum.map((place) => server.order[place]);
  const opened = await opensSum(server, members);
  return { graph: `${config.degree}/${config.threshold}`, opened, refusals: server.refusals };
}

const machine = yardstick();
const earlier = checkout(commit);
const results = [];
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
    const configured = { vectors: { update: { length: 3, bound: 100 } }, session: new Uint8Array(16), ...options };
    const opened = await new EarlierServer(lib, configured).opens(cut.plan, sum);
    const now = await today(row, cut.plan, sum);
    const minimum = lib.roundConfig(configured).minimumClients as number;
    results.push({
      graph: options.graph === 'complete' ? 'complete' : options.identities === true ? 'ring, identities' : 'ring',
      clients: options.clients,
      minimum,
      earlier: { graph: `${degree}/${threshold}`, sum: sum.length, opened },
      now,
    });
  }
} finally {
  earlier.remove();
}
console.log(
  table(
    ['graph', 'n', 'minimum', `${commit} at`, 'exact sum over', 'opened', 'today at', 'opened', 'refusals'],
    results.map(({ graph, clients, minimum, earlier: before, now }) => [
      graph,
      `${clients}`,
      `${minimum}`,
      before.graph,
      `${before.sum}`,
      before.opened ? 'yes' : 'no',
      now.graph,
      now.opened ? 'yes' : 'no',
      `${now.refusals}`,
    ]),
  ),
);
writeResults('secagg-attack', { commit, results }, machine());
if (results.some(({ earlier: before, now, minimum }) => !before.opened || before.sum >= minimum || now.opened)) {
  console.error('an earlier client withstood, or a client of today opened a sum');
  process.exitCode = 1;
}
