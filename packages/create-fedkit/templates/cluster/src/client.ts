// One client, in a process of its own, anywhere: FEDERATION=… TOKEN=… FOLDER=… npx tsx src/client.ts
import * as fs from 'node:fs/promises';
import { federatedClient, fileStore, plainTrainer } from '@fedkit/core';
import { fetchExchange } from '@fedkit/core/transport/fetch/exchange';
import { examplesOf, local, model, pipeline } from './federation.ts';

const { FEDERATION: url = '', TOKEN: token = '', FOLDER: folder = '' } = process.env;
const id = token.slice(0, token.lastIndexOf('.'));
let counted = 0;
const client = federatedClient({
  id,
  pipeline,
  trainer: plainTrainer(model, examplesOf(id)),
  local: () => local,
  exchange: fetchExchange({ url, headers: { authorization: `Bearer ${token}` } }),
  store: fileStore(fs, folder),
  onProgress: ({ kind }) => kind === 'counted' && counted++,
});
await client.run();
console.log(`${id}: ${counted} updates`);
