import { describe, expect, it } from 'vitest';
import type { Contribution } from '../aggregate/contract.ts';
import { coordinateMedian } from '../aggregate/robust/coordinate-median.ts';
import { evaluationOnly } from '../algorithm/evaluation-only.ts';
import { fedAvg, type FedAvgUpdate } from '../algorithm/fed-avg.ts';
import { scaffold, type ScaffoldUpdate } from '../algorithm/scaffold.ts';
import { Layout } from '../model/layout.ts';
import { withEvaluationRounds } from '../pipeline/evaluation-rounds.ts';
import { type UpdatesOptions, plainUpdates } from '../pipeline/plain-updates.ts';
import { digestOfTerms } from '../pipeline/terms.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';
import { sameBits } from './bits.ts';
import { brokenLaws, checkLaws, ensure } from './law.ts';
import { pipelineLaws, type PipelineSetup } from './pipeline.ts';

const layout = Layout.of([
  { name: 'w', shape: [3, 4] },
  { name: 'b', shape: [5] },
]);
const vector = (label: string) => {
  const rng = seededRng(label);
  return Float32Array.from({ length: layout.size }, () => rng.uniform() - 0.5);
};
const contribution = (client: number): Contribution<FedAvgUpdate> => ({
  values: { update: vector(`update ${client}`) },
  weight: client + 1,
});
const setup = (options: Pick<UpdatesOptions, 'clientMomentum' | 'minimumContributors'> = {}) => ({
  create: () => plainUpdates({ algorithm: fedAvg(), layout, ...options }),
  contribution,
  ensureAggregate({ update }: FedAvgUpdate, contributions: readonly Contribution<FedAvgUpdate>[]) {
    const rule = fedAvg().aggregator(layout.size);
    const sum = rule.create();
    for (const own of contributions) rule.accumulate(sum, own);
    ensure(sameBits(rule.finalize(sum).update, update), 'the weighted mean');
  },
});

describe('plainUpdates', () => {
  checkLaws(it, pipelineLaws(setup()));

  describe('of training and evaluation rounds', () => {
    const measured = evaluationOnly({ bounds: { loss: 5 }, evaluate: () => ({ examples: 10, means: { loss: 1 } }) });
    const evaluation = plainUpdates({ algorithm: measured, layout });
    const trains = setup();
    checkLaws(
      it,
      pipelineLaws({ ...trains, create: () => withEvaluationRounds(trains.create(), { evaluation, every: 2 }) }),
    );
  });

  describe('of a robust rule', () => {
    const algorithm = () => fedAvg({ aggregate: (size: number) => coordinateMedian(size) });
    checkLaws(it, pipelineLaws({ create: () => plainUpdates({ algorithm: algorithm(), layout }), contribution }));
  });

  describe('of several slots, with momentum and a minimum', () => {
    const create = () =>
      plainUpdates({ algorithm: scaffold(), size: layout.size, clientMomentum: 0.5, minimumContributors: 3 });
    const both = (client: number): Contribution<ScaffoldUpdate> => ({
      values: { update: vector(`update ${client}`), control: vector(`control ${client}`) },
    });
    checkLaws(it, pipelineLaws({ create, contribution: both }));
  });
});

describe('pipelineLaws', () => {
  type Setup = PipelineSetup<PlainData, PlainData, PlainData, FedAvgUpdate, FedAvgUpdate>;
  const wrong = (change: (pipeline: ReturnType<Setup['create']>) => object): Setup => ({
    ...(setup() as unknown as Setup),
    create() {
      const pipeline = setup().create() as unknown as ReturnType<Setup['create']>;
      return { ...pipeline, ...change(pipeline) };
    },
  });
  let made = 0;
  it.each<[string, Setup, string]>([
    [
      'has terms of its own each time',
      wrong(() => ({ digest: new Uint8Array(32).fill(made++) })),
      'two that are made alike agree; terms have names of their own, and their digest is theirs',
    ],
    [
      'names a term twice',
      wrong(({ terms }) => {
        const twice = [...terms, terms[0]];
        return { terms: twice, digest: digestOfTerms(twice) };
      }),
      'two that are made alike agree; terms have names of their own, and their digest is theirs',
    ],
    [
      'takes any task',
      wrong((pipeline) => ({ client: () => ({ ...pipeline.client(), check: () => undefined }) })),
      'a client takes the tasks of its server, and refuses others before it trains',
    ],
    [
      'counts a client twice',
      wrong((pipeline) => ({
        server() {
          const server = pipeline.server();
          if (server.collects !== 'reports') throw new Error();
          return {
            ...server,
            open: (round: Parameters<typeof server.open>[0]) => {
              const collector = server.open(round);
              let reports = 0;
              return {
                ...collector,
                accept: (_client: string, bytes: Uint8Array) => collector.accept(`${reports++}`, bytes),
              };
            },
          };
        },
      })),
      "a second report, another round's, cut, damaged or foreign bytes are refused, and change nothing",
    ],
    [
      'encodes by a stream of its own',
      wrong((pipeline) => ({
        client() {
          const half = pipeline.client();
          if (half.sends !== 'report') throw new Error();
          return {
            ...half,
            encode: (...[task, given, options]: Parameters<typeof half.encode>) =>
              half.encode(task, { ...given, weight: 1 + made++ }, options),
          };
        },
      })),
      'encoding changes nothing, and gives the same bytes for the same arguments and stream',
    ],
  ])('catch one that %s', async (_name, own, law) => {
    expect((await brokenLaws(pipelineLaws(own))).map(({ name }) => name)).toContain(law);
  });
});
