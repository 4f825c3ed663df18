// Rounds whose survivors are acknowledged: a malicious server on the complete graph, a semi-malicious one on a ring.
import { describe, expect, it } from 'vitest';
import {
  type RoundConfig,
  SecAggClient,
  SecAggServer,
  checkRoundConfig,
  decodeRoundConfig,
  encodeRoundConfig,
  plainProvider,
  roundConfigDigest,
} from '../src/index.ts';
import { signMessage } from '../src/identity.ts';
import { decodeAcknowledgement, encodeAcknowledgement } from '../src/messages/acknowledgement.ts';
import { NO_INDEX, decodeMessage } from '../src/messages/header.ts';
import { encodeSurvivors, encodeSurvivorsBody } from '../src/messages/survivors.ts';
import { encodeUnmaskRequest } from '../src/messages/unmask-request.ts';
import { decodeWords, encodeWords } from '../src/messages/words.ts';
import { type DropStage, runRound, testingIdentities, testingRng } from '../src/testing/index.ts';
import { Round, SEALING_KEY, Saves, type Config, clientOptions, configOf, ringOf } from './harness.ts';

const refusal = (code: string) => expect.objectContaining({ code });
const ids = Array.from({ length: 10 }, (_, i) => `c${i}`);
const { identities, directory } = testingIdentities(ids, 'consistency');
const complete = configOf({ clients: 7, threshold: 5, minimumClients: 5, mode: 'malicious', identities: true });
const ring = ringOf(10, 8, 6, { mode: 'semi-malicious', identities: true });

function open(config: Config): Round {
  const server = new SecAggServer({ config, directory });
  return new Round(config, (id) => ({ identity: identities[id], directory }), server);
}

describe('a configuration against a malicious server', () => {
  const bare: RoundConfig = complete;
  it('is complete by default, with identities', () => {
    expect(complete).toMatchObject({ mode: 'malicious', graph: 'complete', identities: true });
    const large = configOf({ clients: 300, mode: 'malicious', corruptFraction: 0.1, dropoutFraction: 0.2 });
    expect(large).toMatchObject({ graph: 'complete', identities: true, threshold: 240 });
    expect(decodeRoundConfig(encodeRoundConfig(complete))).toEqual(complete);
  });

  it.each<[string, Partial<RoundConfig>, RegExp]>([
    ['a ring', { graph: 'harary', degree: 4, threshold: 4 }, /graph: expected 'complete' .* got "harary"/],
    ['no identities', { identities: false }, /identities/],
    ['2t ≤ n', { threshold: 3 }, /threshold/],
  ])('is refused with %s', (_, change, message) => {
    expect(() => checkRoundConfig({ ...bare, ...change })).toThrow(message);
  });

  it('is refused where 2t ≤ n + the corrupt that a client assumes', () => {
    const propose = (corruptFraction: number) =>
      new SecAggClient({
        ...clientOptions(complete, 'c0', { identity: identities.c0, directory }),
        policy: { ...clientOptions(complete, 'c0').policy, corruptFraction },
      });
    expect(propose(1 / 7).stage).toBe('new');
    expect(() => propose(3 / 7)).toThrow(/threshold/);
    expect(() => configOf({ clients: 7, mode: 'malicious', corruptFraction: 0.3, dropoutFraction: 0.4 })).toThrow(
      refusal('INVALID_ARGUMENT'),
    );
  });

  it('has no clients without a directory', () => {
    for (const config of [complete, ring]) {
      expect(() => new SecAggClient(clientOptions(config, 'c0', { identity: identities.c0 }))).toThrow(/directory/);
    }
  });
});

describe.each([
  ['complete, malicious', complete],
  ['harary, semi-malicious', ring],
  [
    'harary, semi-malicious, one sum',
    ringOf(10, 8, 5, { mode: 'semi-malicious', identities: true, guarantee: 'one-sum' }),
  ],
] as const)('a round whose survivors are acknowledged: %s', (_, config) => {
  const all = ids.slice(0, config.clients);
  it.each<Partial<Record<DropStage, string[]>>>([
    {},
    { share: ['c1'] },
    { input: ['c1', 'c2'] },
    { consistency: ['c3'] },
    { unmask: ['c3'] },
    { input: ['c1'], consistency: ['c3'] },
    { input: ['c1'], unmask: ['c4'] },
  ])('sums with the drops %o', async (drop) => {
    const { sums, survivors } = await runRound({
      config,
      drop,
      seed: 'sum',
      inputs: Object.fromEntries(all.map((id) => [id, Round.input(id)])),
    });
    const gone = [...(drop.share ?? []), ...(drop.input ?? [])];
    expect(survivors).toEqual(all.filter((id) => !gone.includes(id)));
    expect(sums.update).toEqual(Round.sum(survivors));
  });

  it('goes on from every save of server and clients', async () => {
    const saves = new Saves();
    const options = { config, directory, persist: saves.persist, sealingKey: SEALING_KEY };
    const round = open(config);
    let server = new SecAggServer(options);
    Object.assign(round, { server });
    while (server.stage !== 'finished') {
      const silent = server.stage === 'input' ? ['c2'] : [];
      await round.answer(silent);
      for (const [id, answer] of round.answers) {
        const state = round.saves.get(id) as Saves;
        const more = { identity: identities[id], directory, persist: state.persist, rng: testingRng('other') };
        const restored = SecAggClient.restore({ ...clientOptions(config, id, more), sealedState: state.last });
        const request = round.sent.get(id);
        expect(request === undefined ? await restored.start() : await restored.receive(request)).toEqual(answer);
        round.clients.set(id, restored);
      }
      await round.deliver();
      round.sent = new Map(await server.advance());
      server = SecAggServer.restore({ ...options, sealedState: saves.last });
      Object.assign(round, { server });
    }
    expect(server.result().sums.update).toEqual(Round.sum(all.filter((id) => id !== 'c2')));
  });

  it('releases no share before t gave their word for what this client acknowledged', async () => {
    const round = await open(config).until('unmask');
    const message = round.sent.get('c0') as Uint8Array;
    const { body, index } = decodeMessage(config, message);
    const peers = config.graph === 'complete' ? config.clients - 1 : config.degree;
    const { hash, words, seeds } = decodeWords(config, body, peers, peers);
    const client = round.client('c0');
    const offer = (change: object, to = index) =>
      expect(client.receive(encodeWords(config, to, { hash, words, seeds, ...change }))).rejects;
    const own = config.graph === 'complete' ? 1 : 0;
    const needed = config.threshold - own;
    // One fewer than needed are right; what else comes counts as none.
    const some = words.map((word, i) => (i < needed - 1 ? word : undefined));
    const replace = (word: Uint8Array | undefined) => some.map((old, i) => (i === needed - 1 ? word : old));
    const right = words[needed - 1] as Uint8Array;
    await offer({ words: some }).toThrow(refusal('THRESHOLD_NOT_MET'));
    await offer({ hash: new Uint8Array(32) }).toThrow(refusal('AUTHENTICATION_FAILED'));
    await offer({ words: replace(new Uint8Array(16)) }).toThrow(refusal('THRESHOLD_NOT_MET'));
    await offer({ words: replace(words[0]) }).toThrow(refusal('THRESHOLD_NOT_MET'));
    await offer({ words: [right, ...some.slice(1)] }).toThrow(refusal('THRESHOLD_NOT_MET'));
    // What it gave its peers, reflected: the direction is in the derivation.
    const given = decodeAcknowledgement(decodeMessage(config, round.answers.get('c0') as Uint8Array).body).words;
    const reflected = words.map((_, i) => given.slice(16 * i, 16 * (i + 1)));
    await offer({ words: reflected }).toThrow(refusal('THRESHOLD_NOT_MET'));
    await offer({}, NO_INDEX).toThrow(refusal('AUTHENTICATION_FAILED'));
    for (let bit = 0; bit < 128; bit += 17) {
      const touched = right.slice();
      touched[bit >> 3] ^= 1 << (bit & 7);
      await offer({ words: replace(touched) }).toThrow(refusal('THRESHOLD_NOT_MET'));
    }
    expect(client.stage).toBe('acknowledged');
    await round.until('finished');
    expect(round.server.result().sums.update).toEqual(Round.sum(all));
  });

  it('takes one word for each surviving peer, no fewer and no more', async () => {
    const round = await open(config).until('consistency');
    const answers = await round.answer();
    const message = decodeMessage(config, answers.get('c0') as Uint8Array);
    const { hash, words } = decodeAcknowledgement(message.body);
    for (const length of [0, words.length - 16, words.length + 16]) {
      const other = new Uint8Array(length);
      other.set(words.subarray(0, length));
      const content = encodeAcknowledgement(config, message.index, { hash, words: other });
      const altered = signMessage(plainProvider, config, roundConfigDigest(config), identities.c0, content);
      await expect(round.server.receive('c0', altered)).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    }
  });

  it('acknowledges one set of survivors, that it could have come about', async () => {
    const round = open(config);
    await round.until('share');
    await round.step(['c6']);
    await round.step(['c6']);
    expect(round.server.stage).toBe('consistency');
    const client = round.client('c0');
    const { body } = decodeMessage(config, round.sent.get('c0') as Uint8Array);
    const index = round.server.waitingFor.indexOf('c0');
    expect(index).toBe(0);
    const name = (change: (bits: boolean[]) => void, to = NO_INDEX) => {
      const bits = Array.from({ length: config.clients }, (_, i) => ((body[i >> 3] >> (i & 7)) & 1) === 1);
      change(bits);
      const message = encodeSurvivors(config, encodeSurvivorsBody(bits));
      if (to !== NO_INDEX) message[28] = message[29] = message[30] = message[31] = to;
      return client.receive(message);
    };
    await expect(name((bits) => (bits[0] = false))).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    await expect(name((bits) => bits.fill(false, 1))).rejects.toThrow(refusal('THRESHOLD_NOT_MET'));
    await expect(name(() => undefined, 0)).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    await expect(client.receive(encodeSurvivors(config, new Uint8Array(body.length + 1)))).rejects.toThrow(
      refusal('DECODE_FAILED'),
    );
    // The plain request, as rounds with a semi-honest server have it.
    const plain = { total: config.clients, survived: Array.from({ length: config.clients }, () => true) };
    await expect(client.receive(encodeUnmaskRequest(config, NO_INDEX, plain))).rejects.toThrow(
      refusal('PROTOCOL_STATE'),
    );
    if (config.graph === 'complete') {
      await expect(name((bits) => (bits[6] = true))).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    }
    await name(() => undefined);
    await expect(name((bits) => (bits[1] = false))).rejects.toThrow(refusal('PROTOCOL_STATE'));
    await round.until('finished', ['c6']);
    expect(round.server.result().sums.update).toEqual(Round.sum(all.filter((id) => id !== 'c6')));
  });

  it('ends where survivors were told different sets: neither has t words', async () => {
    const round = await open(config).until('consistency');
    const bits = Array.from({ length: config.clients }, () => true);
    const truth = encodeSurvivors(config, encodeSurvivorsBody(bits));
    bits[all.length - 1] = false;
    const lie = encodeSurvivors(config, encodeSurvivorsBody(bits));
    all.forEach((id, i) => round.sent.set(id, i % 2 === 1 ? lie : truth));
    const outcomes = new Map<string, string>();
    for (const id of all) {
      const answer = await round
        .client(id)
        .receive(round.sent.get(id) as Uint8Array)
        .catch((error: { code: string }) => void outcomes.set(id, error.code));
      if (answer instanceof Uint8Array) {
        await round.server.receive(id, answer).catch((error: { code: string }) => void outcomes.set(id, error.code));
      }
    }
    expect([...outcomes.values()].every((code) => code === 'AUTHENTICATION_FAILED')).toBe(true);
    expect(outcomes.size).toBe(Math.floor(all.length / 2));
    if (config.graph === 'complete') {
      await expect(round.server.advance()).rejects.toThrow(refusal('THRESHOLD_NOT_MET'));
    }
  });
});

describe('a directory', () => {
  const cohort = async (change: (id: string) => Uint8Array | undefined) => {
    const round = await open(complete).until('share');
    const client = new SecAggClient(clientOptions(complete, 'c0', { identity: identities.c0, directory: change }));
    await client.start();
    return client.receive(round.sent.get('c0') as Uint8Array);
  };

  it.each<[string, (key: Uint8Array | undefined) => unknown]>([
    ['nobody', () => undefined],
    ['another key', (key) => key?.map((byte, i) => (i === 5 ? byte ^ 1 : byte))],
    ['a short key', (key) => key?.subarray(1)],
    ['a long key', (key) => Uint8Array.of(...(key ?? []), 0)],
    ['no bytes', () => 'x'.repeat(32)],
    ['zeros', () => new Uint8Array(32)],
  ])('that holds %s for one of the cohort ends the round before anything is dealt', async (_, change) => {
    const changed = (id: string) => (id === 'c4' ? change(directory(id)) : directory(id)) as Uint8Array | undefined;
    await expect(cohort(changed)).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    expect(await cohort(directory)).toBeInstanceOf(Uint8Array);
  });

  it('that holds one identity under two ids is found out', async () => {
    const twice: typeof identities = { ...identities, c5: identities.c4 };
    const lenient = (id: string) => directory(id === 'c5' ? 'c4' : id);
    const server = new SecAggServer({ config: complete, directory: lenient });
    const round = new Round(complete, (id) => ({ identity: twice[id], directory: lenient }), server);
    await round.until('share');
    await expect(round.answer()).rejects.toThrow(/identities that differ/);
  });
});
