/**
 * Selecting value by value, where {@link Layout.select} selects whole tensors.
 *
 * @module
 */
import type { Layout } from './layout.ts';
import { Selection } from './selection.ts';

/** The values at places for which `selected` is true. O(layout.size). */
export function selectPlaces(layout: Layout, selected: (place: number) => boolean): Selection {
  const spans: { start: number; end: number }[] = [];
  const tensors = layout.tensors.filter(({ offset, size }) => {
    let some = false;
    for (let place = offset; place < offset + size; place++) {
      if (!selected(place)) continue;
      some = true;
      const last = spans[spans.length - 1];
      if (last?.end === place) last.end++;
      else spans.push({ start: place, end: place + 1 });
    }
    return some;
  });
  return new Selection(layout, tensors, spans);
}
