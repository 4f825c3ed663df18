// Seeds of a recorded round: each client's, found in the stream it drew from by the commitment it sent.
import { testingRng } from '../../src/testing/index.ts';
import { selfMaskCommitment } from '../../src/transcript.ts';
import { readRound } from '../independent-reading.ts';
import type { ClientVector, RoundVector } from './format.ts';

const STREAM = 1 << 15;

/** The clients with their seeds; empty for one that never drew one. @param name - Of each client's stream. */
export function withSeeds(vector: RoundVector, name: (id: string) => string): ClientVector[] {
  const { people, transcript } = readRound(vector);
  return vector.clients.map((client) => {
    const place = people.get(client.id)?.index;
    const sent = vector.messages.filter(({ direction, client: id }) => direction === 'up' && id === client.id);
    const bytes = Buffer.from(sent.map((message) => message.bytes).join(''), 'hex');
    const stream = testingRng(name(client.id)).fill(new Uint8Array(STREAM));
    for (let at = 0; place !== undefined && at + 32 <= STREAM; at += 4) {
      const seed = stream.subarray(at, at + 32);
      if (bytes.includes(Buffer.from(selfMaskCommitment(transcript, place, seed)))) {
        return { ...client, selfMaskSeed: Buffer.from(seed).toString('hex') };
      }
    }
    return client;
  });
}
