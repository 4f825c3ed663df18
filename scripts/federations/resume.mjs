// A server that goes on with the run in a folder until so many of its rounds are published, with clients in this process that
// go on with theirs: resume.mjs <folder> <kind> <rounds>. Prints what came of it.
import * as fs from 'node:fs/promises';
import { memoryTransport } from '../../packages/core/dist/transport/memory/index.js';
import { kinds, outcomeOf } from './kinds.mjs';
import { packages } from './packages.mjs';

const [folder, kind, rounds] = globalThis.process.argv.slice(2);
const { client, ids, layout, server: open } = kinds(packages);
const { fileStore } = packages.core;
const server = await open(kind, { store: fileStore(fs, `${folder}/server`) });
const before = (await server.records()).length;
const devices = ids.map((id, i) => client(kind, id, memoryTransport(server, id), fileStore(fs, `${folder}/${i}`)));

/** One step of every client after the other, so that the end is between two. */
async function step() {
  for (const device of devices) await device.step();
  return (await server.records()).length;
}
while ((await step()) < Number(rounds));
console.log(JSON.stringify({ before, ...(await outcomeOf(packages.core, server, layout)) }));
await server.close();
