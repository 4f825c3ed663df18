/**
 * The other part of a model.
 *
 * @module
 */
import { selectPlaces } from './select-places.ts';
import type { Selection } from './selection.ts';

/** Everything that `selection` leaves out of its layout. */
export function complementOf(selection: Selection): Selection {
  const { layout, tensors, spans, whole } = selection;
  if (whole) {
    const kept = new Set(tensors);
    return layout.select((tensor) => !kept.has(tensor));
  }
  const selected = new Uint8Array(layout.size);
  for (const { start, end } of spans) selected.fill(1, start, end);
  return selectPlaces(layout, (place) => selected[place] === 0);
}
