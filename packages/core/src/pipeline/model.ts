/**
 * Which model a pipeline is for.
 *
 * @module
 */
import { checkInteger, refuse } from '../check.ts';
import type { Layout, PlacedTensor } from '../model/layout.ts';

/** Every pipeline's: client and server are given the same. Give the layout where there is one. */
export interface ModelOptions {
  /** The model's tensors: another model's client or store is refused by the tensor that differs. */
  readonly layout?: Layout;
  /** d, the model's parameters; default `layout.size`. Models without a layout are told apart by it alone. */
  readonly size?: number;
}

/** The model, checked. */
export interface Model {
  readonly size: number;
  readonly layout?: Layout;
}

/**
 * @throws FedkitError `INVALID_ARGUMENT` for neither layout nor size, and for roles that the algorithm does not keep;
 * `SHAPE_MISMATCH` where they disagree.
 */
export function modelOf(
  where: string,
  { layout, size, algorithm }: ModelOptions & { readonly algorithm?: { readonly roles?: Layout } },
): Model {
  checkRoles(where, layout, algorithm?.roles);
  if (layout === undefined) {
    if (size === undefined)
      refuse('INVALID_ARGUMENT', `${where}: layout`, "the model's layout, or its size", undefined);
    return { size: checkInteger(`${where}: size`, size, 1) };
  }
  // By what it has: a client that gets its layout from elsewhere, even from another copy of the package, does without the class.
  if (typeof layout?.digest !== 'function' || !Array.isArray(layout.tensors))
    refuse('INVALID_ARGUMENT', `${where}: layout`, 'a Layout', layout);
  checkInteger(`${where}: layout.size`, layout.size, 1);
  if (size !== undefined && size !== layout.size) {
    refuse('SHAPE_MISMATCH', `${where}: size`, `the layout's ${layout.size} parameters`, size);
  }
  return { size: layout.size, layout };
}

function checkRoles(where: string, layout: Layout | undefined, kept: Layout | undefined): void {
  const own = layout?.tensors?.find(hasRole);
  if (own && !kept) {
    const expected = `withRoles(algorithm, layout), since ${own.name} is ${own.role}`;
    refuse('INVALID_ARGUMENT', `${where}: algorithm`, expected, 'one without roles');
  }
  const same = layout?.tensors?.every((tensor, i) => say(tensor) + roles(tensor) === sayBoth(kept?.tensors[i]));
  if (kept && (!same || kept.tensors.length !== layout?.tensors.length)) {
    refuse('INVALID_ARGUMENT', `${where}: layout`, 'the layout that withRoles was given', layout);
  }
}

const hasRole = ({ role = 'optimized' }: PlacedTensor): boolean => role !== 'optimized';
const sayBoth = (tensor: PlacedTensor | undefined): string => (tensor ? say(tensor) + roles(tensor) : '');

/** The role of a tensor as text, empty for `optimized`. */
export const roles = (tensor: PlacedTensor): string =>
  (hasRole(tensor) ? `, ${tensor.role}` : '') + (tensor.varianceOf === undefined ? '' : `, of ${tensor.varianceOf}`);

/** Refuses a trainer of another model, by the tensor that differs. */
export function checkSameModel(where: string, layout: Layout | undefined, pipeline: Model): void {
  if (layout === undefined) return;
  const { tensors } = layout;
  const expected = pipeline.layout?.tensors;
  const i = expected?.findIndex((tensor, at) => say(tensor) !== say(tensors[at]));
  // What no gradient trains must not be optimized; in which other role it is, is the federation's to say.
  const untrained = expected?.find((tensor, at) => tensors[at] && hasRole(tensors[at]) && !hasRole(tensor));
  if (untrained && i === -1) {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: layout: ${untrained.name}`,
      "a role other than optimized in the pipeline's layout, as the trainer has it",
      'optimized',
    );
  }
  if (expected && i !== undefined && i >= 0) {
    refuse('SHAPE_MISMATCH', `${where}: layout: tensor ${i}`, `the pipeline's ${say(expected[i])}`, say(tensors[i]));
  }
  if (layout.size !== pipeline.size || (expected && tensors.length > expected.length)) {
    refuse('SHAPE_MISMATCH', `${where}: layout`, `the pipeline's ${pipeline.size} parameters`, layout.size);
  }
}

const say = (tensor: PlacedTensor | undefined): string =>
  tensor ? `${tensor.name} [${tensor.shape.join(', ')}]` : 'none';
