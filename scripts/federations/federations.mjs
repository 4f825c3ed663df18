// Whole federations whose server and clients are on different engines: a Node server with clients over HTTP, and runs that one
// engine begins and others go on with.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInPage } from '../browser/browsers.mjs';
import { CLIENTS, kinds, outcomeOf, ROUNDS, tolerance } from './kinds.mjs';
import { run } from './run.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The server runs on this Node; `dist` is read when it has been built. */
async function onThisNode() {
  const { packages } = await import('./packages.mjs');
  const { fetchHandler } = await import('../../packages/core/dist/transport/fetch/index.js');
  const { memoryTransport } = await import('../../packages/core/dist/transport/memory/index.js');
  const { serve } = await import('../../packages/core/dist/transport/node/index.js');
  return { ...kinds(packages), core: packages.core, fetchHandler, memoryTransport, serve };
}

/** The plain federation on this engine alone: what every other is compared with. */
async function plainly({ server, client, ids, layout, core, memoryTransport }) {
  const open = await server('plain');
  await Promise.all(ids.map((id) => client('plain', id, memoryTransport(open, id)).run()));
  return outcomeOf(core, open, layout);
}

const distance = (a, b) => a.params.reduce((most, x, i) => Math.max(most, Math.abs(x - b.params[i])), 0);

/** In a word, or an error: the rounds were published and the model is the plain one's, to the bit or within what chance does. */
function verdictOf(kind, found, plain) {
  const missing = ROUNDS - found.outcomes.filter((outcome) => outcome === 'published').length;
  if (missing > 0) throw new Error(`${missing} rounds were not published`);
  const apart = distance(found, plain);
  if (kind === 'plain') {
    if (found.digest !== plain.digest) throw new Error(`${apart} from the model of one engine alone`);
    return 'the same bytes as on one engine';
  }
  if (!(apart <= tolerance[kind])) throw new Error(`${apart} from the plain model, not within ${tolerance[kind]}`);
  return `within ${apart.toPrecision(2)} of the plain one`;
}

/**
 * Federations of a server on this Node and clients dealt evenly to `engines`, [title, command...] each, and the browsers.
 *
 * @returns By kind, a function that runs one and resolves with what to say of it.
 */
export async function acrossEngines(engines, browsers) {
  const node = await onThisNode();
  const plain = await plainly(node);
  const places = engines.length + browsers.length;
  const idsOf = (place) => node.ids.filter((_, i) => i % places === place).join();

  return node.names.map((kind) => [
    kind,
    async () => {
      const server = await node.server(kind);
      const authenticate = (request) => /^Bearer (client \d)$/.exec(request.headers.get('authorization') ?? '')?.[1];
      const fedkit = node.fetchHandler(server, { authenticate });
      const listening = await node.serve(fedkit);
      const failure = new AbortController();
      const { signal } = failure;
      const url = `${listening.url}/fedkit`;
      const clients = engines.map(([title, ...command], place) =>
        run(title, [...command, join(here, 'client.mjs'), url, kind, idsOf(place)], signal),
      );
      browsers.forEach((browser, i) => {
        const parameters = { kind, ids: idsOf(engines.length + i) };
        clients.push(runInPage(browser, { module: '/scripts/federations/page.mjs', parameters, fedkit, signal }));
      });
      try {
        await Promise.all(clients);
        return verdictOf(kind, await outcomeOf(node.core, server, node.layout), plain);
      } finally {
        // The others would wait for one that is gone.
        failure.abort();
        await Promise.allSettled(clients);
        await listening.close();
        await server.close();
      }
    },
  ]);
}

/** Runs in a folder that `engines` open in turn, one round each. By kind, as {@link acrossEngines}. */
export async function resumed(engines) {
  const node = await onThisNode();
  const plain = await plainly(node);
  return node.names.map((kind) => [
    kind,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'fedkit-resumed-'));
      try {
        let found;
        for (const [i, [title, ...command]] of engines.entries()) {
          const rounds = `${Math.round(((i + 1) * ROUNDS) / engines.length)}`;
          const before = found?.outcomes.length ?? 0;
          found = JSON.parse(await run(title, [...command, join(here, 'resume.mjs'), folder, kind, rounds]));
          if (found.before !== before) throw new Error(`${title}: found ${found.before} rounds, not ${before}`);
        }
        return verdictOf(kind, found, plain);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  ]);
}

export const clientsOf = (places) => `${CLIENTS} clients on ${places.join(', ')}`;
