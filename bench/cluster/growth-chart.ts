/**
 * What was measured of growth, and the same formulas further out, as a picture.
 *
 * @module
 */
import { chart, type Curve } from '../../packages/fedkit/src/experiment/chart.ts';
import type { Grown, Held } from './growth.ts';
import { type Costs, foldingTime } from './queueing.ts';

const POWERS = [1.2, 2, 3, 4, 5, 6];
const log = (value: number): number => Math.log10(value);
const marks = (label: string, points: Curve['points']): Curve => ({ label, points, marks: true });

/** Bytes over clients, memory over parameters, processor time over clients, time over workers. */
export function growthChart(costs: Omit<Costs, 'round'>, grown: readonly Grown[], held: readonly Held[]): string {
  const many = grown.filter(({ parameters }) => parameters === 1e5);
  const wide = grown.filter(({ reports }) => reports === 32);
  const shard = 16;
  const cpu = (reports: number): number =>
    foldingTime({ ...costs, round: 0 }, { reports, parameters: 1e5, shard, workers: 1, cores: 1 }).total;
  const panels = [
    {
      title: 'bytes of a round, 10^5 parameters',
      x: 'log10 of clients',
      y: 'log10 of bytes',
      curves: [
        marks(
          'reports',
          many.map((one) => [log(one.reports), log(one.reportBytes)] as const),
        ),
        { label: '4 d n', points: POWERS.map((power) => [power, power + log(4e5)] as const) },
        marks(
          'accumulators',
          many.map((one) => [log(one.reports), log(one.accumulatorBytes)] as const),
        ),
        {
          label: '16 d (n / s + 1)',
          points: POWERS.map((power) => [power, log(16e5 * (10 ** power / shard + 1))] as const),
        },
      ],
    },
    {
      title: 'memory of a worker',
      x: 'log10 of parameters',
      y: 'log10 of bytes',
      curves: [
        marks(
          'beyond an idle one',
          wide.map((one) => [log(one.parameters), log(one.memory)] as const),
        ),
        { label: '36 d', points: [5, 6, 7, 8, 9].map((power) => [power, power + log(36)] as const) },
      ],
    },
    {
      title: 'processor time of folding, 10^5 parameters',
      x: 'log10 of clients',
      y: 'log10 of seconds',
      curves: [
        marks(
          'a worker',
          many.map((one) => [log(one.reports), log(one.cpu)] as const),
        ),
        {
          label: 'of single pieces',
          points: POWERS.map((power) => [power, log(cpu(Math.round(10 ** power)))] as const),
        },
      ],
    },
    {
      title: `${held[0].tasks} tasks of ${held[0].hold} s and a merge`,
      x: 'workers',
      y: 'seconds',
      curves: [
        marks(
          'rounds',
          held.map(({ workers, measured }) => [workers, measured] as const),
        ),
        { label: 'the model of queueing', points: held.map(({ workers, predicted }) => [workers, predicted] as const) },
      ],
    },
  ];
  return chart('What a round takes as it grows', panels, 2);
}
