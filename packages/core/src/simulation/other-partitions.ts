/**
 * Partitions whose clients differ in how much they have, in how alike they are, in whose data it is, and in what they see.
 *
 * Qinbin Li, Yiqun Diao, Quan Chen, Bingsheng He, "Federated Learning on Non-IID Data Silos: An Experimental Study", ICDE 2022, §IV
 * (NIID-Bench), https://arxiv.org/abs/2102.02079; Sai Praneeth Karimireddy et al., "SCAFFOLD", ICML 2020, §7,
 * https://arxiv.org/abs/1910.06378.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkNumber, checkPositive, refuse } from '../check.ts';
import { dirichlet } from '../math/gamma.ts';
import { normal } from '../math/normal.ts';
import { type Rng, shuffle } from '../random.ts';

/**
 * Quantity skew: labels alike, sizes from a symmetric Dirichlet distribution of `alpha`. Every client gets `minimumExamples` rows
 * first, default 1, and the rest is shared.
 *
 * @returns For each client its rows, ascending; every row in exactly one.
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, or too few rows for the minimum.
 */
export function quantityPartition(
  examples: number,
  options: { clients: number; alpha: number; minimumExamples?: number },
  rng: Rng,
): Uint32Array[] {
  checkOptions('quantityPartition', options, {
    clients: true,
    alpha: true,
    minimumExamples: true,
  } satisfies OptionNames<typeof options>);
  const where = 'quantityPartition';
  const clients = checkInteger(`${where}: clients`, options.clients, 1);
  const alpha = checkPositive(`${where}: alpha`, options.alpha);
  const least = checkInteger(`${where}: minimumExamples`, options.minimumExamples ?? 1);
  checkInteger(`${where}: examples`, examples, Math.max(1, clients * least));
  const shares = dirichlet(rng, new Float64Array(clients).fill(alpha));
  const rows = shuffle(
    Uint32Array.from({ length: examples }, (_, row) => row),
    rng,
  );
  const rest = examples - clients * least;
  let [start, share] = [0, 0];
  return Array.from(shares, (own, client) => {
    share += own;
    const end = client === clients - 1 ? examples : least * (client + 1) + Math.min(rest, Math.floor(share * rest));
    const part = rows.slice(start, end).sort();
    start = end;
    return part;
  });
}

/**
 * SCAFFOLD's clients of s % similarity: that share of every client's rows is drawn alike from a shuffle, the others in order of
 * their labels. All have as many, ⌊n/clients⌋.
 *
 * @param labels - Shape [n], the label of each row.
 * @param options - `similarity` in [0, 1].
 * @returns For each client its rows, ascending; no row in two, those that division leaves in none.
 */
export function similarityPartition(
  labels: ArrayLike<number>,
  options: { clients: number; similarity: number },
  rng: Rng,
): Uint32Array[] {
  checkOptions('similarityPartition', options, { clients: true, similarity: true } satisfies OptionNames<
    typeof options
  >);
  const clients = checkInteger('similarityPartition: clients', options.clients, 1, labels.length);
  const similarity = checkNumber('similarityPartition: similarity', options.similarity, 0, 1);
  const each = Math.floor(labels.length / clients);
  const alike = Math.round(similarity * each);
  const rows = shuffle(
    Uint32Array.from({ length: labels.length }, (_, row) => row),
    rng,
  );
  const sorted = rows.slice(clients * alike).sort((a, b) => labels[a] - labels[b] || a - b);
  return Array.from({ length: clients }, (_, client) =>
    Uint32Array.from([
      ...rows.subarray(client * alike, (client + 1) * alike),
      ...sorted.subarray(client * (each - alike), (client + 1) * (each - alike)),
    ]).sort(),
  );
}

/**
 * Natural skew: each owner of rows is a client, a writer, a user, a president.
 *
 * @param owners - Shape [n], whose each row is.
 * @returns By owner, in order of first appearance, its rows, ascending; owners of fewer than `minimumExamples` rows, default 1, are
 * left out.
 */
export function naturalPartition<K extends string | number>(
  owners: ArrayLike<K>,
  options: { minimumExamples?: number } = {},
): Map<K, Uint32Array> {
  checkOptions('naturalPartition', options, { minimumExamples: true } satisfies OptionNames<typeof options>);
  const least = checkInteger('naturalPartition: minimumExamples', options.minimumExamples ?? 1, 1);
  const rows = new Map<K, number[]>();
  for (let row = 0; row < owners.length; row++) {
    const own = rows.get(owners[row]);
    if (own) own.push(row);
    else rows.set(owners[row], [row]);
  }
  return new Map(
    [...rows].filter(([, own]) => own.length >= least).map(([owner, own]) => [owner, Uint32Array.from(own)]),
  );
}

/**
 * Feature skew by noise: client i of n sees its inputs through Gaussian noise of variance σ·i/n, so that the first sees nearly clearly.
 *
 * @param inputs - That client's features; not changed.
 * @param options - `client` i in 1 … n, `clients` n, and `noise` σ ≥ 0 in the features' unit squared.
 */
export function noisyFeatures(
  inputs: Float32Array,
  options: { client: number; clients: number; noise: number },
  rng: Rng,
): Float32Array {
  checkOptions('noisyFeatures', options, { client: true, clients: true, noise: true } satisfies OptionNames<
    typeof options
  >);
  if (!(inputs instanceof Float32Array)) refuse('INVALID_ARGUMENT', 'noisyFeatures: inputs', 'a Float32Array', inputs);
  const clients = checkInteger('noisyFeatures: clients', options.clients, 1);
  const client = checkInteger('noisyFeatures: client', options.client, 1, clients);
  const deviation = Math.sqrt((checkNumber('noisyFeatures: noise', options.noise, 0) * client) / clients);
  return inputs.map((value) => value + deviation * normal(rng));
}
