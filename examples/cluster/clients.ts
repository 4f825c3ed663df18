// Clients on this machine, all in this process: examples/cluster/clients.ts FRONT-URL,FRONT-URL [clients 200]
import { federatedClient, memoryStore, plainTrainer } from '@fedkit/core';
import { fetchExchange } from '@fedkit/core/transport/fetch';
import { local, model, pipeline, pointsOf } from './federation.ts';
import { say } from './log.ts';

const [fronts, count = '200'] = process.argv.slice(2);
if (fronts === undefined) {
  console.error(
    'usage: examples/cluster/clients.ts FRONT-URL,FRONT-URL [clients 200]: main.ts prints the whole command',
  );
  process.exit(2);
}
const urls = fronts.split(',');
let [counted, told] = [0, 0];
const telling = setInterval(() => {
  if (counted !== told) say({ kind: 'counted', reports: (told = counted) });
}, 1000);
await Promise.all(
  Array.from({ length: Number(count) }, (_, i) => {
    const exchanges = urls.map((url) =>
      fetchExchange({ url: `${url}/fedkit`, headers: { 'x-client': `client-${i}` }, attempts: 1 }),
    );
    let turn = i;
    return federatedClient({
      id: `client-${i}`,
      pipeline,
      trainer: plainTrainer(model, pointsOf(i)),
      local: () => local,
      // Any front end will do: where one does not answer, the next is asked.
      exchange: (request, options) =>
        exchanges[turn % exchanges.length](request, options).catch((error: unknown) => {
          turn++;
          throw error;
        }),
      store: memoryStore(),
      onProgress: ({ kind }) => kind === 'counted' && counted++,
    }).run();
  }),
);
clearInterval(telling);
say({ kind: 'over', clients: Number(count), reports: counted });
