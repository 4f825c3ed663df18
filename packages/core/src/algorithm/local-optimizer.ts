/**
 * Local training by any optimizer: what DiLoCo calls the inner one.
 *
 * Arthur Douillard et al., "DiLoCo", 2023, algorithm 1, https://arxiv.org/abs/2311.08105: AdamW inside; Benjamin Thérien, Xiaolong
 * Huang, Irina Rish, Eugene Belilovsky, "MuLoCo: Muon is a Practical Inner Optimizer for DiLoCo", 2025,
 * https://arxiv.org/abs/2505.23725: Muon inside.
 *
 *     g = correction(∇f_i(w; batch));   w ← w + η·(step of the optimizer along −g)
 *
 * @module
 */
import { complementOf } from '../model/complement.ts';
import { applyObjective, checkObjective } from '../client/objective.ts';
import type { Trainer } from '../client/trainer.ts';
import type { PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { trainByBatches } from './by-batches.ts';

/**
 * A trainer whose local steps are `optimizer`'s: `serverMuon({ layout, learningRate: 1 })` beside `diLoCo()` is MuLoCo,
 * `serverAdam({ learningRate: 1 })` DiLoCo. A step is η, the training's `learningRate`, times what the optimizer would do, so that schedules
 * hold; give the optimizer a rate of 1. Its state begins anew in every training, and `momentum` of the training is not used.
 *
 * For algorithms that average updates. Those that divide an update by η·K for a gradient, such as `scaffold` and `ef21`, would
 * take the optimizer's step for one.
 *
 * @param trainer - One with `batches`.
 * @throws FedkitError in training, as {@link Trainer.train}; `INVALID_ARGUMENT` by a trainer without batches.
 */
export function withLocalOptimizer<S extends PlainData>(trainer: Trainer, optimizer: ServerOptimizer<S>): Trainer {
  return {
    ...trainer,
    async train(start, objective, options) {
      checkObjective('train', objective, start.length);
      const { trainable } = objective;
      let state = optimizer.init(start.length);
      return trainByBatches('train', trainer, start, options, async (w, gradientAt) => {
        const gradient = applyObjective(await gradientAt(w), w, start, objective);
        const step = optimizer.step(
          state,
          w,
          gradient.map((value) => -value),
        );
        state = step.state;
        const before = w.slice();
        for (let i = 0; i < w.length; i++) w[i] += options.learningRate * (step.params[i] - w[i]);
        // What may not move is given no gradient, and an optimizer of matrices may move it nevertheless.
        if (trainable)
          for (const { start: from, end } of complementOf(trainable).spans) w.set(before.subarray(from, end), from);
      });
    },
  };
}
