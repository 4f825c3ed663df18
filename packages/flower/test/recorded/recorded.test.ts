import { createHash } from 'node:crypto';
import * as core from '@fedkit/core';
import * as flower from '@fedkit/flower';
import { p384 } from '@noble/curves/nist.js';
import { describe, expect, it } from 'vitest';
import vector from '../vectors/superlink.json' with { type: 'json' };
import { type Recording, replayNode } from './node.mjs';

const sha256 = (message: Uint8Array) => new Uint8Array(createHash('sha256').update(message).digest());
const recording: Recording = vector;
const parts = { core, flower, p384, sha256 };

describe('flowerNode on a recorded SuperLink', () => {
  it('says every byte that a real one took, signatures among them', async () => {
    const round = ['pulled', 'trained', 'replied', 'pulled', 'replied'];
    const { calls, same, events } = await replayNode(parts, recording);
    expect(same).toBe(calls);
    expect(events.filter((event) => !event.startsWith('retrying'))).toEqual([
      'registered',
      'online',
      ...round,
      ...round,
    ]);
  });

  it('names the first byte that is another', async () => {
    const at = recording.calls.findIndex(({ path }) => path === 'push-object');
    const calls = recording.calls.map((call, i) => (i === at ? { ...call, request: `${call.request}00` } : call));
    expect((await replayNode(parts, { ...recording, calls })).same).toBe(at);
  });
});
