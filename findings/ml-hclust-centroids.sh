#!/usr/bin/env bash
# ml-hclust 4.0.0 (npm) beside SciPy 1.17.1 (pip): clusters joined by their centroids are joined at distances that no centroids have.
#
# Guess: `agnes` with `method: 'centroid'` joins the clusters whose centroids are nearest, at that distance, as SciPy's `linkage` does: (1, 1.8)
#        joins the pair (0, 0) and (2, 0) at 1.8, the distance to its middle (1, 0). Likewise 'median'.
# Seen:  at 1.559: the formula of Lance and Williams for these two holds for squares of distances, and is given the distances. Clients that are
#        grouped by their updates fall into other groups: of sixty, twenty around each of three centres, one is left alone. The other
#        methods agree with SciPy, 'ward2' with its ward.
# Output: three points: centroid 1.5591, SciPy 1.8000
#         three points: median 1.5591, SciPy 1.8000
#         sixty in three groups: centroid 1 22 37, SciPy 20 20 20
#         sixty in three groups: median 1 24 35, SciPy 20 20 20
#         sixty in three groups: average 20 20 20, SciPy 20 20 20
#         sixty in three groups: complete 20 20 20, SciPy 20 20 20
#         sixty in three groups: ward2 20 20 20, SciPy 20 20 20
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
npm init -y >/dev/null
npm install --silent --no-fund --no-audit ml-hclust@4.0.0
venv/bin/python - <<'PY'
import json
import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

three = [[0, 0], [2, 0], [1, 1.8]]
random = np.random.default_rng(4)
sixty = np.concatenate([random.normal(centre, 0.8, (20, 5)) for centre in (0, 1.5, 3)])
heights = {name: linkage(three, name)[-1, 2] for name in ("centroid", "median")}
sizes = {}
for name in ("centroid", "median", "average", "complete", "ward"):
    groups = fcluster(linkage(sixty, name), 3, "maxclust")
    sizes["ward2" if name == "ward" else name] = " ".join(map(str, sorted(np.bincount(groups)[1:].tolist())))
json.dump({"three": three, "sixty": sixty.tolist(), "heights": heights, "sizes": sizes}, open("scipy.json", "w"))
PY
cat >run.mjs <<'JS'
import { ok, strictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { agnes } from 'ml-hclust';

const { three, sixty, heights, sizes } = JSON.parse(readFileSync('scipy.json', 'utf8'));
for (const [method, height] of Object.entries(heights)) {
  const found = agnes(three, { method }).height;
  console.log(`three points: ${method} ${found.toFixed(4)}, SciPy ${height.toFixed(4)}`);
  ok(Math.abs(height - 1.8) < 1e-12 && Math.abs(found - 1.5591) < 1e-4);
}
for (const [method, wanted] of Object.entries(sizes)) {
  const groups = agnes(sixty, { method }).group(3).children;
  const found = groups.map(({ size }) => size).sort((a, b) => a - b).join(' ');
  console.log(`sixty in three groups: ${method} ${found}, SciPy ${wanted}`);
  strictEqual(found === wanted, !(method in heights));
}
JS
node run.mjs
