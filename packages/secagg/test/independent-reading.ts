// What the second implementation reads of a recorded round: its configuration, who is who, the transcript, everybody's peers.
import { createCipheriv } from 'node:crypto';
import { sha256, u32, u8, label } from './independent-primitives.ts';
import type { RoundVector } from './transcripts/format.ts';

const HEADER = 32;

export interface Vector {
  readonly name: Buffer;
  readonly length: number;
  readonly bits: number;
}
export interface Person {
  readonly index: number;
  readonly id: Buffer;
  readonly channelKey: Buffer;
  readonly maskKey: Buffer;
  /** As the others are shown it. */
  readonly entry: Buffer;
}

/** The configuration's fields that the rest depends on. */
function readConfig(bytes: Buffer) {
  let at = 0;
  const take = (length: number): Buffer => bytes.subarray(at, (at += length));
  const number = (length: number): number => take(length).readUIntLE(0, length);
  if (number(1) !== 2) throw new Error('version');
  const session = take(16);
  const round = number(4);
  number(1);
  const harary = number(1) === 1;
  number(1);
  if (number(1) !== 1) throw new Error('agreement');
  const chacha = number(1) === 1;
  const identities = number(1) === 1;
  const clients = number(4);
  number(4);
  const degree = number(4);
  const threshold = number(4);
  const maximumWeight = number(4);
  take(32);
  const vectors: Vector[] = [];
  for (let left = number(2); left > 0; left--) {
    const name = take(number(1));
    const length = number(4);
    take(8);
    vectors.push({ name, length, bits: number(1) });
    take(8);
  }
  if (maximumWeight > 1) {
    let bits = 2;
    while (2n ** BigInt(bits - 1) <= BigInt(clients) * BigInt(maximumWeight)) bits++;
    vectors.push({ name: Buffer.alloc(0), length: 1, bits });
  }
  return { session, round, harary, chacha, identities, clients, degree, threshold, maximumWeight, vectors };
}

/** Every message's body by stage and client. */
export function bodies(
  vector: RoundVector,
  direction: 'up' | 'down',
  type: number,
): Map<string, { index: number; body: Buffer }> {
  const found = new Map<string, { index: number; body: Buffer }>();
  for (const message of vector.messages) {
    const bytes = Buffer.from(message.bytes, 'hex');
    if (message.direction !== direction || bytes[4] !== type) continue;
    const end = bytes.length - (bytes[5] === 1 ? 64 : 0);
    found.set(message.client, { index: bytes.readUInt32LE(28), body: bytes.subarray(HEADER, end) });
  }
  return found;
}

/** Who is who, the transcript, and everybody's peers. */
export function readRound(vector: RoundVector) {
  const configBytes = Buffer.from(vector.config, 'hex');
  const config = readConfig(configBytes);
  const configDigest = label('config', configBytes);
  const people = new Map<string, Person>();
  let next = 0;
  for (const [client, { body }] of bodies(vector, 'up', 1)) {
    if (!body.subarray(0, 32).equals(configDigest)) throw new Error('configuration digest');
    const entry = body.subarray(32);
    const id = entry.subarray(1, 1 + entry[0]);
    if (id.toString() !== client) throw new Error('id');
    const sent = vector.messages.find((message) => message.client === client && message.direction === 'up');
    const signature = config.identities ? Buffer.from(sent?.bytes ?? '', 'hex').subarray(-64) : Buffer.alloc(0);
    const [channelKey, maskKey] = [0, 32].map((offset) =>
      entry.subarray(1 + id.length + offset, 33 + id.length + offset),
    );
    people.set(client, { index: next++, id, channelKey, maskKey, entry: Buffer.concat([entry, signature]) });
  }
  const all = [...people.values()];
  if (!config.harary) {
    const body = Buffer.concat([u32(all.length), ...all.flatMap(({ index, entry }) => [u32(index), entry])]);
    const transcript = label('transcript/complete', configDigest, body);
    const peers = all.map(({ index }) => all.filter((other) => other.index !== index));
    return { config, configDigest, people, all, transcript, peers };
  }
  const reveals = bodies(vector, 'up', 4);
  const parts = all.map(({ id }) => reveals.get(id.toString())?.body);
  const leaf = (index: number, data: Buffer): Buffer => sha256(u8(0), u32(index), data);
  const rootOf = (leaves: (Buffer | undefined)[]): Buffer => {
    let width = 1;
    while (width < config.clients) width *= 2;
    let level = Array.from({ length: width }, (_, i) => leaves[i] ?? Buffer.alloc(32));
    while (level.length > 1) {
      level = level.filter((_, i) => i % 2 === 0).map((left, i) => sha256(u8(1), left, level[2 * i + 1]));
    }
    return level[0];
  };
  const memberRoot = rootOf(all.map(({ index, entry }) => leaf(index, entry)));
  const partRoot = rootOf(parts.map((part, i) => part && leaf(i, part)));
  const revealed = parts.filter((part) => part !== undefined).length;
  const transcript = label('transcript/harary', configDigest, u32(all.length), u32(revealed), memberRoot, partRoot);
  // OpenSSL's ChaCha20 takes counter and nonce as one 16-byte value, here all zero.
  const stream = createCipheriv('chacha20', label('graph', transcript), Buffer.alloc(16)).update(Buffer.alloc(4096));
  const order = Array.from({ length: config.clients }, (_, i) => i);
  let at = 0;
  for (let i = 0; i < config.clients - 1; i++) {
    const bound = config.clients - i;
    let draw = stream.readUInt32LE(at);
    for (at += 4; draw >= 2 ** 32 - (2 ** 32 % bound); at += 4) draw = stream.readUInt32LE(at);
    const j = i + (draw % bound);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const peers = all.map(({ index }) => {
    const place = order.indexOf(index);
    const near = new Set<number>();
    for (let step = 1; step <= config.degree / 2; step++) {
      near.add(order[(place + step) % order.length]).add(order[(place - step + order.length) % order.length]);
    }
    return all.filter((other) => near.has(other.index) && parts[other.index] !== undefined);
  });
  return { config, configDigest, people, all, transcript, peers };
}
