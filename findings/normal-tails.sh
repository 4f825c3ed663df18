#!/usr/bin/env bash
# jstat 1.9.6 and simple-statistics 7.12.1: the normal distribution has no tail, which privacy is made of.
#
# Guess: both give the tail of the normal distribution to some digits: 9.9e-10 at -6, 7.6e-24 at -10.
# Seen:  simple-statistics reads a printed table that ends at 3.09: every z below gives 0.001. jstat subtracts an error
#        function from 1: -10 gives 0. A delta of differential privacy computed with the first never falls below 1e-3,
#        with the second it becomes 0, "private". The quantile of simple-statistics is 0.013 off at 1e-6.
# Output: simple-statistics at -6 and -10: 0.001 0.001
#         jstat at -10: 0
#         simple-statistics quantile of 1e-6: -4.7405 for -4.7534
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit jstat@1.9.6 simple-statistics@7.12.1
cat >run.mjs <<'JS'
import { ok, strictEqual } from 'node:assert';
import jstat from 'jstat';
import { cumulativeStdNormalProbability, probit } from 'simple-statistics';

const table = [-6, -10].map((z) => cumulativeStdNormalProbability(z));
const tail = jstat.jStat.normal.cdf(-10, 0, 1);
const quantile = probit(1e-6);
console.log(`simple-statistics at -6 and -10: ${table.join(' ')}`);
console.log(`jstat at -10: ${tail}`);
console.log(`simple-statistics quantile of 1e-6: ${quantile.toFixed(4)} for -4.7534`);
strictEqual(table.join(), '0.001,0.001');
strictEqual(tail, 0);
ok(Math.abs(quantile + 4.7405) < 1e-4);
JS
node run.mjs
