// One server of the soak in a process of its own, which the soak kills, freezes, and tells to fail.
// fork('server.ts', [directory, seed])
import { federatedServer, fileStore, secureRng, seededRng } from '@fedkit/core';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { serve } from '@fedkit/core/transport/node';
import { BrokenDisk, type DiskFault } from './broken-disk.ts';
import { initial, pipeline, rounds } from './federation.ts';

/** What the soak says. */
export type Order = { readonly disk: DiskFault | null } | { readonly clock: number };
/** What a server says. */
export type Said =
  | { readonly port: number }
  | { readonly superseded: true }
  | { readonly published: number; readonly rss: number };

const [directory, seed] = process.argv.slice(2);
const rng = seededRng(seed);
const disk = new BrokenDisk(() => rng.uniform());
let offset = 0;
process.on('message', (order: Order) => {
  if ('disk' in order) disk.fault = order.disk ?? undefined;
  else offset += order.clock;
});
process.on('disconnect', () => process.exit());
const say = (what: Said) => process.send?.(what);

const server = await federatedServer({
  ...rounds,
  pipeline,
  initial,
  store: fileStore(disk.fileSystem, directory),
  clock: () => performance.now() + offset,
  rng: secureRng(),
  onEvent: (event) => {
    if (event.kind === 'superseded') say({ superseded: true });
    if (event.kind === 'published') say({ published: event.record.round, rss: process.memoryUsage.rss() });
  },
});
const authenticate = (request: Request) => request.headers.get('x-client') ?? undefined;
const { port } = await serve(fetchHandler(server, { authenticate, limits: { bodyMilliseconds: 5000 } }));
const tick = () =>
  void server
    .tick()
    .catch(() => {})
    .finally(() => setTimeout(tick, 100));
tick();
say({ port });
