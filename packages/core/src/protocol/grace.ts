/**
 * Ends that take no longer than they may.
 *
 * @module
 */
import { checkInteger, checkOptions } from '../check.ts';
import { type Clock, systemClock } from './clock.ts';

/** What {@link within} waits for unless told otherwise, in milliseconds. */
const DEFAULT_GRACE = 30_000;

/** An option `grace`. @throws FedkitError `OUT_OF_RANGE` for what is no number of milliseconds. */
export function graceOf(where: string, options: { readonly grace?: number }): number {
  checkOptions(where, options, { grace: true });
  return checkInteger(`${where}: grace`, options.grace ?? DEFAULT_GRACE, 0, 2 ** 31 - 1);
}

/** Whether `work` settled, well or not, within so many milliseconds. What it still does is then nobody's concern. */
export async function within(
  milliseconds: number,
  work: Promise<unknown>,
  clock: Clock = systemClock,
): Promise<boolean> {
  let cancel = (): void => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(milliseconds, () => resolve(false));
  });
  const done = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    cancel();
  }
}
