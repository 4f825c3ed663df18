// A transport may use its buffers again as soon as a message was taken: nothing may still look at them.
import { describe, expect, it } from 'vitest';
import { SIGNATURE_BYTES } from '../src/messages/header.ts';
import { signMessage } from '../src/identity.ts';
import { SecAggServer, plainProvider, roundConfigDigest } from '../src/index.ts';
import { testingIdentities } from '../src/testing/index.ts';
import { type Config, Round, configOf, ringOf } from './harness.ts';

const ids = Array.from({ length: 11 }, (_, i) => `c${i}`);
const { identities, directory } = testingIdentities(ids, 'poison');
const small = { clients: 9, threshold: 6, minimumClients: 6 };

function open(config: Config): Round {
  const own = (id: string) => (config.identities ? { identity: identities[id], directory } : {});
  return new Round(config, own, new SecAggServer({ config, ...(config.identities ? { directory } : {}) }));
}

/** Buffers of a transport: what is handed in is overwritten once it was taken, from a pool as Node's are, too. */
function lend(bytes: Uint8Array, pooled: boolean): { given: Uint8Array; poison: () => void } {
  const pool = new Uint8Array(bytes.length + 24);
  const given = pooled ? Buffer.from(pool.buffer, 8, bytes.length) : pool.subarray(8, 8 + bytes.length);
  given.set(bytes);
  return { given, poison: () => void pool.fill(0xa5) };
}

async function run(config: Config, poisoned: boolean): Promise<{ round: Round; messages: Map<string, Uint8Array> }> {
  const round = open(config);
  const messages = new Map<string, Uint8Array>();
  let pooled = false;
  const take = async <T>(bytes: Uint8Array, receive: (given: Uint8Array) => Promise<T>): Promise<T> => {
    pooled = !pooled;
    const { given, poison } = lend(bytes, pooled);
    const answer = await receive(given);
    if (poisoned) poison();
    return answer;
  };
  const sent = (kind: string, id: string, bytes: Uint8Array): void => {
    messages.set(`${kind} ${id}`, bytes.slice());
    // Nor does what was handed out belong to anybody but the caller.
    if (poisoned) bytes.fill(0x5a);
  };
  const { server } = round;
  let made = new Map<string, Uint8Array>();
  while (server.stage !== 'finished') {
    const { stage } = server;
    const answers = new Map<string, Uint8Array>();
    for (const id of round.ids) {
      if (stage === 'input' && id === 'c3') continue;
      if (stage !== 'advertise' && !made.has(id)) continue;
      if (stage === 'input') round.giveInput(id);
      const answer =
        stage === 'advertise'
          ? await round.client(id).start()
          : await take(made.get(id) as Uint8Array, (given) => round.client(id).receive(given));
      answers.set(id, (answer as Uint8Array).slice());
      sent(`${stage} answer`, id, answer as Uint8Array);
    }
    if (stage === 'unmask') spoil(config, answers);
    for (const [id, answer] of answers) await take(answer, (given) => server.receive(id, given));
    const opened = await server.advance();
    made = new Map();
    for (const [id, message] of opened) {
      made.set(id, message.slice());
      sent(`${server.stage} request`, id, message);
    }
  }
  const requests = new Map([...server.askOpenings()].map(([id, request]) => [id, request.slice()]));
  expect(requests.size).toBeGreaterThan(0);
  for (const [id, request] of requests) {
    const answer = (await take(request, (given) => round.client(id).receive(given))) as Uint8Array;
    messages.set(`openings ${id}`, answer.slice());
    await take(answer, (given) => server.receive(id, given));
  }
  return { round, messages };
}

/** One client releases another share than it was dealt, so that there is somebody to ask for openings. */
function spoil(config: Config, answers: Map<string, Uint8Array>): void {
  const answer = answers.get('c0') as Uint8Array;
  const end = answer.length - (config.identities ? SIGNATURE_BYTES : 0);
  const content = answer.slice(0, end);
  content[content.length - 36] ^= 1;
  answers.set('c0', signMessage(plainProvider, config, roundConfigDigest(config), identities.c0, content));
}

describe.each([
  ['complete', configOf(small)],
  ['malicious', configOf({ ...small, mode: 'malicious', corruptFraction: 0.1 })],
  ['ring', ringOf(9, 8, 5)],
  ['ring, signed', ringOf(11, 10, 7, { mode: 'semi-malicious', identities: true })],
] as const)('a round, %s', (_, config) => {
  it('has the same bytes and verdicts where every buffer is overwritten after it was taken', async () => {
    const [plain, poisoned] = [await run(config, false), await run(config, true)];
    expect([...poisoned.messages.keys()]).toEqual([...plain.messages.keys()]);
    for (const [name, bytes] of plain.messages) expect(poisoned.messages.get(name), name).toEqual(bytes);
    expect(poisoned.round.server.result()).toEqual(plain.round.server.result());
    expect(poisoned.round.server.result().sums.update).toEqual(
      Round.sum(poisoned.round.ids.filter((id) => id !== 'c3')),
    );
    expect(poisoned.round.server.verdicts).toEqual(plain.round.server.verdicts);
    expect(poisoned.round.server.verdicts.map(({ verdict }) => verdict)).toContain('holder');
  });
});
