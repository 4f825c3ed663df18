/**
 * Clients of two labels each whose sizes follow a power law: the MNIST federation of FedProx.
 *
 * Tian Li et al., "Federated Optimization in Heterogeneous Networks", MLSys 2020, §5.1, with the constants of the
 * authors' generator (https://github.com/litian96/FedProx, data/mnist/generate_niid.py).
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkNumber } from '../check.ts';
import { exp } from '../math/exp.ts';
import { normal } from '../math/normal.ts';
import { type Rng, shuffle } from '../random.ts';
import { rowsByClass } from './dirichlet-partition.ts';

/** Options of {@link powerLawPartition}. */
export interface PowerLawPartitionOptions {
  /** 1,000 in the paper. */
  readonly clients: number;
  /** Labels of each client: client u has u, u + 1, … modulo the number of labels; default 2. */
  readonly classesPerClient?: number;
  /** Rows of each of its labels that a client has at least; default 5. */
  readonly minimumPerClass?: number;
  /** σ of the log-normal by which the rest is shared; default 2. */
  readonly sigma?: number;
}

/**
 * First every client gets `minimumPerClass` rows of each of its labels. Then each label's remaining rows are shared in
 * proportion to draws from LogNormal(0, σ), rounded down. Rows are dealt from a shuffle of each label.
 *
 * @param labels - Shape [n], the label of each row, integers ≥ 0.
 * @returns For each client its rows, ascending; no row in two, the few that rounding leaves in none.
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, or labels too rare for the minimum.
 */
export function powerLawPartition(
  labels: ArrayLike<number>,
  options: PowerLawPartitionOptions,
  rng: Rng,
): Uint32Array[] {
  checkOptions('powerLawPartition', options, {
    clients: true,
    classesPerClient: true,
    minimumPerClass: true,
    sigma: true,
  } satisfies OptionNames<typeof options>);
  const where = 'powerLawPartition';
  const clients = checkInteger(`${where}: clients`, options.clients, 1);
  const classes = rowsByClass(labels);
  const each = checkInteger(`${where}: classesPerClient`, options.classesPerClient ?? 2, 1, classes.length);
  const least = checkInteger(`${where}: minimumPerClass`, options.minimumPerClass ?? 5);
  const sigma = checkNumber(`${where}: sigma`, options.sigma ?? 2, 0);

  /** [c]: who has label c, each as often as it has it. */
  const owners: number[][] = classes.map(() => []);
  for (let client = 0; client < clients; client++) {
    for (let j = 0; j < each; j++) owners[(client + j) % classes.length].push(client);
  }
  const parts: number[][] = Array.from({ length: clients }, () => []);
  for (const [label, rows] of classes.entries()) {
    const own = owners[label];
    checkInteger(`${where}: rows of label ${label}`, rows.length, own.length * least);
    shuffle(rows, rng);
    const weights = own.map(() => exp(sigma * normal(rng)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const rest = rows.length - own.length * least;
    let next = 0;
    for (const [i, client] of own.entries()) {
      const end = next + least + Math.floor((rest * weights[i]) / total);
      while (next < end) parts[client].push(rows[next++]);
    }
  }
  return parts.map((rows) => Uint32Array.from(rows).sort());
}
