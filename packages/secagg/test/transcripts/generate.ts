// Writes test/vectors/transcripts.json: whole rounds with everybody's secrets, and messages that must be refused.
// From the root: npx tsx --conditions=@fedkit/source packages/secagg/test/transcripts/generate.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NegativeRoundVector, NegativeVector, RoundVector } from './format.ts';
import { negativeRounds, roundOf } from './negative-rounds.ts';
import { negativeVectors } from './negative.ts';
import { roundVector } from './rounds.ts';
import { signedRoundVector } from './signed-rounds.ts';

/** What transcripts.json holds. */
export interface Transcripts {
  readonly source: string;
  readonly rounds: RoundVector[];
  readonly negativeRounds: NegativeRoundVector[];
  readonly negative: NegativeVector[];
}

export async function transcripts(): Promise<Transcripts> {
  return {
    source:
      'Made by packages/secagg/test/transcripts/generate.ts; checked there against an independent implementation on node:crypto and BigInt (test/independent.ts)',
    rounds: [
      await roundVector('complete, AES, two vectors, weights', {
        graph: 'complete',
        suite: 'aes-128-ctr',
        clients: 4,
        threshold: 2,
        maximumWeight: 10,
        drop: { share: ['c1'], input: ['c3'] },
      }),
      await roundVector('complete, ChaCha20, a drop at unmasking', {
        graph: 'complete',
        suite: 'chacha20',
        clients: 3,
        threshold: 2,
        maximumWeight: 1,
        drop: { unmask: ['c1'] },
      }),
      await roundVector('harary, AES, drops at every stage', {
        graph: 'harary',
        suite: 'aes-128-ctr',
        clients: 12,
        degree: 8,
        threshold: 2,
        maximumWeight: 1,
        drop: { advertise: ['c2'], reveal: ['c4'], share: ['c6'], input: ['c7'], unmask: ['c0'] },
      }),
      await roundVector('complete, acknowledged, drops after acknowledging', {
        graph: 'complete',
        suite: 'aes-128-ctr',
        mode: 'semi-malicious',
        clients: 6,
        threshold: 4,
        minimumClients: 4,
        maximumWeight: 1,
        drop: { input: ['c5'], unmask: ['c1'] },
      }),
      await roundVector('harary, acknowledged, one sum', {
        graph: 'harary',
        suite: 'chacha20',
        mode: 'semi-malicious',
        guarantee: 'one-sum',
        clients: 12,
        degree: 8,
        threshold: 5,
        maximumWeight: 3,
        drop: { share: ['c3'], input: ['c9'], consistency: ['c6'] },
      }),
      await signedRoundVector(
        'complete, a malicious server, openings',
        { clients: 8, threshold: 5, mode: 'malicious' },
        'c7',
        [
          { holder: 'c1', dealer: 'c0', found: 'wrong' },
          { holder: 'c2', dealer: 'c7', found: 'missing' },
          { holder: 'c2', dealer: 'c3', found: 'missing' },
        ],
      ),
      await signedRoundVector(
        'harary, acknowledged and signed, openings',
        { clients: 12, graph: 'harary', degree: 10, threshold: 7, mode: 'semi-malicious', identities: true },
        'c8',
        [{ holder: 'c1', dealer: 'c4', found: 'wrong' }],
      ),
    ],
    negativeRounds: await negativeRounds(),
    negative: (await negativeVectors()).map((vector) => ({ round: roundOf(vector), ...vector })),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL('../vectors/transcripts.json', import.meta.url));
  writeFileSync(file, `${JSON.stringify(await transcripts(), undefined, 1)}\n`);
}
