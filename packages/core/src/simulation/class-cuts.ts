/**
 * Where one label's rows are cut between clients, and how some partitioners keep clients from growing beyond the mean.
 *
 * @module
 */

/**
 * How clients that have had their part are kept from getting more. Neither is in a paper; both are in code that papers' tables come from:
 *
 * | name | a client gets nothing more of a label once it has |
 * | --- | --- |
 * | `none` | – |
 * | `niid-bench` | the mean or more: Li et al., ICDE 2022, `utils.py` of github.com/Xtra-Computing/NIID-Bench |
 * | `flower` | more than the mean: `DirichletPartitioner(self_balancing=True)` of flwr-datasets, its default |
 */
export type PartitionBalance = 'none' | 'niid-bench' | 'flower';

/**
 * The ends of the clients' stretches in `count` rows of one label, the last of them `count`.
 *
 * @param shares - ~ Dir(α), one a client.
 * @param sizes - Rows that each client has so far.
 * @param mean - All rows over clients.
 */
export function classCuts(
  shares: ArrayLike<number>,
  count: number,
  sizes: readonly number[],
  mean: number,
  balance: PartitionBalance,
): number[] {
  const full = (size: number) => (balance === 'niid-bench' ? size >= mean : balance === 'flower' && size > mean);
  const open = Array.from(shares, (share, client) => (full(sizes[client]) ? 0 : share));
  const total = balance === 'none' ? 1 : open.reduce((sum, share) => sum + share, 0);
  let sum = 0;
  let last = 0;
  return open.map((share, client) => {
    if (client === open.length - 1) return count;
    sum += share / total;
    // Both cut towards zero; without a cap cuts are rounded, as they were before there was one.
    const end = balance === 'none' ? Math.round(sum * count) : Math.floor(sum * count);
    last = Math.max(last, Math.min(count, end));
    return last;
  });
}
