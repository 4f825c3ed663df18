/**
 * The node of a recording on a real SuperLink: URL, file. Written once the node has replied as often as REPLIES says.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import * as core from '@fedkit/core';
import * as flower from '@fedkit/flower';
import { p384 } from '@noble/curves/nist.js';
import { type RecordedCall, recorded, startNode } from './node.mjs';

const sha256 = (message: Uint8Array) => new Uint8Array(createHash('sha256').update(message).digest());
const [url, file, replies] = process.argv.slice(2);
const now = Date.now.bind(Date);
const from = now();
const calls: RecordedCall[] = [];
let at = from;
let left = Number(replies);
const node = startNode(
  { core, flower, p384, sha256 },
  {
    url,
    at: () => at,
    pollInterval: 1000,
    fetch: async (to, init) => {
      const response = await fetch(to, init);
      const answer = new Uint8Array(await response.arrayBuffer());
      at = now();
      calls.push(recorded(to, init, response.status, answer, at));
      const { status, headers } = response;
      return { status, headers, arrayBuffer: async () => answer.buffer } as Response;
    },
    onProgress: ({ kind }) => {
      process.stdout.write(`${kind}\n`);
      if (kind === 'replied' && --left === 0) {
        const lines = calls.map((call) => `    ${JSON.stringify(call)}`).join(',\n');
        writeFileSync(file, `{\n  "flwr": "1.42.0",\n  "from": ${from},\n  "calls": [\n${lines}\n  ]\n}\n`);
      }
    },
  },
);
await node.ended;
