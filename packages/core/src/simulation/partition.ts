/**
 * Seeded partitions of one data set into clients, as in the experiments of federated averaging.
 *
 * McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, section 3.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger } from '../check.ts';
import { type Rng, shuffle } from '../random.ts';

/**
 * Independent and identically distributed clients: a shuffle of `examples` rows dealt into `clients` parts whose sizes
 * differ by at most one.
 *
 * @returns For each client its rows, ascending; every row in exactly one.
 * @throws FedkitError `OUT_OF_RANGE` unless 1 ≤ `clients` ≤ `examples`.
 */
export function iidPartition(examples: number, options: { clients: number }, rng: Rng): Uint32Array[] {
  checkOptions('iidPartition', options, { clients: true } satisfies OptionNames<typeof options>);
  checkInteger('iidPartition: examples', examples, 1);
  const clients = checkInteger('iidPartition: clients', options.clients, 1, examples);
  const rows = shuffle(
    Uint32Array.from({ length: examples }, (_, row) => row),
    rng,
  );
  return split(rows, clients).map((part) => part.slice().sort());
}

/**
 * Pathological label skew: rows sorted by label, cut into `clients` × `shardsPerClient` shards, each client dealt
 * `shardsPerClient` of them, so that most clients see only that many labels. The paper's split of MNIST is 100 clients
 * with 2 shards each.
 *
 * @param labels - Shape [n], the label of each row.
 * @returns For each client its rows, ascending; every row in exactly one.
 * @throws FedkitError `OUT_OF_RANGE` unless both options are integers ≥ 1 and no shard is empty.
 */
export function shardPartition(
  labels: ArrayLike<number>,
  options: { clients: number; shardsPerClient: number },
  rng: Rng,
): Uint32Array[] {
  checkOptions('shardPartition', options, { clients: true, shardsPerClient: true } satisfies OptionNames<
    typeof options
  >);
  const each = checkInteger('shardPartition: shardsPerClient', options.shardsPerClient, 1, labels.length);
  const clients = checkInteger('shardPartition: clients', options.clients, 1, Math.floor(labels.length / each));
  const sorted = Uint32Array.from({ length: labels.length }, (_, row) => row).sort(
    (a, b) => labels[a] - labels[b] || a - b,
  );
  const shards = shuffle(split(sorted, clients * each), rng);
  return Array.from({ length: clients }, (_, client) => {
    const own = shards.slice(client * each, (client + 1) * each);
    return Uint32Array.from(own.flatMap((shard) => [...shard])).sort();
  });
}

/** Cuts rows into `parts` consecutive stretches whose sizes differ by at most one. */
function split(rows: Uint32Array, parts: number): Uint32Array[] {
  const cut = (part: number) => Math.floor((part * rows.length) / parts);
  return Array.from({ length: parts }, (_, part) => rows.subarray(cut(part), cut(part + 1)));
}
