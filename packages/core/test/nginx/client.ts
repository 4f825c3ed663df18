// One client as a process: node client.ts <number> <url> <directory>. It says at the end what model it holds.
import * as fs from 'node:fs/promises';
import { federatedClient } from '../../src/device/federated-client.ts';
import { sha256Hex } from '../../src/sha256-hex.ts';
import { fileStore } from '../../src/store/file-store.ts';
import { fetchExchange } from '../../src/transport/fetch/exchange.ts';
import { pipeline, trainerOf } from './federation.ts';

const [number, url, directory] = process.argv.slice(2);
const client = federatedClient({
  id: `client ${number}`,
  pipeline,
  trainer: trainerOf(Number(number)),
  local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }),
  exchange: fetchExchange({ url, headers: { 'fedkit-client': `client ${number}` } }),
  store: fileStore(fs, directory),
});
await client.run();
const { round, params } = await client.model();
process.stdout.write(
  `model ${round} ${sha256Hex(new Uint8Array(params.buffer, params.byteOffset, params.byteLength))}\n`,
);
