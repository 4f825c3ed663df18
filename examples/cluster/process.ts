// One process of the cluster: `coordinator`, `front-1`, `worker-3`. SIGTERM lets it finish what it is at.
import { coordinate } from './coordinator.ts';
import { standBefore } from './front.ts';
import { say } from './log.ts';
import { setting } from './setting.ts';
import { work } from './worker.ts';

const [name] = process.argv.slice(2);
const found = setting();
// Before anything is begun: a signal that comes meanwhile is not lost.
let asked = (): void => {};
const stop = new Promise<void>((resolve) => (asked = resolve));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => asked());

const [role, number] = name.split('-');
const begun =
  role === 'coordinator'
    ? coordinate(found)
    : role === 'front'
      ? standBefore(found, name, found.fronts[Number(number) - 1])
      : work(found, name);
const end = await Promise.race([begun, stop.then(() => undefined)]);
if (end !== undefined) {
  say({ kind: 'started' });
  await stop;
  await end();
}
say({ kind: 'ended' });
process.exit();
