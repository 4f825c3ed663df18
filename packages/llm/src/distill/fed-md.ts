/**
 * FedMD: devices of different shapes that send what they say of public text instead of parameters.
 *
 * Li and Wang, "FedMD: Heterogenous Federated Learning via Model Distillation", 2019, algorithm 1, https://arxiv.org/abs/1910.03581.
 *
 *     communicate  client i sends its logits z_i of public text
 *     aggregate    c ← mean of the z_i
 *     digest       client i trains towards c on public text
 *     revisit      client i trains on its own text
 *
 * The paper digests by the mean absolute error of logits; here it is the KL divergence at a temperature, which does not ask a small model
 * for the teacher's scale. The consensus is what travels, so that the rule is federated averaging of logits: `fedAvg()` with
 * any codec, secure sum or noise, whose model is c.
 *
 * @module
 */
import { Layout, type Trainer, type TrainOptions } from '@fedkit/core';
import { checkOptions, type OptionNames, checkFinite, checkPositive, checkVector, refuse } from '@fedkit/core/internal';
import type { LanguageModel } from '../model/language-model.ts';
import type { LocalOptimizer } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import type { Windows } from '../train/windows.ts';
import { publicLogits } from './ensemble.ts';

/** A member and its texts. */
export interface MemberOptions {
  /** Where it starts, shape [model.layout.size]. */
  readonly params: Float32Array;
  /** Its own text, which nobody sees. */
  readonly own: Windows;
  /** Public text, the same for all members. */
  readonly open: Windows;
  /** How it digests; how it revisits its own text is the round's. */
  readonly digest: Omit<TrainOptions, 'rng'>;
  /** Default: SGD. */
  readonly optimizer?: LocalOptimizer;
  /** τ > 0 of the digestion; default 1. */
  readonly temperature?: number;
}

/** A {@link Trainer} whose model is the consensus, with a model of its own behind it. */
export interface MemberTrainer extends Trainer {
  /** Its own parameters, as the last training left them: what must be stored on a device that restarts. */
  params(): Float32Array;
}

/** The consensus before anyone has said anything, shape [positions · vocabulary]: all equally likely. */
export function noConsensus(open: Windows, vocabulary: number): Float32Array {
  return new Float32Array(open.tokens.length * vocabulary);
}

/**
 * A member of FedMD. A training digests the consensus that it starts from, unless that is {@link noConsensus}, revisits the own text,
 * and gives the difference between what the member then says and the consensus. The member's weight is the number of its targets.
 *
 * @throws FedkitError as `languageTrainer` and `publicLogits`.
 */
export function memberTrainer(model: LanguageModel, options: MemberOptions): MemberTrainer {
  checkOptions('memberTrainer', options, {
    params: true,
    own: true,
    open: true,
    digest: true,
    optimizer: true,
    temperature: true,
  } satisfies OptionNames<typeof options>);
  const { own, open, digest, optimizer } = options;
  const temperature = checkPositive('memberTrainer: temperature', options.temperature ?? 1);
  let params = checkVector('memberTrainer: params', options.params, model.layout.size).slice();
  const using = optimizer && { optimizer };
  const revisited = languageTrainer(model, own, using);
  const { vocabulary } = model.shape;
  const layout = Layout.of([{ name: 'logits', shape: [open.tokens.length, vocabulary] }]);

  const moved = (start: Float32Array, values: Float32Array) => start.map((value, i) => value + values[i]);
  return {
    layout,
    params: () => params.slice(),
    async train(consensus, objective, how) {
      checkFinite('train: start', checkVector('train: start', consensus, layout.size));
      if (Object.keys(objective).length > 0) {
        refuse('INVALID_ARGUMENT', 'memberTrainer: objective', 'none: what travels is no parameter', 'one');
      }
      let next = params;
      if (consensus.some((value) => value !== 0)) {
        const teacher = { logits: consensus, temperature, share: 1 };
        const digesting = languageTrainer(model, open, { ...using, teacher });
        next = moved(next, (await digesting.train(next, {}, { ...digest, rng: how.rng } as TrainOptions)).values);
      }
      const { values, ...local } = await revisited.train(next, {}, how);
      next = moved(next, values);
      const said = publicLogits(model, next, open);
      // Only now, so that a training that fails leaves the member as it was.
      params = next;
      return { ...local, values: said.map((value, i) => value - consensus[i]) };
    },
    async gradient() {
      return refuse(
        'INVALID_ARGUMENT',
        'memberTrainer.gradient',
        'an algorithm that trains',
        'one that asks for a gradient',
      );
    },
  };
}
