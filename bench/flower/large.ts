import { Layout, type Trainer } from '@fedkit/core';

/** A model of `tensors` times `values` float32. */
export function largeLayout(tensors: number, values: number): Layout {
  return Layout.of(Array.from({ length: tensors }, (_, i) => ({ name: `tensor.${i}`, shape: [values] })));
}

/** Moves every parameter by a little, another little for each node and message, so that no two replies are alike. */
export function movingTrainer(layout: Layout, node: number): Trainer {
  let round = 0;
  return {
    layout,
    train: async (start) => {
      const step = (1 + node / 32 + ++round / 1024) / 64;
      return { values: new Float32Array(start.length).fill(step), steps: 1, examples: 1 + node, lossAtStart: 1 };
    },
    gradient: async (at) => at,
  };
}
