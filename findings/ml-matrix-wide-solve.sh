#!/usr/bin/env bash
# ml-matrix 6.15.1: `solve` by singular values, asked for more unknowns than equations, answers NaN.
#
# Guess: the third argument takes singular values instead of LU or QR, so a system with many solutions gets the shortest of them.
# Seen:  every unknown is NaN, with advice on the console to consider an option that `solve` does not take. The package's own
#        pseudo-inverse gives the shortest solution, and so does `new SVD(a, { autoTranspose: true }).solve(b)`. A tall system of
#        deficient rank is solved rightly by the same call.
# Output: wide by solve:         NaN NaN NaN
#         wide by pseudoInverse: -0.056 0.111 0.278
#         tall, of rank one:     0.200 0.400
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit ml-matrix@6.15.1
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import { Matrix, pseudoInverse, solve } from 'ml-matrix';

console.warn = () => {};
const text = (solution) => solution.to1DArray().map((value) => value.toFixed(3)).join(' ');
const wide = new Matrix([[1, 2, 3], [4, 5, 6]]);
const right = Matrix.columnVector([1, 2]);
const tall = new Matrix([[1, 2], [2, 4], [3, 6]]);
const seen = [
  text(solve(wide, right, true)),
  text(pseudoInverse(wide).mmul(right)),
  text(solve(tall, Matrix.columnVector([1, 2, 3]), true)),
];
console.log(`wide by solve:         ${seen[0]}\nwide by pseudoInverse: ${seen[1]}\ntall, of rank one:     ${seen[2]}`);
strictEqual(seen.join(), 'NaN NaN NaN,-0.056 0.111 0.278,0.200 0.400');
JS
node run.mjs
