// A visitor's page: a node of the federation behind the page's own origin.
import { memoryStore, plainTrainer, softmaxRegression } from '@fedkit/core';
import { flowerNode } from '@fedkit/flower';
import { pointsOf } from '../../packages/flower/test/flwr/points.ts';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const examples = pointsOf(5);
void flowerNode({
  url: location.origin,
  trainer: plainTrainer(model, examples),
  local: ({ config }) => ({ steps: 2, batchSize: 'all', learningRate: Number(config.lr) }),
  evaluate: (params) => ({
    examples: examples.labels.length,
    metrics: { eval_acc: model.evaluate(params, examples).accuracy },
  }),
  store: memoryStore(),
  pollInterval: 300,
}).run();
