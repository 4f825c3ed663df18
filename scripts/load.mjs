// Busy processes, so that the machine has the load asked for: what the tests have to stand.
import { spawn } from 'node:child_process';

/** @returns A function that ends them. */
export function load(count) {
  const busy = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9); for (;;);'], { stdio: 'ignore' }),
  );
  const end = () => busy.forEach((child) => child.kill('SIGKILL'));
  process.once('exit', end);
  return end;
}
