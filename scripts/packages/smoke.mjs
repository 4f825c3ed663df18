// What a user does first with each package: copied into a fresh project whose package manager has installed them.
import assert from 'node:assert/strict';
import { clientSeed, eden } from '@fedkit/compression';
import { fedAvg, plainTrainer, seededRng, softmaxRegression } from '@fedkit/core';
import { shardPartition } from '@fedkit/core/simulation';
import { event, pldAccountant } from '@fedkit/privacy';
import { runRound } from '@fedkit/secagg/testing';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const trainer = plainTrainer(model, { inputs: Float32Array.of(3, 1, 1, 2, 5, 4), labels: Uint8Array.of(1, 0, 1) });
const algorithm = fedAvg();
const state = algorithm.init(model.init(seededRng(1)));
const options = { epochs: 1, batchSize: 2, learningRate: 0.5, rng: seededRng(2) };
const { contribution } = await algorithm.clientRound({ broadcast: algorithm.broadcast(state), trainer, options });
assert.equal(contribution.values.update.length, model.layout.size);
assert.equal(shardPartition(Uint8Array.of(0, 1, 0, 1), { clients: 2, shardsPerClient: 1 }, seededRng(1)).length, 2);

const codec = eden({ bits: 2 });
const context = { sharedSeed: clientSeed(new Uint8Array(32), 'a', 1) };
assert.equal(codec.decode(codec.encode(Float32Array.of(1, -2, 3), context), context).length, 3);

const accountant = pldAccountant({ neighboring: 'add-or-remove' });
accountant.compose(event.gaussian({ noiseStd: 1, recordNorm: 1 }), 10);
const { lower, upper } = accountant.epsilonBounds(1e-5);
assert.ok(lower <= upper && upper < 25);

const inputs = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((id) => [id, { update: Int32Array.of(1, -2) }]));
const config = {
  mode: 'semi-honest',
  corruptFraction: 0.2,
  dropoutFraction: 0.4,
  vectors: { update: { length: 2, bound: 9 } },
};
const { sums } = await runRound({ inputs, config });
assert.equal(sums.update.join(), '5,-10');

console.log('smoke: a client trains, a codec comes back, an accountant answers, a secure sum adds up');
