// Signatures on every client message, where the round has identities.
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { plainProvider } from '../src/crypto/plain.ts';
import { type RoundConfig, SecAggClient, SecAggServer, publicKeyOf, roundConfigDigest } from '../src/index.ts';
import { HEADER_BYTES } from '../src/messages/header.ts';
import { type RecordedMessage, runRound } from '../src/testing/index.ts';
import { Point } from '../src/crypto/curve25519.ts';
import { Round, clientOptions, configOf, ringOf } from './harness.ts';

const identityOf = (id: string) => ({ secretKey: new Uint8Array(32).fill(1 + Number(id.slice(1))) });
const directory = (id: string) => (/^c\d$/.test(id) ? publicKeyOf(identityOf(id)) : undefined);

const complete = configOf({ clients: 5, threshold: 3, minimumClients: 3, identities: true });
const ring = ringOf(8, 4, 2, { identities: true });

async function record(config: RoundConfig): Promise<{ messages: RecordedMessage[]; survivors: string[] }> {
  const ids = Array.from({ length: config.clients }, (_, i) => `c${i}`);
  const messages: RecordedMessage[] = [];
  const { survivors, sums } = await runRound({
    inputs: Object.fromEntries(ids.map((id) => [id, Round.input(id)])),
    config,
    identities: Object.fromEntries(ids.map((id) => [id, identityOf(id)])),
    directory,
    seed: 1,
    drop: { input: ['c1'] },
    onMessage: (message) => messages.push(message),
  });
  expect(sums.update).toEqual(Round.sum(survivors));
  return { messages, survivors };
}

describe.each([
  ['complete', complete],
  ['harary', ring],
] as const)('a signed round on a %s graph', (_, config) => {
  it('sums, with a signature on every message of a client', async () => {
    const { messages, survivors } = await record(config);
    expect(survivors).not.toContain('c1');
    for (const { direction, bytes } of messages) expect(bytes[5]).toBe(direction === 'up' ? 1 : 0);
  });

  it('refuses a message signed by nobody, by somebody else, or for another round', async () => {
    const identity = identityOf('c0');
    const server = new SecAggServer({ config, directory });
    const start = async (change: object) =>
      new SecAggClient(clientOptions(config, 'c0', { identity, ...change })).start();
    const refusal = expect.objectContaining({ code: 'AUTHENTICATION_FAILED' });
    await expect(server.receive('c0', await start({ identity: identityOf('c1') }))).rejects.toThrow(refusal);
    const good = await start({});
    const unsigned = good.slice(0, good.length - 64);
    unsigned[5] = 0;
    await expect(server.receive('c0', unsigned)).rejects.toThrow(refusal);
    const touched = good.slice();
    touched[HEADER_BYTES + 40] ^= 1;
    await expect(server.receive('c0', touched)).rejects.toThrow(refusal);
    // The signature of another configuration with the same session: it covers the hash of the whole configuration.
    const digest = roundConfigDigest(config);
    expect(digest).not.toEqual(roundConfigDigest({ ...config, minimumClients: config.minimumClients + 1 }));
    const other = await new SecAggClient(
      clientOptions({ ...config, minimumClients: config.minimumClients + 1 }, 'c0', { identity }),
    ).start();
    const spliced = good.slice();
    spliced.set(other.subarray(other.length - 64), spliced.length - 64);
    await expect(server.receive('c0', spliced)).rejects.toThrow(refusal);
    await server.receive('c0', good);
  });
});

describe('clients with a directory', () => {
  it.each([
    ['complete', complete],
    ['harary', ring],
  ] as const)('refuse a cohort with an advertisement its owner did not sign: %s', async (_, config) => {
    // A server that knows other keys for c2 accepts a substitute in its place.
    const impostor = { secretKey: new Uint8Array(32).fill(77) };
    const lenient = (id: string) => (id === 'c2' ? publicKeyOf(impostor) : directory(id));
    const server = new SecAggServer({ config, directory: lenient });
    const round = new Round(config, (id) => ({ identity: id === 'c2' ? impostor : identityOf(id), directory }), server);
    while (round.server.stage !== 'share') await round.step();
    const refused: string[] = [];
    for (const [id, message] of round.sent) {
      if (id === 'c2') continue;
      await round
        .client(id)
        .receive(message)
        .catch((error: { code: string }) => {
          expect(error.code).toBe('AUTHENTICATION_FAILED');
          refused.push(id);
        });
    }
    // In the complete graph everybody sees c2; on the ring its four neighbours do.
    expect(refused.length).toBe(4);
  });
});

describe('a registrant with a degenerate key', () => {
  const small = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));

  it.each([
    ['complete', complete],
    ['harary', ring],
  ] as const)('is refused by name, and the round goes on: %s', async (_, config) => {
    const listed = (id: string) => (id === 'c1' ? small : directory(id));
    for (const provider of [undefined, plainProvider]) {
      const engine = provider && { provider };
      const server = new SecAggServer({ config, directory: listed, ...engine });
      const own = (id: string) => ({ identity: identityOf(id), directory: listed, ...engine });
      const round = new Round(config, own, server);
      await round.answer();
      // R = S·B holds for every message under this key, where small order is not looked at.
      const forged = (round.answers.get('c1') as Uint8Array).slice();
      forged.set(ed25519.Point.BASE.toBytes(), forged.length - 64);
      forged.set(small, forged.length - 32);
      await expect(server.receive('c1', forged)).rejects.toMatchObject({
        code: 'AUTHENTICATION_FAILED',
        details: { client: 'c1' },
      });
      round.answers.delete('c1');
      await round.deliver();
      round.sent = new Map(await server.advance());
      await round.until('finished', ['c1']);
      expect(server.result().survivors).toEqual(round.ids.filter((id) => id !== 'c1'));
    }
  });
});

describe('a key of mixed order in a directory', () => {
  // A point of order 8 beside an honest key.
  const torsion = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');

  it.each([
    ['complete', complete],
    ['harary', ring],
  ] as const)('is refused by each client that looks it up, by name: %s', async (_, config) => {
    const mixed = Point.fromBytes(directory('c1') as Uint8Array)
      .add(torsion)
      .toBytes();
    const listed = (id: string) => (id === 'c1' ? mixed : directory(id));
    const server = new SecAggServer({ config, directory });
    const round = new Round(config, (id) => ({ identity: identityOf(id), directory: listed }), server);
    await round.until('share');
    const refused = await Promise.all(
      round.ids.map((id) =>
        round
          .client(id)
          .receive(round.sent.get(id) as Uint8Array)
          .then(
            () => undefined,
            (error: unknown) => error,
          ),
      ),
    );
    const named = refused.filter((error) => error !== undefined);
    expect(named.length).toBeGreaterThanOrEqual(4);
    for (const error of named) {
      expect(error).toMatchObject({
        code: 'AUTHENTICATION_FAILED',
        details: { client: 'c1' },
        message: expect.stringContaining('prime order'),
      });
    }
  });
});

describe('identities', () => {
  it('are given exactly where the round has them', () => {
    const without = configOf({ clients: 5, threshold: 3 });
    const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    // The server states whether the round has them: a client that does is not made for one without.
    const unsigned = expect.objectContaining({ code: 'AUTHENTICATION_FAILED' });
    for (const own of [{ identity: identityOf('c0') }, { directory }, { identity: identityOf('c0'), directory }]) {
      expect(() => new SecAggClient(clientOptions(without, 'c0', own))).toThrow(unsigned);
    }
    expect(() => new SecAggServer({ config: without, directory })).toThrow(refusal);
    expect(() => new SecAggClient(clientOptions(complete, 'c0'))).toThrow(refusal);
    expect(() => new SecAggServer({ config: complete })).toThrow(refusal);
  });
});
