// An order drawn by seed.
import type { Rng } from '@fedkit/core';

/** `items` in an order that `rng` draws, each order as likely (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], rng: Rng): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const at = rng.below(i + 1);
    [order[i], order[at]] = [order[at], order[i]];
  }
  return order;
}
