/**
 * The tensors of a layout by what becomes of them.
 *
 * @module
 */
import { refuse } from '../check.ts';
import { Layout, type PlacedTensor, type TensorRole } from './layout.ts';
import type { Selection } from './selection.ts';
import { complementOf } from './complement.ts';

/** What becomes of a tensor: `optimized` unless it says otherwise. */
const roleOf = ({ role = 'optimized' }: { readonly role?: TensorRole }): TensorRole => role;

/** A layout taken apart. */
export interface Roles {
  readonly layout: Layout;
  /** What the algorithm sees, of the full vector. */
  readonly optimized: Selection;
  /** Everything else, of the full vector. */
  readonly others: Selection;
  /** Of the vector of all others. */
  readonly averaged: Selection;
  readonly largest: Selection;
  readonly local: Selection;
  readonly frozen: Selection;
  /** What may be trained, of the full vector: everything but what is frozen. */
  readonly free: Selection;
  /** Averaged variances and their means, as places in a vector of what is averaged. */
  readonly variances: readonly { readonly variance: PlacedTensor; readonly mean: PlacedTensor }[];
}

/**
 * @throws FedkitError `INVALID_ARGUMENT` for a layout without an optimized value, and for a variance whose mean is missing, of
 * another size or in another role.
 */
export function rolesOf(where: string, layout: Layout): Roles {
  if (!(layout instanceof Layout)) refuse('INVALID_ARGUMENT', `${where}: layout`, 'a Layout', layout);
  const optimized = layout.select((tensor) => roleOf(tensor) === 'optimized');
  if (optimized.size === 0) refuse('INVALID_ARGUMENT', `${where}: layout`, 'at least one optimized value', 'none');
  const others = complementOf(optimized);
  const beside = Layout.of(others.tensors);
  const role = (wanted: TensorRole) => beside.select((tensor) => roleOf(tensor) === wanted);
  const averaged = role('averaged');
  for (const tensor of layout.tensors) checkVariance(where, layout, tensor);
  const statistics = Layout.of(averaged.tensors);
  const variances = statistics.tensors.flatMap((variance) =>
    variance.varianceOf === undefined ? [] : [{ variance, mean: statistics.tensor(variance.varianceOf) }],
  );
  const free = layout.select((tensor) => roleOf(tensor) !== 'frozen');
  const [largest, local, frozen] = [role('largest'), role('local'), role('frozen')];
  return { layout, optimized, others, averaged, largest, local, frozen, free, variances };
}

function checkVariance(where: string, layout: Layout, variance: PlacedTensor): void {
  const name = variance.varianceOf;
  if (name === undefined) return;
  const mean = layout.has(name) ? layout.tensor(name) : undefined;
  if (mean && mean !== variance && mean.size === variance.size && roleOf(mean) === roleOf(variance)) return;
  refuse(
    'INVALID_ARGUMENT',
    `${where}: layout: varianceOf of ${variance.name}`,
    'another tensor of its size and role',
    name,
  );
}
