/**
 * A client whose optimum is known: for trying algorithms.
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { checkVector } from '../check.ts';
import type { Representation, Trainer, TrainOptions } from '../client/trainer.ts';

/**
 * A trainer of the loss ½·curvature·‖w − target‖², whose gradient is curvature·(w − target). It follows the local objective and options as every
 * trainer must; an epoch is `examples / batchSize` steps, rounded up.
 *
 * @param target - Shape [d]: what this client would have the model be.
 * @param examples - Its weight in the federation, ≥ 1.
 * @param curvature - > 0; with different ones the joint optimum is not the mean of the clients' own.
 */
export function quadraticTrainer(target: Float32Array, examples: number, curvature: number = 1): Trainer {
  const size = target.length;
  const at = (value: number | Float32Array | undefined, c: number, otherwise: number): number =>
    value === undefined ? otherwise : typeof value === 'number' ? value : value[c];
  const slope = async (point: Float32Array): Promise<Float32Array> => {
    checkVector('quadraticTrainer.gradient: at', point, size);
    return point.map((value, c) => curvature * (value - target[c]));
  };
  const represent = async (point: Float32Array): Promise<Representation> => ({
    values: checkVector('quadraticTrainer.represent: at', point, size).slice(),
    width: size,
    gradient: async (along) => along.slice(),
  });
  const stepsOf = ({ epochs, steps, batchSize }: TrainOptions) => {
    const perEpoch = batchSize === 'all' ? 1 : Math.ceil(examples / batchSize);
    return steps ?? Math.max(1, Math.round((epochs ?? 1) * perEpoch));
  };
  return {
    async train(start, objective, options) {
      const { learningRate, momentum = 0, signal } = options;
      checkAborted('quadraticTrainer.train', signal);
      checkVector('quadraticTrainer.train: start', start, size);
      const { proximal, scale, shift, trainable } = objective;
      const anchor = objective.anchor ?? start;
      const count = stepsOf(options);
      const free = new Uint8Array(size).fill(trainable === undefined ? 1 : 0);
      for (const span of trainable?.spans ?? []) free.fill(1, span.start, span.end);
      const w = new Float64Array(start);
      const velocity = new Float64Array(size);
      for (let step = 0; step < count; step++) {
        for (let c = 0; c < size; c++) {
          if (free[c] === 0) continue;
          const gradient =
            at(scale, c, 1) * curvature * (w[c] - target[c]) +
            at(proximal, c, 0) * (w[c] - anchor[c]) +
            at(shift, c, 0);
          velocity[c] = momentum * velocity[c] + gradient;
          w[c] -= learningRate * velocity[c];
        }
      }
      const lossAtStart = start.reduce((sum, value, c) => sum + (curvature * (value - target[c]) ** 2) / 2, 0);
      const values = Float32Array.from(w, (value, c) => value - start[c]);
      return { values, steps: count, examples, lossAtStart };
    },
    gradient: slope,
    // Every batch has the same mean, and the model is all there is to represent it by.
    batches: (options) => ({
      examples,
      each: Array.from({ length: stepsOf(options) }, () => ({ gradient: slope, represent })),
    }),
  };
}
