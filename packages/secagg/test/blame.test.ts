// Settling who of a suspected dealer and holder cheated: verdicts that hold, and keys that open one kind of share alone.
import { beforeEach, describe, expect, it } from 'vitest';
import { SecAggClient, SecAggServer, type Verdict, plainProvider, roundConfigDigest } from '../src/index.ts';
import { signMessage } from '../src/identity.ts';
import { extractKey } from '../src/key-derivation.ts';
import { HEADER_BYTES, SIGNATURE_BYTES, decodeMessage } from '../src/messages/header.ts';
import { channelParty } from '../src/messages/member.ts';
import { decodeCohort } from '../src/messages/cohort.ts';
import { type Dealing, decodeOpeningRequest, encodeOpeningRequest } from '../src/messages/opening-request.ts';
import { decodeOpenings, encodeOpenings } from '../src/messages/openings.ts';
import { decodeShares } from '../src/messages/shares.ts';
import { judge } from '../src/server/blame.ts';
import { SHARE_BYTES } from '../src/shamir.ts';
import { SEALED_SHARE_BYTES, openWithKey, sealShare } from '../src/share-encryption.ts';
import { testingIdentities, testingRng } from '../src/testing/index.ts';
import { cohortTranscript } from '../src/transcript.ts';
import { type Config, Round, SEALING_KEY, Saves, clientOptions, configOf, ringOf } from './harness.ts';

const refusal = (code: string) => expect.objectContaining({ code });
const ids = Array.from({ length: 10 }, (_, i) => `c${i}`);
const { identities, directory } = testingIdentities(ids, 'blame');
const small = { clients: 9, threshold: 6, minimumClients: 6 };
const own = (config: Config, id: string) => (config.identities ? { identity: identities[id], directory } : {});

function open(config: Config): Round {
  const server = new SecAggServer({ config, ...(config.identities ? { directory } : {}) });
  return new Round(config, (id) => own(config, id), server);
}

/** Changes an answer's body and signs it again, as its client could. */
function cheat(round: Round, id: string, change: (body: Uint8Array) => Uint8Array): void {
  const { config } = round;
  const answer = round.answers.get(id) as Uint8Array;
  const body = change(answer.slice(HEADER_BYTES, answer.length - (config.identities ? SIGNATURE_BYTES : 0)));
  const content = Uint8Array.from([...answer.subarray(0, HEADER_BYTES), ...body]);
  round.answers.set(id, signMessage(plainProvider, config, roundConfigDigest(config), identities[id], content));
}

/** Another share from dealer to holder than on its polynomial: nine words of one, encrypted as it should be. */
async function dealWrongly(round: Round, dealer: string, holder: string): Promise<void> {
  const { config } = round;
  const { body } = decodeMessage(config, round.sent.get(dealer) as Uint8Array);
  const members = decodeCohort(config, body);
  const [from, to] = [dealer, holder].map((id) => members[ids.indexOf(id)]);
  const context = {
    session: config.session,
    round: config.round,
    transcript: cohortTranscript(roundConfigDigest(config), body),
  };
  // The first bytes a client draws are its channel key.
  const agreement = await plainProvider.agreement(testingRng(`client ${dealer}`).fill(new Uint8Array(32)));
  const key = extractKey(plainProvider, context, await agreement.agree(to.channelKey));
  const share = new Uint8Array(new Uint32Array(9).fill(1).buffer);
  const parties = [channelParty(from), channelParty(to)] as const;
  const sealed = sealShare(plainProvider, context, key, ...parties, 'selfMask', share);
  const at = 36 + 104 * (to.index < from.index ? to.index : to.index - 1) + SEALED_SHARE_BYTES;
  cheat(round, dealer, (bytes) => (bytes.set(sealed, at), bytes));
}

/** What the cohort message and the dealt shares of a round show. */
function seen(round: Round, cohort: Uint8Array) {
  const { config } = round;
  const { body } = decodeMessage(config, cohort);
  const transcript = cohortTranscript(roundConfigDigest(config), body);
  const parties = decodeCohort(config, body).map(channelParty);
  return { parties, context: { session: config.session, round: config.round, transcript } };
}

/** Everybody asked answers; returns the verdicts by pair. */
async function settle(round: Round, silent: readonly string[] = []): Promise<Record<string, Verdict['verdict']>> {
  for (const [id, request] of round.server.askOpenings()) {
    if (silent.includes(id)) continue;
    await round.server.receive(id, (await round.client(id).receive(request)) as Uint8Array);
  }
  return Object.fromEntries(
    round.server.verdicts.map(({ dealer, holder, kind, verdict }) => [`${dealer} ${holder} ${kind}`, verdict]),
  );
}

const flipShare = (body: Uint8Array, place: number): Uint8Array => {
  body[36 + Math.ceil(9 / 8) + place * SHARE_BYTES] ^= 1;
  return body;
};
/** A response that says of one dealer that its share did not open. */
const hideShare = (body: Uint8Array, place: number): Uint8Array => {
  const bytes = body.slice();
  bytes[36 + (place >> 3)] &= ~(1 << (place & 7));
  const at = 38 + place * SHARE_BYTES;
  return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + SHARE_BYTES)]);
};

describe.each([
  ['semi-honest', configOf(small)],
  ['malicious', configOf({ ...small, mode: 'malicious' })],
] as const)('%s: a verdict', (mode, config) => {
  let round: Round;
  beforeEach(() => {
    round = open(config);
  });
  const finish = async (): Promise<void> => {
    await round.deliver();
    await round.server.advance();
    expect(round.server.result().sums.update).toEqual(Round.sum(ids.slice(0, 9)));
  };

  it('falls on a holder that released another share than it was dealt', async () => {
    await round.until('unmask');
    await round.answer();
    cheat(round, 'c3', (body) => flipShare(body, 5));
    await finish();
    expect(await settle(round)).toEqual({ 'c5 c3 selfMask': 'holder' });
  });

  it('stays what it was after a restore, once the openings are kept', async () => {
    const saves = new Saves();
    const saving = { persist: saves.persist, sealingKey: SEALING_KEY };
    const options = { config, ...saving, ...(config.identities ? { directory } : {}) };
    round = new Round(config, (id) => own(config, id), new SecAggServer(options));
    await round.until('unmask');
    await round.answer();
    cheat(round, 'c3', (body) => flipShare(body, 5));
    cheat(round, 'c4', (body) => flipShare(body, 6));
    await finish();
    expect(await settle(round)).toEqual({ 'c5 c3 selfMask': 'holder', 'c6 c4 selfMask': 'holder' });
    await round.server.keepOpenings();
    const restored = SecAggServer.restore({ ...options, sealedState: saves.last });
    expect(restored.openingsKept).toBe(true);
    expect(restored.verdicts).toEqual(round.server.verdicts);
  });

  it('falls on nobody where a holder says it could not open what it could: it opens what it released', async () => {
    await round.until('unmask');
    await round.answer();
    cheat(round, 'c3', (body) => hideShare(body, 5));
    await finish();
    expect(await settle(round)).toEqual({ 'c5 c3 selfMask': 'undecided' });
  });

  it('falls on a dealer whose share is beside its polynomial', async () => {
    await round.until('share');
    await round.answer();
    await dealWrongly(round, 'c5', 'c3');
    await round.deliver();
    round.sent = new Map(await round.server.advance());
    await round.until('unmask');
    await round.answer();
    await finish();
    expect(await settle(round)).toEqual({ 'c5 c3 selfMask': 'dealer' });
  });

  it('falls on a dealer whose share does not open, where dealers open too', async () => {
    await round.until('share');
    await round.answer();
    cheat(round, 'c5', (body) => ((body[36 + 104 * 3 + 52] ^= 1), body));
    await round.deliver();
    round.sent = new Map(await round.server.advance());
    await round.until('unmask');
    await round.answer();
    await finish();
    expect(round.server.suspects).toEqual([{ dealer: 'c5', holder: 'c3', kind: 'selfMask', found: 'missing' }]);
    expect([...round.server.askOpenings().keys()]).toEqual(mode === 'malicious' ? ['c5'] : []);
    const verdict = mode === 'malicious' ? 'dealer' : 'undecided';
    expect(await settle(round)).toEqual({ 'c5 c3 selfMask': verdict });
  });

  it('is not reached where nobody opens', async () => {
    await round.until('unmask');
    await round.answer();
    cheat(round, 'c3', (body) => flipShare(body, 5));
    await finish();
    expect(round.server.verdicts).toEqual([]);
    expect(await settle(round, ['c3'])).toEqual({ 'c5 c3 selfMask': 'undecided' });
  });

  it('falls on a holder of its own share, which nobody is asked to open', async () => {
    await round.until('unmask');
    await round.answer();
    cheat(round, 'c3', (body) => flipShare(body, 3));
    await finish();
    expect(round.server.askOpenings().size).toBe(0);
    expect(await settle(round)).toEqual({ 'c3 c3 selfMask': 'holder' });
  });

  it('is of the mask key where the dealer dropped, and opens nothing of its seed', async () => {
    await round.until('share');
    const { parties, context } = seen(round, round.sent.get('c3') as Uint8Array);
    await round.until('input');
    const dealt = (
      decodeShares(config, decodeMessage(config, round.sent.get('c3') as Uint8Array).body, 8)[7] as Uint8Array
    ).slice();
    await round.answer(['c8']);
    await round.deliver();
    round.sent = new Map(await round.server.advance());
    await round.until('unmask', ['c8']);
    await round.answer(['c8']);
    cheat(round, 'c3', (body) => flipShare(body, 8));
    await round.deliver();
    await round.server.advance();
    const request = round.server.askOpenings().get('c3') as Uint8Array;
    expect(decodeOpeningRequest(decodeMessage(config, request).body)).toEqual([
      { dealer: 8, holder: 3, kind: 'maskKey' },
    ]);
    const answer = decodeMessage(config, (await round.client('c3').receive(request)) as Uint8Array);
    const { keys } = decodeOpenings(answer.body, 1);
    const opened = (kind: 'maskKey' | 'selfMask', bytes: Uint8Array) =>
      openWithKey(plainProvider, context, keys[0], parties[8], parties[3], kind, bytes);
    expect(opened('maskKey', dealt.subarray(0, SEALED_SHARE_BYTES))?.length).toBe(SHARE_BYTES);
    expect(opened('selfMask', dealt.subarray(SEALED_SHARE_BYTES))).toBeUndefined();
    expect(opened('maskKey', dealt.subarray(SEALED_SHARE_BYTES))).toBeUndefined();
    expect(await settle(round)).toEqual({ 'c8 c3 maskKey': 'holder' });
  });
});

describe('on a ring with acknowledged survivors', () => {
  it('verdicts fall as in the complete graph', async () => {
    const config = ringOf(10, 8, 6, { mode: 'semi-malicious', identities: true });
    const round = open(config);
    await round.until('unmask');
    await round.answer();
    cheat(round, 'c4', (body) => {
      for (let place = 0; place < 8; place++) body[37 + place * SHARE_BYTES] ^= 1;
      return body;
    });
    await round.deliver();
    await round.server.advance();
    const verdicts = await settle(round);
    expect(Object.keys(verdicts).length).toBeGreaterThan(0);
    expect(new Set(Object.values(verdicts))).toEqual(new Set(['holder']));
  });
});

describe('a client asked to open', () => {
  const config = configOf({ ...small, mode: 'malicious' });
  const ask = (dealings: readonly Dealing[], place = 3) => encodeOpeningRequest(config, place, dealings);
  const held = (dealer: number, kind: Dealing['kind'] = 'selfMask'): Dealing => ({ dealer, holder: 3, kind });
  let round: Round;
  beforeEach(async () => {
    round = open(config);
    await round.until('input');
    await round.answer(['c8']);
    await round.deliver();
    round.sent = new Map(await round.server.advance());
    await round.until('unmask', ['c8']);
    await round.answer(['c8']);
  });

  it.each<[string, Dealing[], string]>([
    ['the other kind of a survivor', [held(5, 'maskKey')], 'AUTHENTICATION_FAILED'],
    ['the other kind of a dropped dealer', [held(8, 'selfMask')], 'AUTHENTICATION_FAILED'],
    ['both kinds', [held(5), held(5, 'maskKey')], 'DECODE_FAILED'],
    ['its own share', [held(3)], 'AUTHENTICATION_FAILED'],
    ['its own mask key', [{ dealer: 3, holder: 5, kind: 'maskKey' }], 'AUTHENTICATION_FAILED'],
    ["others' shares", [{ dealer: 4, holder: 5, kind: 'selfMask' }], 'AUTHENTICATION_FAILED'],
    ['a place nobody has', [held(77)], 'AUTHENTICATION_FAILED'],
    ['one right and one of the other kind', [held(5), held(6, 'maskKey')], 'AUTHENTICATION_FAILED'],
    ['nothing', [], 'DECODE_FAILED'],
    ['shares out of order', [held(6), held(5)], 'DECODE_FAILED'],
  ])('refuses %s, and is as before', async (_, dealings, code) => {
    const client = round.client('c3');
    const saved = (round.saves.get('c3') as Saves).all.length;
    await expect(client.receive(ask(dealings))).rejects.toThrow(refusal(code));
    expect([client.stage, (round.saves.get('c3') as Saves).all.length]).toEqual(['unmasked', saved]);
    await client.receive(ask([held(5), held(6), held(8, 'maskKey')]));
  });

  it("refuses another's request, and one before it released shares", async () => {
    await expect(round.client('c3').receive(ask([held(5)], 4))).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    const early = await open(config).until('consistency');
    await expect(early.client('c3').receive(ask([held(5)]))).rejects.toThrow(refusal('PROTOCOL_STATE'));
  });

  it('answers once: the same request alike, another never, after a restore too', async () => {
    const saves = round.saves.get('c3') as Saves;
    const restored = () =>
      SecAggClient.restore({
        ...clientOptions(config, 'c3', { ...own(config, 'c3'), persist: saves.persist }),
        sealedState: saves.last,
      });
    const first = ask([{ dealer: 3, holder: 4, kind: 'selfMask' }, held(5)]);
    const before = restored();
    saves.fail = true;
    await expect(before.receive(first)).rejects.toThrow('disk full');
    saves.fail = false;
    const answer = (await before.receive(first)) as Uint8Array;
    expect(before.stage).toBe('opened');
    expect(await before.receive(first)).toEqual(answer);
    for (const client of [before, restored()]) {
      expect(await client.receive(first)).toEqual(answer);
      await expect(client.receive(ask([held(6)]))).rejects.toThrow(refusal('PROTOCOL_STATE'));
    }
  });

  it('opens nothing it dealt where survivors are not acknowledged', async () => {
    const bare = configOf(small);
    const unsigned = open(bare);
    await unsigned.until('unmask');
    await unsigned.answer();
    const dealt = [{ dealer: 3, holder: 4, kind: 'selfMask' }] as const;
    const request = encodeOpeningRequest(bare, 3, dealt);
    await expect(unsigned.client('c3').receive(request)).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
  });
});

describe('a server that asked', () => {
  it('takes the answer to its own request alone, once', async () => {
    const config = configOf(small);
    const round = open(config);
    await round.until('unmask');
    await round.answer();
    cheat(round, 'c3', (body) => flipShare(body, 5));
    await round.deliver();
    await round.server.advance();
    const [[id, request]] = round.server.askOpenings();
    const { server } = round;
    const answer = (await round.client(id).receive(request)) as Uint8Array;
    const { body } = decodeMessage(config, answer);
    const keys = [body.subarray(36, 68)];
    const other = encodeOpenings(config, 3, { request: new Uint8Array(32), keys });
    await expect(server.receive(id, other)).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    const two = encodeOpenings(config, 3, { request: body.subarray(0, 32), keys: [...keys, ...keys] });
    await expect(server.receive(id, two)).rejects.toThrow(refusal('DECODE_FAILED'));
    await expect(server.receive('c4', answer)).rejects.toThrow(refusal('PROTOCOL_STATE'));
    await expect(server.receive('nobody', answer)).rejects.toThrow(refusal('PROTOCOL_STATE'));
    expect(server.verdicts[0].verdict).toBe('undecided');
    await server.receive(id, answer);
    await server.receive(id, answer);
    expect(server.verdicts[0].verdict).toBe('holder');
    const changed = answer.slice();
    changed[changed.length - 1] ^= 1;
    await expect(server.receive(id, changed)).rejects.toThrow(refusal('PROTOCOL_STATE'));
  });

  it('has nothing to ask where nobody is suspected, and takes no opening unasked', async () => {
    const config = configOf(small);
    const round = await open(config).until('finished');
    expect(round.server.askOpenings().size).toBe(0);
    const keys = [new Uint8Array(32)];
    const unasked = encodeOpenings(config, 3, { request: new Uint8Array(32), keys });
    await expect(round.server.receive('c3', unasked)).rejects.toThrow(refusal('PROTOCOL_STATE'));
  });
});

describe('judge', () => {
  const [reported, another] = [Uint8Array.of(1), Uint8Array.of(2)];
  const key = (opens: Uint8Array | undefined): Uint8Array => opens ?? Uint8Array.of(0);
  const opener = (bytes: Uint8Array): Uint8Array | undefined => (bytes[0] === 0 ? undefined : bytes);
  const none = undefined;
  // What the holder reported; what its key opens; what the dealer's key opens. `silent` is no key.
  it.each<
    [string, Uint8Array | undefined, Uint8Array | 'silent' | undefined, Uint8Array | 'silent' | undefined, string]
  >([
    ['a reported share that its key opens', reported, reported, 'silent', 'dealer'],
    ['the same, and a dealer that names a key to another', reported, reported, another, 'dealer'],
    ['a reported share that its key does not open', reported, none, another, 'holder'],
    ['another share than reported', reported, another, another, 'holder'],
    ['another share than reported, while the dealer names a third key', reported, another, reported, 'holder'],
    ['a reported share and silence, the dealer opening another', reported, 'silent', another, 'undecided'],
    ['a reported share and silence, the dealer opening it', reported, 'silent', reported, 'dealer'],
    ['silence of both', reported, 'silent', 'silent', 'undecided'],
    ["a missing share and a holder's key, for which it is not asked", none, another, 'silent', 'undecided'],
    ["a missing share that the dealer's key does not open", none, none, none, 'dealer'],
    ["a missing share that the dealer's key opens alone", none, none, another, 'undecided'],
    ['a missing share and a silent dealer', none, none, 'silent', 'undecided'],
    ["a missing share, silence, and a dealer's key that opens nothing", none, 'silent', none, 'dealer'],
    ["a missing share, silence, and a dealer's key that opens it", none, 'silent', another, 'undecided'],
  ])('%s', (_, said, holder, dealer, verdict) => {
    const testimony = {
      reported: said,
      holderKey: holder === 'silent' ? undefined : key(holder),
      dealerKey: dealer === 'silent' ? undefined : key(dealer),
    };
    expect(judge(opener, testimony)).toBe(verdict);
  });
});
