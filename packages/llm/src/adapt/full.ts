/**
 * Training the model's own tensors: all, or those that a filter names.
 *
 * @module
 */
import { checkOptions, type OptionNames, refuse } from '@fedkit/core/internal';
import { normal } from '@fedkit/core/math';
import { tensorsOf } from '../model/tensors.ts';
import type { Adaptation } from './adaptation.ts';

/** Which of the model's own tensors train. */
export interface FullOptions {
  /** Chosen by name, such as `(name) => name.startsWith('model.layers.5.')`; default: all. */
  readonly filter?: (name: string) => boolean;
}

/**
 * Trains the model's own tensors, in float32. Over a frozen base they start at the base's weights; without one matrices
 * start normal with standard deviation 0.02, those that write to the residual stream 0.02/√(2·layers) (Radford et al.
 * 2019), gains at 1 and biases at 0.
 *
 * @throws FedkitError `INVALID_ARGUMENT` once the model is known and no tensor passes the filter.
 */
export function full(options: FullOptions = {}): Adaptation {
  checkOptions('full', options, { filter: true } satisfies OptionNames<typeof options>);
  const { filter = () => true } = options;
  return {
    kind: 'full',
    settings: {},
    tensors(shape) {
      const tensors = tensorsOf(shape).filter(({ name }) => filter(name));
      if (tensors.length === 0) refuse('INVALID_ARGUMENT', 'full: filter', 'at least one tensor that passes', 0);
      return tensors;
    },
    init({ name, shape }, tensor, rng, base) {
      const own = base.weight(name);
      if (own !== undefined) tensor.set(own);
      else if (name.endsWith('norm.weight')) tensor.fill(1);
      else if (shape.length > 1) {
        const deviation = /(o|down)_proj\.weight$/.test(name) ? 0.02 / Math.sqrt(2 * base.shape.layers) : 0.02;
        for (let i = 0; i < tensor.length; i++) tensor[i] = deviation * normal(rng);
      }
    },
    change: () => undefined,
  };
}
