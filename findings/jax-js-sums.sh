#!/usr/bin/env bash
# @jax-js/jax 0.1.25: on its WebAssembly device, the one taken by default without a GPU, sums stop growing and long norms are wrong.
#
# Guess: `numpy.sum` of float32 is right to some 1e-6, as in JAX and NumPy, which add in pairs or blocks: the mean of 20,000,001 ones is 1.
# Seen:  one running float32 sum: it stops at 16,777,216. The mean of 20,000,001 ones is 0.84, the norm of as many 4,096 instead of 4,472,
#        and a million tenths sum up 1 % too high. The plain device `cpu` of the same package is right. Clipping by such a norm lets
#        through what is too long, and the mean of a loss depends on the device.
# Output: wasm: sum 16777216, mean 0.839, norm 4096, a million tenths 100958
#         cpu: sum 20000000, mean 1.000, norm 4472, a million tenths 100000
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @jax-js/jax@0.1.25
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';

// Node before 21 has none; the library looks into it for a GPU.
globalThis.navigator ??= {};
const { defaultDevice, init, numpy } = await import('@jax-js/jax');
await init();
const number = async (array) => (await array.data())[0];
const count = 20_000_001;
const seen = {};
for (const device of ['wasm', 'cpu']) {
  defaultDevice(device);
  const sum = await number(numpy.sum(numpy.ones([count])));
  const mean = await number(numpy.mean(numpy.ones([count])));
  const norm = await number(numpy.linalg.norm(numpy.ones([count])));
  const tenths = await number(numpy.sum(numpy.full([1_000_000], 0.1)));
  seen[device] = `sum ${sum}, mean ${mean.toFixed(3)}, norm ${norm.toFixed(0)}, a million tenths ${tenths.toFixed(0)}`;
  console.log(`${device}: ${seen[device]}`);
}
strictEqual(seen.wasm, 'sum 16777216, mean 0.839, norm 4096, a million tenths 100958');
strictEqual(seen.cpu, 'sum 20000000, mean 1.000, norm 4472, a million tenths 100000');
JS
node run.mjs
