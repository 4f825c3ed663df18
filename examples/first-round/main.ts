import { fedAvg, plainTrainer, seededRng, softmaxRegression } from '@fedkit/core';

// Three devices, each with a few points (x, y) and whether x > y. The points never leave them.
const model = softmaxRegression({ inputs: 2, classes: 2 });
const devices = [
  { inputs: Float32Array.of(3, 1, 1, 2, 5, 4), labels: Uint8Array.of(1, 0, 1) },
  { inputs: Float32Array.of(0, 2, 2, 0), labels: Uint8Array.of(0, 1) },
  { inputs: Float32Array.of(4, 3, 1, 5, 2, 3, 6, 1), labels: Uint8Array.of(1, 0, 0, 1) },
].map((examples) => plainTrainer(model, examples));

const algorithm = fedAvg();
let state = algorithm.init(model.init(seededRng(1)));
const aggregator = algorithm.aggregator(model.layout.size);
const sum = aggregator.create();
for (const trainer of devices) {
  const options = { epochs: 5, batchSize: 2, learningRate: 0.5, rng: seededRng(2) };
  const report = await algorithm.clientRound({ broadcast: algorithm.broadcast(state), trainer, options });
  aggregator.accumulate(sum, report.contribution); // the update and the number of examples: all that is sent
}
state = algorithm.serverStep(state, aggregator.finalize(sum), { round: 1, cohort: 3, population: 3 });

const unseen = { inputs: Float32Array.of(9, 2, 3, 7, 8, 6, 0, 1), labels: Uint8Array.of(1, 0, 1, 0) };
console.log(model.evaluate(algorithm.params(state), unseen).accuracy); // => 1
