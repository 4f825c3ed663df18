// The published transcripts: this package makes them byte for byte, another implementation agrees, and what they say
// must be refused is refused.
import { describe, expect, it } from 'vitest';
import { decodeRoundConfig, encodeRoundConfig, roundConfigDigest } from '../src/index.ts';
import { followRound } from './independent.ts';
import { readRound } from './independent-reading.ts';
import { transcripts } from './transcripts/generate.ts';
import { negativeRound, reach, signedNegativeRound } from './transcripts/negative.ts';
import type { Round } from './harness.ts';
import published from './vectors/transcripts.json' with { type: 'json' };
import type { NegativeRoundVector, NegativeVector, RoundVector } from './transcripts/format.ts';
import { replayClient, replayServer } from './transcripts/replay.ts';

const rounds = published.rounds as unknown as RoundVector[];
const negative = published.negative as NegativeVector[];

it('the published file is what the package makes', async () => {
  expect(JSON.parse(JSON.stringify(await transcripts()))).toEqual(published);
});

describe.each(rounds.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
  it('is followed by an implementation that shares no code', () => {
    const { weight, sums } = vector;
    expect(followRound(vector)).toEqual({ ...sums, ...('' in followRound(vector) ? { '': [weight] } : {}) });
    expect(readRound(vector).transcript.toString('hex')).toBe(vector.transcript);
    expect(readRound(vector).configDigest.toString('hex')).toBe(vector.configDigest);
  });

  it('has a configuration that reads back', () => {
    const config = decodeRoundConfig(Buffer.from(vector.config, 'hex'));
    expect(Buffer.from(encodeRoundConfig(config)).toString('hex')).toBe(vector.config);
    expect(Buffer.from(roundConfigDigest(config)).toString('hex')).toBe(vector.configDigest);
  });

  it('is not followed with any one byte of a client changed', () => {
    const ups = vector.messages.filter(({ direction }) => direction === 'up');
    for (const message of ups) {
      const type = Number.parseInt(message.bytes.slice(8, 10), 16);
      // Of a masked input, of encrypted shares and of their commitment, every byte is recomputed.
      if (type !== 8 && type !== 6) continue;
      const bytes = Buffer.from(message.bytes, 'hex');
      bytes[32] ^= 1;
      const touched = { ...message, bytes: bytes.toString('hex') };
      const messages = vector.messages.map((other) => (other === message ? touched : other));
      expect(() => followRound({ ...vector, messages })).toThrow();
    }
  });
});

describe('a message that must be refused, from the file alone', () => {
  const rounds = published.negativeRounds as unknown as NegativeRoundVector[];

  it.each(negative.map((vector) => [`${vector.side}, ${vector.stage}: ${vector.why}`, vector] as const))(
    '%s',
    async (_, { round, side, stage, client, bytes, code }) => {
      const offer = Buffer.from(bytes, 'hex');
      const party = side === 'client' ? replayClient(rounds[round], client, stage) : replayServer(rounds[round], stage);
      const receive = await party;
      await expect(receive(client, offer)).rejects.toThrow(expect.objectContaining({ code }));
    },
  );
});

describe('a message that must be refused', () => {
  const stagesOf = (mode?: string) => [
    ...new Set(negative.filter((vector) => vector.mode === mode).map(({ stage }) => stage)),
  ];
  async function offerAll(round: Round, stage: string, mode?: string): Promise<void> {
    const mine = negative.filter((vector) => vector.mode === mode && vector.stage === stage);
    expect(mine.length).toBeGreaterThan(0);
    for (const { why, side, client, bytes, code } of mine) {
      const message = Buffer.from(bytes, 'hex');
      const offer = side === 'client' ? round.client(client).receive(message) : round.server.receive(client, message);
      await expect(offer, why).rejects.toThrow(expect.objectContaining({ code }));
    }
  }

  it.each(stagesOf())('is, at stage %s', async (stage) => {
    const round = await negativeRound().until(stage);
    if (stage === 'input') round.giveInput('c0');
    await offerAll(round, stage);
    await round.until('finished');
  });

  it.each(stagesOf('malicious'))('is against a malicious server, at stage %s', async (stage) => {
    const round = await reach(signedNegativeRound(), stage === 'released' ? 'unmask' : stage);
    if (stage === 'released') await round.answer();
    await offerAll(round, stage, 'malicious');
    if (stage === 'openings') await round.deliver();
    else await round.until('finished');
    expect(round.server.verdicts.map(({ verdict }) => verdict)).toEqual(stage === 'openings' ? ['holder'] : []);
  });
});
