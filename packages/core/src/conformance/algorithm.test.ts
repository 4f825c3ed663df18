import { describe, expect, it } from 'vitest';
import { brokenNames } from '../../test/support/broken-names.ts';
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import type { Algorithm } from '../algorithm/contract.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { FedkitError } from '../errors.ts';
import type { NoState } from '../plain-data.ts';
import { algorithmLaws } from './algorithm.ts';
import { checkLaws } from './law.ts';

describe('algorithm laws', () => {
  type Params = { readonly params: Float32Array };
  type Averaging = Algorithm<Params, Params, NoState, { update: Float32Array }, { update: Float32Array }>;
  const finite = (values: Float32Array): void => {
    if (!values.every(Number.isFinite)) throw new FedkitError('OUT_OF_RANGE', 'test: expected finite values');
  };
  const right: Averaging = {
    kind: 'averaging',
    init(params) {
      finite(params);
      return { params: params.slice() };
    },
    params: ({ params }) => params,
    broadcast: ({ params }) => ({ params }),
    async clientRound({ broadcast, trainer, options }) {
      const { values, ...local } = await trainer.train(broadcast.params, {}, options);
      return { contribution: { values: { update: values }, weight: local.examples }, state: {}, local };
    },
    aggregator: (size) => record({ update: weightedMean(size) }) as unknown as ReturnType<Averaging['aggregator']>,
    serverStep({ params }, { update }) {
      if (update.length !== params.length) throw new FedkitError('SHAPE_MISMATCH', 'test: expected one length');
      finite(update);
      return { params: params.map((value, c) => value + update[c]) };
    },
  };
  const info = { round: 1, cohort: 4, population: 4 };
  checkLaws(it, algorithmLaws({ algorithm: right }));

  const mistakes: [string, Partial<Averaging>, string][] = [
    [
      'init that keeps its argument',
      { init: (params) => ({ params }) },
      'starts at the parameters it is given, and refuses non-finite ones',
    ],
    [
      'server step in place',
      {
        serverStep(state, { update }) {
          update.forEach((value, c) => (state.params[c] += value));
          return state;
        },
      },
      'serverStep changes nothing it is given',
    ],
    [
      'client that trains the broadcast',
      {
        async clientRound(round) {
          const report = await right.clientRound(round);
          round.broadcast.params[0] += 1;
          return report;
        },
      },
      'broadcast and clientRound change nothing they are given',
    ],
    [
      'client that ignores its signal',
      {
        clientRound: ({ options, ...round }) => {
          const { signal: _signal, ...rest } = options;
          return right.clientRound({ ...round, options: rest });
        },
      },
      'what a trainer throws comes through, and leaves the states as they were',
    ],
    [
      'server that climbs',
      {
        serverStep: ({ params }, { update }) =>
          right.serverStep({ params }, { update: update.map((value) => -value) }, info),
      },
      'what all clients want is approached',
    ],
    ['server that does nothing', { serverStep: (state) => state }, 'rounds change the model, and keep its size'],
    [
      'server that checks nothing',
      { serverStep: ({ params }, { update }) => ({ params: params.map((value, c) => value + update[c]) }) },
      'aggregates of another size and non-finite ones are refused, and the state holds',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, mistake, law) => {
    expect(await brokenNames(algorithmLaws({ algorithm: { ...right, ...mistake } }))).toContain(law);
  });

  describe('of algorithms with a mirror', () => {
    const mirror = {
      server: ({ control }: { control: Float32Array }) => control,
      client: ({ control }: { control: Float32Array }) => control,
    };
    const broken = (change: Partial<ReturnType<typeof scaffold<NoState>>>) =>
      brokenNames(algorithmLaws({ algorithm: { ...scaffold(), ...change }, mirror }));

    it('find clients that keep what they computed in the place of what was counted', async () => {
      const forgetful = Object.fromEntries(Object.entries(scaffold()).filter(([name]) => name !== 'settle'));
      const found = await brokenNames(
        algorithmLaws({ algorithm: forgetful as unknown as ReturnType<typeof scaffold<NoState>>, mirror }),
      );
      expect(found.filter((name) => name.includes('a contraction')).length).toBe(2);
    });

    it('find a server that never begins a new epoch', async () => {
      const found = await broken({
        serverStep: (state, aggregate, { fresh: _fresh, ...rest }) => scaffold().serverStep(state, aggregate, rest),
      });
      expect(found.some((name) => name.includes('lost its state'))).toBe(true);
    });

    it('ask where the mirror stands', async () => {
      expect(await brokenNames(algorithmLaws({ algorithm: scaffold() }))).toContain(
        'an algorithm with a mirror says where it stands',
      );
    });
  });
});
