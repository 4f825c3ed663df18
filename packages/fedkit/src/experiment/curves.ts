/**
 * Curves of a row over its seeds: means with their 95 % intervals at every evaluated round.
 *
 * @module
 */
import type { RowSummary } from './summary.ts';
import { estimate } from './statistics.ts';
import type { Point } from './run-cell.ts';

/** A point of a mean curve. */
export interface MeanPoint {
  readonly round: number;
  readonly mean: number;
  /** Half the 95 % interval; 0 where there is one seed alone. */
  readonly half: number;
  /** Seeds that got so far. */
  readonly seeds: number;
  /** Means over these seeds. */
  readonly bytes: number;
  readonly seconds?: number;
}

/** The mean curve of a measure. Seeds that diverged count up to their last evaluation. */
export function meanCurve({ runs }: Pick<RowSummary, 'runs'>, measure: string): MeanPoint[] {
  const byRound = new Map<number, Point[]>();
  for (const { curve } of runs) {
    for (const point of curve) byRound.set(point.round, [...(byRound.get(point.round) ?? []), point]);
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [...byRound]
    .sort(([a], [b]) => a - b)
    .flatMap(([round, points]) => {
      const values = points.map(({ measures }) => measures[measure]).filter(Number.isFinite);
      if (values.length === 0) return [];
      const { mean: middle, half } = estimate(values);
      const seconds = points.map((point) => point.seconds).filter((value) => value !== undefined);
      return [
        {
          round,
          mean: middle,
          half: Number.isFinite(half) ? half : 0,
          seeds: values.length,
          bytes: mean(points.map(({ bytesUp, bytesDown }) => bytesUp + bytesDown)),
          ...(seconds.length > 0 && { seconds: mean(seconds) }),
        },
      ];
    });
}
