// A server and four client processes, until the run is over.
import { randomBytes } from 'node:crypto';
import { examplesOf, model } from './federation.ts';
import { runClients } from './processes.ts';
import { startServer } from './server.ts';

const ids = ['north', 'east', 'south', 'west'];
const secret = randomBytes(32).toString('hex');
const server = await startServer({ folder: 'federation/server', secret, cohort: ids.length });
for (const line of await runClients({ url: server.url, secret, ids, folder: 'federation/clients' })) console.log(line);
const { accuracy } = model.evaluate(server.federation.params, examplesOf('unseen', 500));
console.log(`right on ${(100 * accuracy).toFixed(1)} % of unseen points`);
await server.close();
