// The setting of Sattler et al., IEEE TNNLS 2020, table II, in which every update is bytes, both ways: softmax regression on MNIST, 100
// clients of two classes each, 10 of them a round, batches of 20, learning rate 0.04, nothing tuned.
import { contraction, downlink, feedbackCodec } from '@fedkit/compression';
import { fedAvg, plainTrainer, plainUpdates, softmaxRegression } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { shardPartition } from '@fedkit/core/simulation';
import { readMnist } from '../../examples/data/mnist.ts';
import { type ChannelEntry, type Experiment, experiment } from '../../packages/fedkit/src/index.ts';

const CLIENTS = 100;
/** Updates that the server keeps for clients which return. */
const HISTORY = 64;
const model = softmaxRegression({ inputs: 784, classes: 10 });

/** How updates travel: the same codec up and down by default, down always with the server's residual, up with a client's if it says so. */
export function bothWays(up: Codec, { down = up, feedback }: { down?: Codec; feedback?: number } = {}): ChannelEntry {
  return ({ algorithm, layout }) => ({
    up:
      feedback === undefined
        ? plainUpdates({ algorithm, layout, codec: up })
        : plainUpdates({
            algorithm,
            layout,
            codec: contraction(up),
            errorFeedback: feedbackCodec({ decay: feedback }),
          }),
    down: () => downlink(contraction(down), { size: layout.size, history: HISTORY }),
  });
}

/** Channels beside whole models in float32: 2,500 local steps of every client that takes part throughout, `steps` of them a round. */
export function compressedDigits(
  name: string,
  { steps, channels }: { steps: number; channels: Readonly<Record<string, ChannelEntry>> },
): Experiment {
  const rounds = 2500 / steps;
  return experiment({
    name,
    about: `Softmax regression on MNIST, 100 clients of two classes, 10 a round, ${rounds} rounds of ${steps} steps of 20 digits.`,
    task: () => {
      const { train, test } = readMnist();
      return {
        federation({ split, rng }) {
          const parts = split?.(train.labels, rng.fork('split')) ?? [];
          return {
            layout: model.layout,
            initial: model.init(rng.fork('model')),
            clients: parts.map((rows) => plainTrainer(model, { ...train, rows })),
            evaluate: (params) => model.evaluate(params, test),
          };
        },
      };
    },
    splits: {
      'two classes': (labels, rng) => shardPartition(labels, { clients: CLIENTS, shardsPerClient: 2 }, rng),
    },
    algorithms: { FedAvg: () => fedAvg() },
    channels: { none: 'none', ...channels },
    local: () => ({ steps, batchSize: 20, learningRate: 0.04, lossAtStart: false }),
    cohort: 10,
    rounds,
    evaluateEvery: rounds / 25,
    seeds: 5,
    compare: { measure: 'accuracy', target: 0.85 },
  });
}
