/**
 * Which products of which blocks an adapter changes.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import type { DecoderShape } from '../model/shape.ts';
import { blockName, LINEARS, type LinearName, linearShapes } from '../model/tensors.ts';

/** A product by its short name. */
export type Target = 'q_proj' | 'k_proj' | 'v_proj' | 'o_proj' | 'gate_proj' | 'up_proj' | 'down_proj';

/** Where an adapter goes. */
export interface TargetOptions {
  /** Products by short name, or all of them. */
  readonly targets: readonly Target[] | 'all-linear';
  /** Which blocks, from 0; default: all. */
  readonly layers?: (layer: number) => boolean;
}

/** A product in its place. */
interface TargetPlace {
  readonly layer: number;
  readonly name: LinearName;
  /** Full name without the tensor, such as `model.layers.0.self_attn.q_proj`. */
  readonly path: string;
  readonly outputs: number;
  readonly inputs: number;
}

/** Targets as a predicate and, for a shape, as places. */
export interface Targets {
  readonly names: readonly string[];
  has(layer: number, name: LinearName): boolean;
  of(shape: DecoderShape): TargetPlace[];
}

/**
 * Checks where an adapter goes.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for a name that is no product, or no place at all.
 */
export function checkTargets(where: string, options: TargetOptions): Targets {
  const { targets, layers = () => true } = options;
  const known = LINEARS.map((name) => name.slice(name.indexOf('.') + 1));
  const names = targets === 'all-linear' ? known : targets;
  if (!Array.isArray(names) || names.length === 0) {
    refuse('INVALID_ARGUMENT', `${where}: targets`, "names of products or 'all-linear'", targets);
  }
  for (const name of names) {
    if (!known.includes(name)) refuse('INVALID_ARGUMENT', `${where}: targets`, known.join(', '), name);
  }
  const chosen = new Set(LINEARS.filter((name) => names.includes(name.slice(name.indexOf('.') + 1))));
  const has = (layer: number, name: LinearName) => chosen.has(name) && layers(layer);
  return {
    names: known.filter((name) => names.includes(name)),
    has,
    of(shape) {
      const places = Array.from({ length: shape.layers }, (_, layer) =>
        [...linearShapes(shape)]
          .filter(([name]) => has(layer, name))
          .map(([name, [outputs, inputs]]) => ({ layer, name, path: `${blockName(layer)}${name}`, outputs, inputs })),
      ).flat();
      if (places.length === 0)
        refuse('INVALID_ARGUMENT', `${where}: targets`, 'a product that the model has', names.join());
      return places;
    },
  };
}
