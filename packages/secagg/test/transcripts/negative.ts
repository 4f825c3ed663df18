// Messages that must be refused, each offered to one party of the round below at one stage.
import { type Identity, SecAggServer, plainProvider, roundConfigDigest } from '../../src/index.ts';
import { signMessage } from '../../src/identity.ts';
import { hex } from '../../src/internal/bytes.ts';
import { HEADER_BYTES, SIGNATURE_BYTES } from '../../src/messages/header.ts';
import { testingIdentities } from '../../src/testing/index.ts';
import { Round, configOf } from '../harness.ts';
import type { NegativeVector } from './format.ts';

/** The round the negative vectors belong to: complete, four clients with seeded secrets, t = 3. */
export function negativeRound(): Round {
  return new Round(configOf({ clients: 4, threshold: 3, minimumClients: 3 }));
}

const signers = testingIdentities(
  Array.from({ length: 8 }, (_, i) => `c${i}`),
  'negative',
);

/** Who signs in the signed one. */
export const negativeIdentities: Readonly<Record<string, Identity>> = signers.identities;

/** The same against a malicious server: eight clients, t = 5, with identities. */
export function signedNegativeRound(): Round {
  const config = configOf({ clients: 8, threshold: 5, minimumClients: 5, mode: 'malicious' });
  const server = new SecAggServer({ config, directory: signers.directory });
  return new Round(config, (id) => ({ identity: signers.identities[id], directory: signers.directory }), server);
}

/**
 * Brings a signed round to a stage; to `openings`, after c0 changed its share of c1's seed and signed that, so that it
 * is asked to open it.
 */
export async function reach(round: Round, stage: string): Promise<Round> {
  if (stage !== 'openings') return round.until(stage);
  await round.until('unmask');
  await round.answer();
  const change = flip(BODY + 37 + 36);
  resign(round, 'c0', change);
  await round.deliver();
  await round.server.advance();
  round.sent = round.server.askOpenings();
  round.answers = new Map([
    ['c0', (await round.client('c0').receive(round.sent.get('c0') as Uint8Array)) as Uint8Array],
  ]);
  return round;
}

/** Changes a client's answer and signs it again, as the client itself could. */
function resign(round: Round, id: string, change: Change): void {
  const answer = round.answers.get(id) as Uint8Array;
  const content = Uint8Array.from(change(answer.slice(0, answer.length - SIGNATURE_BYTES), round));
  const digest = roundConfigDigest(round.config);
  round.answers.set(id, signMessage(plainProvider, round.config, digest, signers.identities[id], content));
}

type Refused = Omit<NegativeVector, 'round'>;
type Change = (bytes: Uint8Array, round: Round) => Uint8Array;
const set =
  (at: number, ...values: number[]): Change =>
  (bytes) => {
    bytes.set(values, at < 0 ? bytes.length + at : at);
    return bytes;
  };
const flip =
  (at: number): Change =>
  (bytes) =>
    set(at, bytes[at < 0 ? bytes.length + at : at] ^ 1)(bytes, negativeRound());
const cut =
  (by: number): Change =>
  (bytes) =>
    bytes.slice(0, bytes.length - by);
const longer: Change = (bytes) => Uint8Array.from([...bytes, 0]);
const answerOf =
  (client: string): Change =>
  (_, round) =>
    (round.answers.get(client) as Uint8Array).slice();

const BODY = HEADER_BYTES;
// An advertisement: hash of the configuration, id of two bytes after its length, channel key, mask key.
const CHANNEL_KEY = BODY + 32 + 3;
// A cohort entry: place, id of two bytes after its length, two keys.
const ENTRY = 4 + 3 + 64;

const HEADER: [string, Change, string][] = [
  ['nothing', () => new Uint8Array(0), 'DECODE_FAILED'],
  ['half a header', (bytes) => bytes.slice(0, 16), 'DECODE_FAILED'],
  ['another protocol', flip(0), 'DECODE_FAILED'],
  ['version 1', set(3, 1), 'DECODE_FAILED'],
  ['an unknown type', set(4, 99), 'DECODE_FAILED'],
  ['an unknown flag', set(5, 2), 'DECODE_FAILED'],
  ['another key agreement', set(6, 2), 'AUTHENTICATION_FAILED'],
  ['another mask suite', set(7, 1), 'AUTHENTICATION_FAILED'],
  ['another session', flip(8), 'AUTHENTICATION_FAILED'],
  ['another round', flip(24), 'AUTHENTICATION_FAILED'],
];

const TO_SERVER: Record<string, [string, Change, string][]> = {
  advertise: [
    ...HEADER,
    ['a signature where the round has none', set(5, 1), 'AUTHENTICATION_FAILED'],
    ['a place before it has one', set(28, 0, 0, 0, 0), 'AUTHENTICATION_FAILED'],
    ['another configuration', flip(BODY), 'AUTHENTICATION_FAILED'],
    ["another client's id", flip(CHANNEL_KEY - 1), 'AUTHENTICATION_FAILED'],
    ['an id that is not UTF-8', set(CHANNEL_KEY - 1, 0xff), 'DECODE_FAILED'],
    ['a channel key of low order', (bytes) => bytes.fill(0, CHANNEL_KEY, CHANNEL_KEY + 32), 'AUTHENTICATION_FAILED'],
    ['a mask key not below 2^255 − 19', set(-1, 0xff), 'AUTHENTICATION_FAILED'],
    ['one key twice', (bytes) => bytes.copyWithin(CHANNEL_KEY, CHANNEL_KEY + 32), 'AUTHENTICATION_FAILED'],
    ['a byte too few', cut(1), 'DECODE_FAILED'],
    ['a byte too many', longer, 'DECODE_FAILED'],
  ],
  share: [
    ["another's place", set(28, 1), 'AUTHENTICATION_FAILED'],
    ["another's message", answerOf('c1'), 'AUTHENTICATION_FAILED'],
    ['another number of peers', set(BODY + 32, 2), 'DECODE_FAILED'],
    ['a share too few', cut(104), 'DECODE_FAILED'],
    ['a byte too many', longer, 'DECODE_FAILED'],
  ],
  input: [
    ['a byte too few', cut(1), 'DECODE_FAILED'],
    ['a byte too many', longer, 'DECODE_FAILED'],
    ['bits after the last entry', set(-1, 0xff), 'DECODE_FAILED'],
    ['no place', set(28, 0xff, 0xff, 0xff, 0xff), 'AUTHENTICATION_FAILED'],
  ],
  unmask: [
    ['an answer to another request', flip(BODY), 'AUTHENTICATION_FAILED'],
    ['another number of dealers', set(BODY + 32, 3), 'DECODE_FAILED'],
    ['a dealer beyond the last', set(BODY + 36, 0x1f), 'DECODE_FAILED'],
    ['a share marked but missing', cut(36), 'DECODE_FAILED'],
    ['an element of 2^31 − 1', set(BODY + 37, 0xff, 0xff, 0xff, 0x7f), 'DECODE_FAILED'],
  ],
};

const TO_CLIENT: Record<string, [string, Change, string][]> = {
  share: [
    ...HEADER,
    ['more members than places', set(BODY, 5), 'DECODE_FAILED'],
    [
      'fewer members than t',
      (bytes) => set(BODY, 2)(bytes.slice(0, BODY + 4 + 2 * ENTRY), negativeRound()),
      'THRESHOLD_NOT_MET',
    ],
    ['a member twice', set(BODY + 4 + ENTRY, 0), 'DECODE_FAILED'],
    ['its own channel key changed', flip(BODY + 4 + 7), 'AUTHENTICATION_FAILED'],
    [
      "another's key of low order",
      (bytes) => bytes.fill(0, BODY + 4 + ENTRY + 7, BODY + 4 + ENTRY + 39),
      'AUTHENTICATION_FAILED',
    ],
    [
      "its own key as another's",
      (bytes) => bytes.copyWithin(BODY + 4 + ENTRY + 7, BODY + 4 + 7, BODY + 4 + 39),
      'AUTHENTICATION_FAILED',
    ],
    ["its own id as another's", set(BODY + 4 + ENTRY + 6, 0x30), 'AUTHENTICATION_FAILED'],
    ['a byte too few', cut(1), 'DECODE_FAILED'],
  ],
  input: [
    ["another's place", set(28, 1), 'AUTHENTICATION_FAILED'],
    ['another number of peers', set(BODY, 4), 'DECODE_FAILED'],
    ['a peer beyond the last', set(BODY + 4, 0x0f), 'DECODE_FAILED'],
    [
      'too few dealers',
      (bytes) => set(BODY + 4, 1)(bytes.slice(0, BODY + 5 + 104), negativeRound()),
      'THRESHOLD_NOT_MET',
    ],
    ['a share too few', cut(52), 'DECODE_FAILED'],
  ],
  unmask: [
    ['itself dropped', set(BODY, 3, 0, 0, 0, 0x0e), 'AUTHENTICATION_FAILED'],
    ['fewer survivors than t', set(BODY, 2, 0, 0, 0, 0x03), 'THRESHOLD_NOT_MET'],
    ['a count that does not fit', set(BODY, 3), 'DECODE_FAILED'],
    ['a place beyond the last', set(BODY, 5, 0, 0, 0, 0x1f), 'DECODE_FAILED'],
    ['an address', set(28, 0, 0, 0, 0), 'AUTHENTICATION_FAILED'],
    ['a byte too many', longer, 'DECODE_FAILED'],
  ],
};

// Seven peers' bitmap and their words.
const WORD = BODY + 32 + 1;

/** The first `count` peers' words alone. */
const fewWords =
  (count: number) =>
  (bytes: Uint8Array): Uint8Array => {
    bytes[BODY + 32] = 2 ** count - 1;
    return bytes.slice(0, WORD + 16 * count);
  };

const SIGNED_TO_CLIENT: Record<string, [string, Change, string][]> = {
  share: [
    ["another's signature of its advertisement changed", flip(-1), 'AUTHENTICATION_FAILED'],
    ["another's mask key changed under its signature", flip(-65), 'AUTHENTICATION_FAILED'],
  ],
  consistency: [
    ['itself dropped', set(BODY, 0xfe), 'AUTHENTICATION_FAILED'],
    ['fewer survivors than t', set(BODY, 0x0f), 'THRESHOLD_NOT_MET'],
    ['an address', set(28, 0, 0, 0, 0), 'AUTHENTICATION_FAILED'],
    ['a bitmap too long', longer, 'DECODE_FAILED'],
    ['an unmask request in its place', set(4, 9), 'PROTOCOL_STATE'],
  ],
  unmask: [
    ['words on another set', flip(BODY), 'AUTHENTICATION_FAILED'],
    ['no place', set(28, 0xff, 0xff, 0xff, 0xff), 'AUTHENTICATION_FAILED'],
    ['fewer than t, its own among them', fewWords(3), 'THRESHOLD_NOT_MET'],
    [
      'as many as t, one of them changed',
      (bytes) => flip(WORD)(fewWords(4)(bytes), negativeRound()),
      'THRESHOLD_NOT_MET',
    ],
    ['as many as t, two of them exchanged', (bytes) => exchange(fewWords(4)(bytes), WORD, 16), 'THRESHOLD_NOT_MET'],
    ['a word too few', cut(16), 'DECODE_FAILED'],
  ],
  openings: [['another request than the one answered', set(BODY + 4, 2), 'PROTOCOL_STATE']],
};

const SIGNED_TO_SERVER: Record<string, [string, Change, string][]> = {
  advertise: [['a signature changed', flip(-1), 'AUTHENTICATION_FAILED']],
  consistency: [
    ['a signature changed', flip(-1), 'AUTHENTICATION_FAILED'],
    ['words changed under their signature', flip(BODY + 36), 'AUTHENTICATION_FAILED'],
    ['no signature', (bytes) => set(5, 0)(bytes.slice(0, -64), negativeRound()), 'AUTHENTICATION_FAILED'],
  ],
  openings: [
    ['openings changed under their signature', flip(BODY + 36), 'AUTHENTICATION_FAILED'],
    ['a key too few', cut(32), 'AUTHENTICATION_FAILED'],
  ],
};

/** Openings that their own client signs. */
const RESIGNED: [string, Change, string][] = [
  ['openings of another request', flip(BODY), 'AUTHENTICATION_FAILED'],
  [
    'two keys for one share',
    (bytes) => Uint8Array.from([...set(BODY + 32, 2)(bytes, negativeRound()), ...new Uint8Array(32)]),
    'DECODE_FAILED',
  ],
  ['no key', (bytes) => set(BODY + 32, 0)(bytes.slice(0, BODY + 36), negativeRound()), 'DECODE_FAILED'],
];

/** An opening request that c0 refuses once it released shares; the second kind is the one it was not asked for. */
const OPENING_REQUESTS: [string, number[], string][] = [
  ['the kind that was not released', [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3], 'AUTHENTICATION_FAILED'],
  ["others' shares", [1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4], 'AUTHENTICATION_FAILED'],
  ['its own share', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4], 'AUTHENTICATION_FAILED'],
  ['a kind there is not', [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5], 'DECODE_FAILED'],
  ['nothing', [0, 0, 0, 0], 'DECODE_FAILED'],
];

function exchange(bytes: Uint8Array, at: number, length: number): Uint8Array {
  const held = bytes.slice(at, at + length);
  bytes.copyWithin(at, at + length, at + 2 * length);
  bytes.set(held, at + length);
  return bytes;
}

async function signedNegativeVectors(): Promise<Refused[]> {
  const vectors: Refused[] = [];
  const client = 'c0';
  const add = (side: 'client' | 'server', stage: string, why: string, bytes: Uint8Array, code: string): void => {
    vectors.push({ mode: 'malicious', why, side, stage, client, bytes: hex(bytes), code });
  };
  const round = signedNegativeRound();
  for (const stage of ['advertise', 'share', 'input', 'consistency', 'unmask', 'openings']) {
    await reach(round, stage);
    const sent = round.sent.get(client);
    for (const [why, change, code] of SIGNED_TO_CLIENT[stage] ?? []) {
      add('client', stage, why, change((sent as Uint8Array).slice(), round), code);
    }
    if (stage === 'unmask') {
      // Offered to a client that has answered: its header is that of the words, addressed.
      for (const [why, body, code] of OPENING_REQUESTS) {
        const header = set(28, 0, 0, 0, 0)(set(4, 15)((sent as Uint8Array).slice(0, BODY), round), round);
        add('client', 'released', why, Uint8Array.from([...header, ...body]), code);
      }
      continue;
    }
    if (stage !== 'openings') await round.answer();
    for (const [why, change, code] of SIGNED_TO_SERVER[stage] ?? []) {
      add('server', stage, why, change((round.answers.get(client) as Uint8Array).slice(), round), code);
    }
    if (stage !== 'openings') continue;
    const honest = round.answers.get(client) as Uint8Array;
    for (const [why, change, code] of RESIGNED) {
      resign(round, client, change);
      add('server', stage, why, round.answers.get(client) as Uint8Array, code);
      round.answers.set(client, honest);
    }
  }
  return vectors;
}

/** All of them, with the bytes. */
export async function negativeVectors(): Promise<Refused[]> {
  const vectors: Refused[] = [];
  const client = 'c0';
  const round = negativeRound();
  while (round.server.stage !== 'finished') {
    const { stage } = round.server;
    const add = (side: 'client' | 'server', message: Uint8Array, changes: [string, Change, string][] = []): void => {
      for (const [why, change, code] of changes) {
        const bytes = hex(change(message.slice(), round));
        vectors.push({ why, side, stage, client, bytes, code });
      }
    };
    if (stage !== 'advertise') add('client', round.sent.get(client) as Uint8Array, TO_CLIENT[stage]);
    await round.answer();
    add('server', round.answers.get(client) as Uint8Array, TO_SERVER[stage]);
    await round.deliver();
    round.sent = new Map(await round.server.advance());
  }
  return [...vectors, ...(await signedNegativeVectors())];
}
