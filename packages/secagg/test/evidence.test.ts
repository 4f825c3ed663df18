// What signed acknowledgements prove, and to whom.
import { sameBytes } from '@fedkit/core/extend';
import { describe, expect, it } from 'vitest';
import { SecAggServer, plainProvider, roundConfigDigest, verifyEvidence } from '../src/index.ts';
import { HEADER_BYTES, SIGNATURE_BYTES, signedBytes } from '../src/messages/header.ts';
import { testingIdentities } from '../src/testing/index.ts';
import { Round, configOf } from './harness.ts';

const ids = Array.from({ length: 5 }, (_, i) => `c${i}`);
const { identities, directory } = testingIdentities(ids, 'evidence');
const config = configOf({ clients: 5, threshold: 4, minimumClients: 4, mode: 'malicious', identities: true });

/** The message with one bit changed, signed by `id`. */
function resigned(id: string, message: Uint8Array, at: number): Uint8Array {
  const content = message.slice(0, -SIGNATURE_BYTES);
  content[at] ^= 1;
  const signature = plainProvider.sign(identities[id].secretKey, signedBytes(roundConfigDigest(config), content));
  return Uint8Array.from([...content, ...signature]);
}

async function acknowledged() {
  const server = new SecAggServer({ config, directory });
  const round = new Round(config, (id) => ({ identity: identities[id], directory }), server);
  await round.until('consistency');
  await round.answer();
  const answers = new Map(round.answers);
  await round.deliver();
  return { server, answers };
}

describe('signed acknowledgements', () => {
  it('are what the server can show of each client, in memory of their own', async () => {
    const { server, answers } = await acknowledged();
    expect([...server.acknowledgements.keys()].sort()).toEqual(ids);
    for (const [id, message] of server.acknowledgements) {
      expect(sameBytes(message, answers.get(id) as Uint8Array)).toBe(true);
      message.fill(0);
    }
    const all = [...server.acknowledgements];
    const [[one, first], [other, second]] = all;
    expect(verifyEvidence(config, directory, { clients: [one, other], messages: [first, second] })).toBe('none');
    expect(server.evidence).toEqual([]);
  });

  it('convict a client of two, which are refused and kept', async () => {
    const { server, answers } = await acknowledged();
    // A word, and then another one still: one pair is enough.
    for (const at of [HEADER_BYTES + 36, HEADER_BYTES + 40]) {
      const second = resigned('c1', answers.get('c1') as Uint8Array, at);
      await expect(server.receive('c1', second)).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    }
    expect(server.evidence.length).toBe(1);
    const [evidence] = server.evidence;
    expect(evidence.clients).toEqual(['c1', 'c1']);
    for (const provider of [undefined, plainProvider]) {
      expect(verifyEvidence(config, directory, evidence, provider)).toBe('client');
    }
    const [first, second] = evidence.messages;
    expect(verifyEvidence(config, directory, { ...evidence, messages: [first, first] })).toBe('none');
    // Of others it says nothing, nor with a bit changed.
    const unsigned = expect.objectContaining({ code: 'AUTHENTICATION_FAILED' });
    expect(() => verifyEvidence(config, directory, { ...evidence, clients: ['c1', 'c2'] })).toThrow(unsigned);
    const touched = second.slice();
    touched[HEADER_BYTES + 60] ^= 1;
    expect(() => verifyEvidence(config, directory, { ...evidence, messages: [first, touched] })).toThrow(unsigned);
  });

  it('are no evidence where somebody else sent them', async () => {
    const { server, answers } = await acknowledged();
    const forged = (answers.get('c1') as Uint8Array).slice();
    forged[HEADER_BYTES + 36] ^= 1;
    await expect(server.receive('c1', forged)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(server.evidence).toEqual([]);
  });

  it('of two clients on two sets say that the server or one of them did not follow the protocol', async () => {
    const { answers } = await acknowledged();
    const other = resigned('c2', answers.get('c2') as Uint8Array, HEADER_BYTES);
    const messages = [answers.get('c1') as Uint8Array, other] as const;
    expect(verifyEvidence(config, directory, { clients: ['c1', 'c2'], messages })).toBe('server or client');
  });

  it('are asked for in rounds that have them', async () => {
    const { server, answers } = await acknowledged();
    const [message] = server.acknowledgements.values();
    const plain = configOf({ clients: 5 });
    const evidence = { clients: ['c0', 'c0'], messages: [message, message] } as const;
    expect(() => verifyEvidence(plain, directory, evidence)).toThrow(/identities/);
    const masked = resigned('c0', answers.get('c0') as Uint8Array, 0);
    expect(() => verifyEvidence(config, directory, { ...evidence, messages: [message, masked] })).toThrow(
      expect.objectContaining({ code: 'DECODE_FAILED' }),
    );
  });
});
