// Figures of docs/algorithms.md, by experiments.
import { type Claim, says } from '../claim.ts';
import { type Figure, figure, fixed } from '../figure.ts';

const page = says('docs/algorithms.md');
const regression = 'experiments-mnist-lr/rows/0';

/** A row of the table of gradient differences: its place among algorithms, and how its difference from the first is written. */
function difference(name: string, place: number, against?: (gap: Figure, p: Figure) => Claim): Claim {
  const final = (row: number) => `experiments-gradient-differences/rows/${row}/final`;
  const estimates = [place, 4 + place].map((row) => ({
    mean: figure(`${final(row)}/mean`, fixed(3)),
    half: figure(`${final(row)}/half`, fixed(3)),
  }));
  const [alike, skewed] = estimates;
  const claim = page` | ${alike.mean} ± ${alike.half} | ${skewed.mean} ± ${skewed.half} |`;
  const gap = `experiments-gradient-differences/rows/${4 + place}/against`;
  const rest = against?.(
    figure(`${gap}/mean`, (value) => fixed(3)(Math.abs(value))),
    figure(`${gap}/p`, (value) => fixed(value < 0.01 ? 3 : 2)(value)),
  );
  const pieces = [`| ${name}${claim.pieces[0]}`, ...claim.pieces.slice(1)];
  if (rest === undefined) return { ...claim, pieces };
  const joint = `${pieces[pieces.length - 1]}${rest.pieces[0]}`;
  return {
    page: claim.page,
    pieces: [...pieces.slice(0, -1), joint, ...rest.pieces.slice(1)],
    figures: [...claim.figures, ...rest.figures],
  };
}

const METHODS = ['SGD', 'SCAFFOLD, E 1', 'SCAFFOLD, E 5', 'FedAvg, E 1', 'FedAvg, E 5', 'FedProx, E 1', 'FedProx, E 5'];
const controls = (row: number, key: string) => figure(`experiments-scaffold/rows/${row}/${key}`, fixed(3));

/** A row of the table of rounds by similarity. */
function rounds(name: string, place: number): Claim {
  const at = (split: number) =>
    figure(`experiments-scaffold/rows/${METHODS.length * split + place}/reached/rounds`, fixed(0));
  const claim = page` | ${at(0)} | ${at(1)} | ${at(2)} |`;
  return { ...claim, pieces: [`| ${name}${claim.pieces[0]}`, ...claim.pieces.slice(1)] };
}

export const algorithms: readonly Claim[] = [
  page`\`mnist-lr\`: FedAvg comes to an accuracy of ${figure(`${regression}/final/mean`, fixed(3))} ± ${figure(`${regression}/final/half`, fixed(3))} after 100 rounds`,
  ...METHODS.map(rounds),
  page`an accuracy of ${controls(2, 'final/mean')} ± ${controls(2, 'final/half')} and FedAvg of one ${controls(3, 'final/mean')} ± ${controls(3, 'final/half')}, a difference with p ${controls(2, 'against/p')} by Holm`,
  difference('FedSGD', 0),
  difference('EF21', 1, (gap, p) => page` +${gap}, p ${p} |`),
  difference('DIANA', 2, (gap, p) => page` −${gap}, p ${p} |`),
  difference('DASHA', 3, (gap) => page` +${gap}, p below 0.001 |`),
  page`a model of ${figure('simulation-clients/parameters', fixed(0))} parameters a client-round takes ${figure('simulation-clients/milliseconds', fixed(3))} ms`,
  page`That is reached by round ${figure(`${regression}/reached/rounds`, fixed(0))}.`,
];
