/**
 * (IA)³: learned gains on keys, values and hidden units.
 *
 * Liu et al., "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning", NeurIPS 2022,
 * §3.3, https://arxiv.org/abs/2205.05638
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import type { Adaptation } from './adaptation.ts';
import { checkTargets } from './targets.ts';

/** Which blocks. */
export interface Ia3Options {
  /** From 0; default: all. */
  readonly layers?: (layer: number) => boolean;
}

/**
 * l_k ⊙ K, l_v ⊙ V and W₂·(l_ff ⊙ hidden), gains starting at 1: 2·(kv width) + F values a block. Names are PEFT's,
 * `….ia3_l`, of shape [outputs, 1] and, at the feed-forward network, [1, inputs].
 */
export function ia3(options: Ia3Options = {}): Adaptation {
  checkOptions('ia3', options, { layers: true } satisfies OptionNames<typeof options>);
  const targets = checkTargets('ia3', { ...options, targets: ['k_proj', 'v_proj', 'down_proj'] });
  return {
    kind: 'ia3',
    settings: { targets: targets.names },
    tensors: (shape) =>
      targets.of(shape).map(({ path, name, outputs, inputs }) => ({
        name: `${path}.ia3_l`,
        shape: name === 'mlp.down_proj' ? [1, inputs] : [outputs, 1],
      })),
    init: (_, tensor) => {
      tensor.fill(1);
    },
    change(layer, name) {
      if (!targets.has(layer, name)) return undefined;
      const side = name === 'mlp.down_proj' ? 'input' : 'output';
      return { gain: { name: `model.layers.${layer}.${name}.ia3_l`, side } };
    },
  };
}
