/**
 * What nothing else beats at both cost and value.
 *
 * @module
 */

/** Those of `points` that no other is as good as at a lower cost, or better than at the same; by cost. */
export function frontier<T extends { readonly cost: number; readonly value: number }>(
  points: readonly T[],
  best: 'highest' | 'lowest',
): T[] {
  const worth = ({ value }: T) => (best === 'highest' ? value : -value);
  const kept: T[] = [];
  for (const point of [...points].sort((a, b) => a.cost - b.cost || worth(b) - worth(a)))
    if (kept.length === 0 || worth(point) > worth(kept[kept.length - 1])) kept.push(point);
  return kept;
}
