/**
 * The size of an aggregate's coordinates.
 *
 * @module
 */
import type { PlainData } from '../plain-data.ts';

/** √ of the mean square over every number in `data`; NaN for none. */
export function rootMeanSquare(data: PlainData): number {
  let squares = 0;
  let count = 0;
  const visit = (part: PlainData): void => {
    if (typeof part === 'number') {
      squares += part * part;
      count++;
    } else if (part instanceof Float32Array) {
      for (const value of part) squares += value * value;
      count += part.length;
    } else {
      for (const inner of Object.values(part)) visit(inner);
    }
  };
  visit(data);
  return Math.sqrt(squares / count);
}
