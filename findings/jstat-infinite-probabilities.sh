#!/usr/bin/env bash
# jstat 1.9.6: probabilities of counts are Infinity from a mean of some 150 on, though its binomial sums are right far beyond.
#
# Guess: densities of counts go through logarithms of the gamma function, so they hold for thousands, as `binomial.cdf` does.
# Seen:  Poisson powers and factorials are multiplied out: at a mean of 100 it is right, at 150 the density and the sum are Infinity, at 200
#        NaN. A binomial density is Infinity from 1,030 tries on and NaN at 10,000; its sum is right there, since that one is a beta
#        function. Cohorts drawn at random have such sizes.
# Output: Poisson 100: density 0.0399, sum 0.527
#         Poisson 150: density Infinity, sum Infinity
#         Poisson 200: density NaN, sum NaN
#         binomial 1030: density Infinity, sum 0.512
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit jstat@1.9.6
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import jstat from 'jstat';

const { poisson, binomial } = jstat.jStat;
const rows = [100, 150, 200].map((mean) => [`Poisson ${mean}`, poisson.pdf(mean, mean), poisson.cdf(mean, mean)]);
rows.push(['binomial 1030', binomial.pdf(515, 1030, 0.5), binomial.cdf(515, 1030, 0.5)]);
const seen = rows.map(([name, density, sum]) => `${name}: density ${density.toPrecision(3)}, sum ${sum.toPrecision(3)}`);
console.log(seen.join('\n'));
strictEqual(
  seen.join('; '),
  'Poisson 100: density 0.0399, sum 0.527; Poisson 150: density Infinity, sum Infinity; Poisson 200: density NaN, sum NaN; ' +
    'binomial 1030: density Infinity, sum 0.512',
);
JS
node run.mjs
