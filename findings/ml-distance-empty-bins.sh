#!/usr/bin/env bash
# ml-distance 5.0.0 (npm): a bin that is empty in both histograms makes most distances between them NaN.
#
# Guess: what both lack adds nothing, as 0·log 0 is 0 by definition and as SciPy has it: the distances of (½, ½, 0) and (¼, ¾, 0) are those of
#        (½, ½) and (¼, ¾). A distance of a vector to itself is 0.
# Seen:  18 of the distances are NaN, Kullback-Leibler, Jensen-Shannon, Canberra and both chi-squared among them: two clients whose labels lack the
#        same class have no distance. Two of the package's distances are 1 for equal distributions, fidelity and harmonicMean, and motyka's is ½.
# Output: jensenShannon: 0.0338, with a bin that both lack: NaN; kullbackLeibler: 0.1438, NaN; canberra: 0.5333, NaN; euclidean: 0.3536, 0.3536
#         NaN: additiveSymmetric canberra clark divergence harmonicMean jeffreys jensenDifference jensenShannon kdivergence kullbackLeibler kumarJohnson neyman pearson probabilisticSymmetric squared taneja topsoe waveHedges
#         of itself: fidelity 1, harmonicMean 1, motyka 0.5
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit ml-distance@5.0.0
cat >run.mjs <<'JS'
import { deepStrictEqual } from 'node:assert';
import { distance } from 'ml-distance';

const [p, q] = [
  [0.5, 0.5],
  [0.25, 0.75],
];
const short = (value) => +value.toFixed(4);
const pair = (name) => [distance[name](p, q), distance[name]([...p, 0], [...q, 0])].map(short);
const [js, kl, canberra, euclidean] = ['jensenShannon', 'kullbackLeibler', 'canberra', 'euclidean'].map(pair);
console.log(
  `jensenShannon: ${js[0]}, with a bin that both lack: ${js[1]}; kullbackLeibler: ${kl.join(', ')}; ` +
    `canberra: ${canberra.join(', ')}; euclidean: ${euclidean.join(', ')}`,
);
// Minkowski's takes an order.
const names = Object.keys(distance).filter((name) => name !== 'minkowski');
const none = names.filter((name) => !Number.isNaN(pair(name)[0]) && Number.isNaN(pair(name)[1]));
console.log(`NaN: ${none.join(' ')}`);
const own = ['fidelity', 'harmonicMean', 'motyka'].map((name) => short(distance[name](q, q)));
console.log(`of itself: fidelity ${own[0]}, harmonicMean ${own[1]}, motyka ${own[2]}`);
deepStrictEqual([js, kl, canberra], [[0.0338, NaN], [0.1438, NaN], [0.5333, NaN]]);
deepStrictEqual(euclidean, [0.3536, 0.3536]);
deepStrictEqual(none.length, 18);
deepStrictEqual(own, [1, 1, 0.5]);
JS
node run.mjs
