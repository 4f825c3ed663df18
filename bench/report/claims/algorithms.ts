// Figures of docs/algorithms.md, by experiments.
import { type Claim, quoted, says } from '../claim.ts';
import { estimate, gap, line } from '../experiment-lines.ts';
import { figure, fixed } from '../figure.ts';

const PAGE = 'docs/algorithms.md';
const page = says(PAGE);
const regression = 'experiments-mnist-lr/rows/0';

const METHODS = ['SGD', 'SCAFFOLD, E 1', 'SCAFFOLD, E 5', 'FedAvg, E 1', 'FedAvg, E 5', 'FedProx, E 1', 'FedProx, E 5'];
const controls = (row: number, key: string) => figure(`experiments-scaffold/rows/${row}/${key}`, fixed(3));

/** A row of the table of rounds by similarity. */
function rounds(name: string, place: number): Claim {
  const at = [0, 1, 2].map((split) =>
    figure(`experiments-scaffold/rows/${METHODS.length * split + place}/reached/rounds`, fixed(0)),
  );
  return quoted(PAGE, `| ${name} `, ...at.flatMap((one) => ['| ', one, ' ']), '|');
}

const LATE = ['none late', 'five, dropped', 'five, folded in', 'nine, dropped', 'nine, folded in'];

/** FedProx's figure: losses by who is late, and what FedProx has less than FedAvg there. */
const synthetic = (experiment: string, clients = ''): Claim[] =>
  LATE.map((late, place) =>
    quoted(
      PAGE,
      `| ${late}${clients} | `,
      ...estimate(experiment, 2 * place),
      ' | ',
      ...estimate(experiment, 2 * place + 1),
      ' | ',
      ...gap(experiment, 2 * place + 1),
      ' |',
    ),
  );

/** Lines of a table of algorithms on alike clients and others, the last cell against the first algorithm on the others. */
function twoSplits(experiment: string, names: readonly string[]): Claim[] {
  return names.map((name, place) => {
    const rows = [place, names.length + place];
    return line({ page: PAGE, experiment, name, rows }, place === 0 ? [] : rows.slice(1));
  });
}

/** Names, and what Flower's own table says of them. */
const FLOWER = ['FedAvg | 0.9889', 'FedProx | 0.9902', 'SCAFFOLD | 0.9907', 'FedNova | 0.9803'];

export const algorithms: readonly Claim[] = [
  page`\`mnist-lr\`: FedAvg comes to an accuracy of ${figure(`${regression}/final/mean`, fixed(3))} ± ${figure(`${regression}/final/half`, fixed(3))} after 100 rounds`,
  ...METHODS.map(rounds),
  page`an accuracy of ${controls(2, 'final/mean')} ± ${controls(2, 'final/half')} and FedAvg of one ${controls(3, 'final/mean')} ± ${controls(3, 'final/half')}, a difference with p ${controls(2, 'against/p')} by Holm`,
  ...synthetic('fedprox-synthetic'),
  ...synthetic('fedprox-synthetic-alike', ', (0, 0)'),
  page`still has a p of ${figure('experiments-fedprox-synthetic/rows/7/against/p', fixed(2))} at least by Holm`,
  ...FLOWER.map((name, place) =>
    line({ page: PAGE, experiment: 'flower-table', name, rows: [place] }, place === 0 ? [] : [place]),
  ),
  ...twoSplits('newer-algorithms', ['FedAvg', 'FedAvgM', 'DiLoCo', 'FedExP', 'FedCM', 'FedACG', 'TERM', 'Muon']),
  ...twoSplits('contrastive', ['FedAvg, E 3', 'FedProx, E 3', 'MOON, E 3']),
  quoted(PAGE, 'FedProx gains ', ...gap('contrastive', 1), ' on clients that are alike'),
  ...twoSplits('gradient-differences', ['FedSGD', 'EF21', 'DIANA', 'DASHA']),
  page`one of pfl 0.6.0 takes ${figure('simulation-pfl/theirs', fixed(4))} ms among 20,000 clients, one of Flower 1.42.0 ${figure('simulation-flower/theirs', fixed(3))} ms among 500: ours took, in the same runs, ${figure('simulation-pfl/ratio', fixed(2))} and ${figure('simulation-flower/ratio', fixed(4))} of that. An experiment file takes ${figure('simulation-overhead/median', fixed(3))} times a hand loop`,
  page`a model of ${figure('simulation-clients/parameters', fixed(0))} parameters a client-round takes ${figure('simulation-clients/milliseconds', fixed(3))} ms`,
  page`That is reached by round ${figure(`${regression}/reached/rounds`, fixed(0))}.`,
];
