import { expect, it } from 'vitest';
import { fedAvg } from './algorithm/fed-avg.ts';
import { plainBody } from './pipeline/plain-codec.ts';
import { plainUpdates } from './pipeline/plain-updates.ts';
import { decodeReport } from './pipeline/report-decoder.ts';
import { encodeRequest } from './protocol/client-message.ts';
import { decodeRequest } from './protocol/server-message.ts';
import { secureRng } from './random.ts';
import { SpareBuffers } from './spare-buffers.ts';
import { MESSAGE_START } from './transport/intake.ts';

it('puts the values of a report where they can be read in place', () => {
  const size = 10_000;
  const pipeline = plainUpdates({ algorithm: fedAvg(), size });
  const half = pipeline.client();
  if (half.sends !== 'report') throw new Error('a pipeline of reports');
  const parameters = pipeline.server().announce({ round: 1, places: 2, modelDigest: new Uint8Array(32) });
  const task = { round: 1, modelDigest: new Uint8Array(32), parameters };
  const contribution = { values: { update: new Float32Array(size).fill(0.5) }, weight: 3 };
  const { bytes } = half.encode(task, contribution, { rng: secureRng(), client: 'a' });
  const message = encodeRequest({ kind: 'report', ticket: 7, bytes });
  const spare = new SpareBuffers(1000, MESSAGE_START);
  for (const _ of ['fresh', 'used again']) {
    const room = spare.take(message.length);
    room.set(message);
    const request = decodeRequest(room);
    if (request.kind !== 'report') throw new Error(`decoded ${request.kind}`);
    const seed = request.bytes.slice(8, 16);
    const { slots } = decodeReport('test', request.bytes, { round: 1, seed }, 1);
    expect(plainBody(slots[0], size).byteOffset % 4).toBe(0);
    spare.give(room);
  }
});

it('uses memory again that is long enough and not far too long', () => {
  const spare = new SpareBuffers(16_384, 3);
  const first = spare.take(100_000);
  spare.give(first);
  expect(spare.take(100_000).buffer === first.buffer).toBe(true);
  spare.give(first);
  expect(spare.take(20_000).buffer === first.buffer).toBe(false);
  expect(spare.take(40_000).buffer === first.buffer).toBe(true);
  spare.give(first);
  expect(spare.take(first.buffer.byteLength).length).toBe(first.buffer.byteLength);
  const other = spare.take(first.buffer.byteLength - 3);
  expect(other.buffer === first.buffer).toBe(true);
  expect(other.length).toBe(first.buffer.byteLength - 3);
});
