#!/usr/bin/env bash
# fili 2.0.3 (npm, filters for sensors and sound): a high-pass by the matched z-transform is the low-pass, to the last digit.
#
# Guess: `highpass` with `transform: 'matchedZ'`, which its README lists, keeps what is above the corner and takes away what is below, about as
#        with the bilinear transform: of Butterworth's second order at 20 Hz of 200, a twentieth of 5 Hz and nearly all of 80 Hz.
# Seen:  it passes 5 Hz and takes away 80 Hz; its coefficients are those of `lowpass`. Gravity, drift and the mean, which a high-pass is there
#        to remove, stay in the signal, and the signal goes. The bilinear transform is right for both.
# Output: bilinear lowpass: 5 Hz 0.9983, 80 Hz 0.0111
#         bilinear highpass: 5 Hz 0.0586, 80 Hz 0.9999
#         matchedZ lowpass: 5 Hz 1.0001, 80 Hz 0.1089
#         matchedZ highpass: 5 Hz 1.0001, 80 Hz 0.1089
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit fili@2.0.3
cat >run.cjs <<'JS'
const { deepStrictEqual, ok } = require('node:assert');
const { CalcCascades, IirFilter } = require('fili');

const design = (kind, transform) =>
  new CalcCascades()[kind]({ order: 1, characteristic: 'butterworth', transform, Fs: 200, Fc: 20, preGain: false });
const passes = (filter, Fr) => new IirFilter(filter).responsePoint({ Fs: 200, Fr }).magnitude;
for (const transform of ['bilinear', 'matchedZ'])
  for (const kind of ['lowpass', 'highpass']) {
    const filter = design(kind, transform);
    const [slow, fast] = [5, 80].map((hertz) => passes(filter, hertz));
    console.log(`${transform} ${kind}: 5 Hz ${slow.toFixed(4)}, 80 Hz ${fast.toFixed(4)}`);
    ok(slow > fast === (kind === 'lowpass' || transform === 'matchedZ'));
  }
deepStrictEqual(design('highpass', 'matchedZ'), design('lowpass', 'matchedZ'));
JS
node run.cjs
