// Lines of tables that pages quote of records of `bench experiments`.
import { type Claim, quoted } from './claim.ts';
import { type Figure, figure, fixed, valueOf } from './figure.ts';

export interface Line {
  readonly page: string;
  /** Of bench/results, without `experiments-`. */
  readonly experiment: string;
  /** What stands first, several cells where it has them. */
  readonly name: string;
  /** Places of rows in the record, a cell each. */
  readonly rows: readonly number[];
  /** Digits after the point; default 3. */
  readonly digits?: number;
  /** What values are multiplied by; default 1. */
  readonly times?: number;
}

const key = (experiment: string, row: number) => `experiments-${experiment}/rows/${row}`;

/** `mean ± half` of a row. */
export function estimate(experiment: string, row: number, digits = 3, times = 1): (string | Figure)[] {
  const final = `${key(experiment, row)}/final`;
  const format = fixed(digits, times);
  return [figure(`${final}/mean`, format), ' ± ', figure(`${final}/half`, format)];
}

/** `+0.033, p 0.02`: a row's difference from its baseline, by sign and size of p. */
export function gap(experiment: string, row: number, digits = 3, times = 1): (string | Figure)[] {
  const against = `${key(experiment, row)}/against`;
  const [mean, p] = [valueOf(`${against}/mean`), valueOf(`${against}/p`)];
  const size = figure(`${against}/mean`, (value) => fixed(digits, times)(Math.abs(value)));
  const odds = figure(`${against}/p`, fixed(p < 0.01 ? 3 : 2));
  return [mean < 0 ? '−' : '+', size, ...(p < 0.001 ? [', p below 0.001'] : [', p ', odds])];
}

/** A line of estimates, and of differences of the rows in `against`. */
export function line(of: Line, against: readonly number[] = []): Claim {
  const { page, experiment, name, rows, digits, times } = of;
  return quoted(
    page,
    `| ${name} `,
    ...rows.flatMap((row) => ['| ', ...estimate(experiment, row, digits, times), ' ']),
    ...against.flatMap((row) => ['| ', ...gap(experiment, row, digits, times), ' ']),
    '|',
  );
}
