/**
 * Training that stays near what was learned before.
 *
 * @module
 */
import type { LocalObjective, Trainer } from '@fedkit/core';
import { checkFinite, checkNumber, checkVector } from '@fedkit/core/internal';

/** A pull g += strength · (w − at), a coordinate at a time. */
export interface Anchor {
  /** Where to, shape [d]. */
  readonly at: Float32Array;
  /** λ ≥ 0, a number or shape [d], such as λ times a Fisher information. */
  readonly strength: number | Float32Array;
}

/**
 * A trainer whose loss has Σ λ_i/2·(w_i − at_i)² beside it, under whatever algorithm. With λ a number it is proximal anchoring; with
 * λ·F_i, elastic weight consolidation: Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", PNAS 2017,
 * equation 3, https://arxiv.org/abs/1612.00796. It is part of the loss: `gradient` has it, and an algorithm's scale scales it. An
 * algorithm's own anchor, such as FedProx's, is kept: two pulls are one to their weighted mean.
 *
 * @throws FedkitError `SHAPE_MISMATCH` for vectors of different lengths, `OUT_OF_RANGE` for a strength below 0 or values not finite.
 */
export function anchoredTrainer(trainer: Trainer, anchor: Anchor): Trainer {
  const at = checkFinite('anchoredTrainer: at', checkVector('anchoredTrainer: at', anchor.at)).slice();
  const strengths =
    typeof anchor.strength === 'number'
      ? new Float32Array(at.length).fill(checkNumber('anchoredTrainer: strength', anchor.strength, 0))
      : checkFinite(
          'anchoredTrainer: strength',
          checkVector('anchoredTrainer: strength', anchor.strength, at.length),
        ).slice();
  for (const strength of strengths) checkNumber('anchoredTrainer: strength', strength, 0);
  return {
    ...(trainer.layout && { layout: trainer.layout }),
    train: (start, objective, how) => trainer.train(start, withAnchor(objective, start), how),
    async gradient(params) {
      const gradient = await trainer.gradient(params);
      return gradient.map((value, i) => value + strengths[i] * (params[i] - at[i]));
    },
  };

  function withAnchor(objective: LocalObjective, start: Float32Array): LocalObjective {
    const { proximal = 0, scale = 1, anchor: own = start } = objective;
    if (proximal === 0 && scale === 1) return { ...objective, anchor: at, proximal: strengths };
    const [where, how] = [new Float32Array(at.length), new Float32Array(at.length)];
    for (let i = 0; i < at.length; i++) {
      const first = typeof proximal === 'number' ? proximal : proximal[i];
      const second = (typeof scale === 'number' ? scale : scale[i]) * strengths[i];
      how[i] = first + second;
      where[i] = how[i] === 0 ? at[i] : (first * own[i] + second * at[i]) / (first + second);
    }
    return { ...objective, anchor: where, proximal: how };
  }
}
