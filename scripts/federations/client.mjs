// Clients of a federation on the engine that runs this: client.mjs <url> <kind> <client>,<client>
import { fetchExchange } from '../../packages/core/dist/transport/fetch/index.js';
import { kinds } from './kinds.mjs';
import { packages } from './packages.mjs';

const [url, kind, ids] = globalThis.process.argv.slice(2);
const { client } = kinds(packages);
await Promise.all(
  ids
    .split(',')
    .map((id) => client(kind, id, fetchExchange({ url, headers: { authorization: `Bearer ${id}` } })).run()),
);
