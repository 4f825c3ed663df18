/**
 * FedDF: several models, of whatever shapes, become one on public text.
 *
 * Lin, Kong, Stich, Jaggi, "Ensemble Distillation for Robust Model Fusion in Federated Learning", NeurIPS 2020, algorithm 1,
 * https://arxiv.org/abs/2006.07242. With logits z_m of the members and σ the softmax:
 *
 *     x ← start, the mean of the members' parameters where they have one shape
 *     for some steps over public text:  x ← x − η ∂/∂x KL( σ(mean of z_m / τ) ‖ σ(z_x / τ) )
 *
 * The server's step between two rounds, as it is a server's that distils a large teacher into the student it sends out: the
 * teacher is then a member.
 *
 * @module
 */
import type { TrainOptions } from '@fedkit/core';
import { checkOptions, type OptionNames, refuse } from '@fedkit/core/internal';
import type { LanguageModel } from '../model/language-model.ts';
import type { LocalOptimizer } from '../train/optimizer.ts';
import { type LanguageTrainerOptions, languageTrainer } from '../train/trainer.ts';
import type { Windows } from '../train/windows.ts';
import { ensembleLogits, publicLogits } from './ensemble.ts';

/** A model that others learn from. */
export interface Member {
  readonly model: LanguageModel;
  readonly params: Float32Array;
  /** > 0; default 1. */
  readonly weight?: number;
}

/** What is fused, into what. */
export interface FedDfOptions {
  readonly members: readonly Member[];
  readonly student: LanguageModel;
  /** Where the student starts, shape [student.layout.size]. */
  readonly start: Float32Array;
  /** Public text. */
  readonly windows: Windows;
  /** How long the student learns. */
  readonly train: TrainOptions;
  /** Default: SGD. */
  readonly optimizer?: LocalOptimizer;
  /** τ > 0; default 1, as in the paper. */
  readonly temperature?: number;
  /** Of the members' distributions; default `logits`, as in the paper. */
  readonly mean?: 'logits' | 'probabilities';
  readonly onStep?: LanguageTrainerOptions['onStep'];
}

/**
 * The student after it has learned from the members, shape [student.layout.size]. Members and student share a vocabulary.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for no member, `SHAPE_MISMATCH` for another vocabulary, otherwise as `publicLogits`,
 * `ensembleLogits` and `languageTrainer`.
 */
export async function fedDf(options: FedDfOptions): Promise<Float32Array> {
  checkOptions('fedDf', options, {
    members: true,
    student: true,
    start: true,
    windows: true,
    train: true,
    optimizer: true,
    temperature: true,
    mean: true,
    onStep: true,
  } satisfies OptionNames<typeof options>);
  const { members, student, start, windows, train, optimizer, temperature = 1, mean = 'logits', onStep } = options;
  const { vocabulary } = student.shape;
  if (members.length === 0) refuse('INVALID_ARGUMENT', 'fedDf: members', 'at least one', 0);
  for (const { model } of members) {
    if (model.shape.vocabulary !== vocabulary) {
      refuse('SHAPE_MISMATCH', 'fedDf: members', `a vocabulary of ${vocabulary}`, model.shape.vocabulary);
    }
  }
  const logits = ensembleLogits(
    members.map(({ model, params }) => publicLogits(model, params, windows)),
    { vocabulary, weights: members.map(({ weight = 1 }) => weight), mean, temperature },
  );
  const trainer = languageTrainer(student, windows, {
    teacher: { logits, temperature, share: 1 },
    ...(optimizer && { optimizer }),
    ...(onStep && { onStep }),
  });
  const { values } = await trainer.train(start, {}, train);
  return values.map((value, i) => start[i] + value);
}
