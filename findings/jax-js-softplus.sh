#!/usr/bin/env bash
# @jax-js/jax 0.1.25: `nn.softplus` and `nn.logSigmoid` overflow at 89, and their gradients are NaN.
#
# Guess: as in JAX, softplus(x) is computed so that it is x for large x, with a gradient of 1, and logSigmoid(-x) is -x; they are there
#        so that the loss of a logit is finite for every logit.
# Seen:  softplus is log(1 + exp(x)) as written, whose exponential is infinite in float32 beyond 88.7: the loss is Infinity, the gradient
#        NaN, and one far-off example of one client makes the averaged model NaN. `numpy.logaddexp(0, x)` of the same package is
#        right, on the same device.
# Output: softplus of 10, 88, 89: 10.00 88.00 Infinity
#         logSigmoid of -10, -88, -89: -10.00 -88.00 -Infinity
#         gradient of softplus: 1.00 1.00 NaN
#         logaddexp(0, x): 10.00 88.00 89.00
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
const { grad, init, nn, numpy } = await import('@jax-js/jax');
await init();
const logits = [10, 88, 89];
const digits = async (array) => Array.from(await array.data(), (value) => value.toFixed(2)).join(' ');
const softplus = await digits(nn.softplus(numpy.array(logits)));
const logSigmoid = await digits(nn.logSigmoid(numpy.array(logits.map((logit) => -logit))));
const gradient = await digits(grad((x) => numpy.sum(nn.softplus(x)))(numpy.array(logits)));
const logaddexp = await digits(numpy.logaddexp(numpy.array([0, 0, 0]), numpy.array(logits)));
console.log(`softplus of 10, 88, 89: ${softplus}`);
console.log(`logSigmoid of -10, -88, -89: ${logSigmoid}`);
console.log(`gradient of softplus: ${gradient}`);
console.log(`logaddexp(0, x): ${logaddexp}`);
strictEqual(softplus, '10.00 88.00 Infinity');
strictEqual(logSigmoid, '-10.00 -88.00 -Infinity');
strictEqual(gradient, '1.00 1.00 NaN');
strictEqual(logaddexp, '10.00 88.00 89.00');
JS
node run.mjs
