/**
 * Label skew by a Dirichlet distribution, in both forms of the literature.
 *
 * By class: Yurochkin et al., "Bayesian Nonparametric Federated Learning of Neural Networks", ICML 2019, §4, as in the
 * benchmark NIID-Bench (Li et al., ICDE 2022) and Flower, which also keep large clients from growing: `balance`. By client: Hsu, Qi, Brown, "Measuring the Effects of
 * Non-Identical Data Distribution for Federated Visual Classification", 2019, §3.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkPositive, refuse } from '../check.ts';
import { dirichlet } from '../math/gamma.ts';
import { classCuts, type PartitionBalance } from './class-cuts.ts';
import { type Rng, shuffle } from '../random.ts';

/** Draws before giving up on clients with enough examples. */
const MAX_DRAWS = 1000;

/** Options of {@link dirichletPartition}. */
export interface DirichletPartitionOptions {
  /** Parts to make, at least 1. */
  readonly clients: number;
  /** α > 0: at 0.1 most clients see one or two labels, at 100 all see nearly the same mixture. */
  readonly alpha: number;
  /**
   * `class` (default): each label's rows are dealt to clients by shares ~ Dir(α), so clients differ in size. `client`:
   * each client has a mixture of labels ~ Dir(α·prior) and the same number of rows, as far as labels last.
   */
  readonly by?: 'class' | 'client';
  /** How `class` keeps large clients from growing; default `none`. NIID-Bench's and Flower's tables are made with theirs. */
  readonly balance?: PartitionBalance;
  /** All is drawn anew until every client has as many; default 1; NIID-Bench takes 10. */
  readonly minimumExamples?: number;
}

/**
 * @param labels - Shape [n], the label of each row, integers ≥ 0.
 * @returns For each client its rows, ascending; every row in exactly one (`client`: up to `clients` − 1 rows in none).
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, `INVALID_ARGUMENT` for an unknown form,
 * `THRESHOLD_NOT_MET` if 1,000 draws gave some client too few examples.
 */
export function dirichletPartition(
  labels: ArrayLike<number>,
  options: DirichletPartitionOptions,
  rng: Rng,
): Uint32Array[] {
  checkOptions('dirichletPartition', options, {
    clients: true,
    alpha: true,
    by: true,
    balance: true,
    minimumExamples: true,
  } satisfies OptionNames<typeof options>);
  const where = 'dirichletPartition';
  const { by = 'class', balance = 'none' } = options;
  if (by !== 'class' && by !== 'client') refuse('INVALID_ARGUMENT', `${where}: by`, "'class' or 'client'", by);
  if (!['none', 'niid-bench', 'flower'].includes(balance))
    refuse('INVALID_ARGUMENT', `${where}: balance`, "'none', 'niid-bench' or 'flower'", balance);
  if (by === 'client' && balance !== 'none')
    refuse('INVALID_ARGUMENT', `${where}: balance`, "'none' where clients have equally many rows", balance);
  const clients = checkInteger(`${where}: clients`, options.clients, 1, labels.length);
  const alpha = checkPositive(`${where}: alpha`, options.alpha);
  const least = checkInteger(
    `${where}: minimumExamples`,
    options.minimumExamples ?? 1,
    0,
    Math.floor(labels.length / clients),
  );
  const classes = rowsByClass(labels);
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    for (const rows of classes) shuffle(rows, rng);
    const parts =
      by === 'class' ? splitClasses(classes, clients, alpha, balance, rng) : fillClients(classes, clients, alpha, rng);
    if (parts.every((rows) => rows.length >= least)) return parts.map((rows) => Uint32Array.from(rows).sort());
  }
  return refuse(
    'THRESHOLD_NOT_MET',
    where,
    `${least} examples a client within ${MAX_DRAWS} draws`,
    'fewer; raise alpha',
  );
}

/** The rows of each label that occurs, labels ascending. */
export function rowsByClass(labels: ArrayLike<number>): Uint32Array[] {
  const rows = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const label = checkInteger(`labels[${row}]`, labels[row]);
    const known = rows.get(label);
    if (known) known.push(row);
    else rows.set(label, [row]);
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, list]) => Uint32Array.from(list));
}

function splitClasses(
  classes: readonly Uint32Array[],
  clients: number,
  alpha: number,
  balance: PartitionBalance,
  rng: Rng,
): number[][] {
  const parts: number[][] = Array.from({ length: clients }, () => []);
  const concentrations = new Float64Array(clients).fill(alpha);
  const mean = classes.reduce((sum, rows) => sum + rows.length, 0) / clients;
  for (const rows of classes) {
    const shares = dirichlet(rng, concentrations);
    const sizes = parts.map((part) => part.length);
    let start = 0;
    classCuts(shares, rows.length, sizes, mean, balance).forEach((end, client) => {
      for (let i = start; i < end; i++) parts[client].push(rows[i]);
      start = end;
    });
  }
  return parts;
}

function fillClients(classes: readonly Uint32Array[], clients: number, alpha: number, rng: Rng): number[][] {
  const total = classes.reduce((sum, rows) => sum + rows.length, 0);
  const each = Math.floor(total / clients);
  const concentrations = Float64Array.from(classes, (rows) => (alpha * classes.length * rows.length) / total);
  const used = new Uint32Array(classes.length);
  return Array.from({ length: clients }, () => {
    const shares = dirichlet(rng, concentrations);
    const rows: number[] = [];
    while (rows.length < each) {
      // A label that ran out is left out of the mixture, the others keep their proportions.
      let mass = 0;
      for (let c = 0; c < classes.length; c++) if (used[c] < classes[c].length) mass += shares[c];
      let left = rng.uniform() * mass;
      let chosen = -1;
      for (let c = 0; c < classes.length; c++) {
        if (used[c] === classes[c].length) continue;
        if (chosen < 0 || left >= 0) chosen = c;
        left -= shares[c];
        if (left < 0) break;
      }
      rows.push(classes[chosen][used[chosen]++]);
    }
    return rows;
  });
}
