/**
 * What a client remembers of a round, as plain data, and its bytes.
 *
 * @module
 */
import type { SecureProgress } from '@fedkit/core/secure';
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { type Member, memberBytes, readMember } from '../messages/member.ts';
import { dealtBytes } from '../messages/share-keys.ts';

/** Where a client stands: named after what it has sent. */
export type ClientStage =
  | 'new'
  | 'advertised'
  | 'revealed'
  | 'shared'
  | 'masked'
  | 'acknowledged'
  | 'unmasked'
  | 'opened'
  | 'aborted';

/** The stage as pipelines see it. */
export function progressOf(stage: ClientStage): SecureProgress {
  switch (stage) {
    case 'masked':
    case 'acknowledged':
      return 'masked';
    case 'unmasked':
    case 'opened':
      return 'finished';
    case 'aborted':
      return 'aborted';
    default:
      return 'open';
  }
}

/** A request that was answered, by the hash of its bytes. */
interface Answer {
  /** The request's message type; 0 for `start`. */
  readonly type: number;
  readonly request: Uint8Array;
  /** Empty once the server has shown that it has it, by a request that follows. */
  readonly answer: Uint8Array;
}

/** State of one client in one round. Fields are empty until their stage. */
export interface ClientState {
  readonly stage: ClientStage;
  /** This client as others see it; its index is set once known. */
  readonly self: Member;
  readonly channelSecret: Uint8Array;
  readonly maskSecret: Uint8Array;
  /** Its part of the joint seed; Harary only. */
  readonly part: Uint8Array;
  readonly memberCount: number;
  readonly memberRoot: Uint8Array;
  readonly transcript: Uint8Array;
  /** Those it shares masks with, ascending by index, never itself. */
  readonly peers: readonly Member[];
  /** Extracted key of the channel with each peer. */
  readonly channelKeys: readonly Uint8Array[];
  readonly selfMaskSeed: Uint8Array;
  /** Its own shares of its mask key and its seed, one after the other; complete graph only. */
  readonly ownShares: Uint8Array;
  /** What each peer dealt it, encrypted; `undefined` for one that dealt nothing: the others are those it masks with. */
  readonly inbox: readonly (Uint8Array | undefined)[];
  /** Bitmap of the survivors it acknowledged, or of a semi-honest server's in the complete graph those it released shares for. */
  readonly survivors: Uint8Array;
  /** By peer: the purpose of the key of the share it released, 0 where it released none. */
  readonly releasedKinds: Uint8Array;
  /** By peer: the key of that share, to open it again where blame must be settled. */
  readonly heldKeys: Uint8Array;
  /** By peer: the key of the share of its own seed; in the complete graph, where survivors are acknowledged. */
  readonly dealtKeys: Uint8Array;
  readonly answers: readonly Answer[];
}

const STAGES: readonly ClientStage[] = [
  'new',
  'advertised',
  'revealed',
  'shared',
  'masked',
  'acknowledged',
  'unmasked',
  'opened',
  'aborted',
];
const VERSION = 3;
const FIXED_FIELDS = 15;
const EMPTY = new Uint8Array(0);

/** A state before anything was drawn. */
export function emptyState(self: Member): ClientState {
  return {
    stage: 'new',
    self,
    channelSecret: EMPTY,
    maskSecret: EMPTY,
    part: EMPTY,
    memberCount: 0,
    memberRoot: EMPTY,
    transcript: EMPTY,
    peers: [],
    channelKeys: [],
    selfMaskSeed: EMPTY,
    ownShares: EMPTY,
    inbox: [],
    survivors: EMPTY,
    releasedKinds: EMPTY,
    heldKeys: EMPTY,
    dealtKeys: EMPTY,
    answers: [],
  };
}

/**
 * The answers with the newest. A server that asks for the next has those before, so that their bytes, the masked input's above all, need
 * not be sealed and stored with every save to come; that they were given stays. The first message answers no request, and `start` gives it
 * at any time.
 */
export function withAnswer(answers: readonly Answer[], newest: Answer): readonly Answer[] {
  return [...answers.map((given) => (given.type === 0 ? given : { ...given, answer: EMPTY })), newest];
}

/** The state without anything secret: what an ended round leaves. */
export function withoutSecrets(state: ClientState): ClientState {
  return {
    ...state,
    channelSecret: EMPTY,
    maskSecret: EMPTY,
    part: EMPTY,
    channelKeys: [],
    selfMaskSeed: EMPTY,
    ownShares: EMPTY,
    inbox: [],
    heldKeys: EMPTY,
    dealtKeys: EMPTY,
  };
}

/** Overwrites every secret of `old` that `next` no longer holds, and frees the answers, of which nobody else holds the bytes. */
export function eraseReplaced(old: ClientState, next: ClientState, discard: CryptoProvider['discard']): void {
  const kept = new Set(secretsOf(next));
  for (const secret of secretsOf(old)) if (!kept.has(secret)) secret.fill(0);
  for (const { answer } of old.answers) if (next.answers.every((given) => given.answer !== answer)) discard?.(answer);
}

function secretsOf(state: ClientState): Uint8Array[] {
  const { channelSecret, maskSecret, part, selfMaskSeed, ownShares, heldKeys, dealtKeys, channelKeys } = state;
  return [channelSecret, maskSecret, part, selfMaskSeed, ownShares, heldKeys, dealtKeys, ...channelKeys];
}

/** Peers stay the same from one save of a round to the next, and are most of what is saved. Nothing of them is secret. */
const savedPeers = new WeakMap<readonly Member[], Uint8Array>();

function peerBytes(config: RoundConfig, peers: readonly Member[]): Uint8Array {
  let bytes = savedPeers.get(peers);
  if (bytes === undefined) {
    const writer = new ByteWriter();
    for (const peer of peers) writer.uint32(peer.index).bytes(memberBytes(config, peer));
    bytes = writer.finish();
    savedPeers.set(peers, bytes);
  }
  return bytes;
}

/** The state's bytes; they hold secrets and must be sealed. */
export function encodeClientState(config: RoundConfig, state: ClientState): Uint8Array {
  const writer = new ByteWriter().uint8(VERSION).uint8(STAGES.indexOf(state.stage));
  writer.uint32(state.self.index);
  for (const field of fixedFields(state)) writer.long(field);
  writer.uint32(state.memberCount).uint32(state.peers.length).bytes(peerBytes(config, state.peers));
  writer.flag(state.channelKeys.length > 0);
  for (const key of state.channelKeys) writer.bytes(key);
  writer.flag(state.inbox.length > 0);
  for (const dealt of state.inbox) {
    writer.flag(dealt !== undefined);
    if (dealt !== undefined) writer.bytes(dealt);
  }
  writer.uint8(state.answers.length);
  for (const { type, request, answer } of state.answers) writer.uint8(type).bytes(request).long(answer);
  return writer.finish();
}

/** Reads what {@link encodeClientState} wrote; the bytes were authenticated. */
export function decodeClientState(config: RoundConfig, bytes: Uint8Array): ClientState {
  const reader = new ByteReader('decodeClientState', bytes);
  if (reader.uint8() !== VERSION) reader.refuse(`version ${VERSION}`, 'another');
  const stage = STAGES[reader.uint8()];
  const index = reader.uint32();
  const [id, channelKey, maskKey, commitment, channelSecret, maskSecret, part, ...rest] = Array.from(
    { length: FIXED_FIELDS },
    () => reader.long().slice(),
  );
  const [memberRoot, transcript, selfMaskSeed, ownShares, survivors, releasedKinds, heldKeys, dealtKeys] = rest;
  const self = { index, id, channelKey, maskKey, ...(commitment.length === 0 ? {} : { commitment }) };
  const memberCount = reader.uint32();
  const peers = Array.from({ length: reader.uint32() }, () => readMember(config, reader.uint32(), reader));
  const channelKeys = reader.uint8() === 0 ? [] : peers.map(() => reader.bytes(32).slice());
  const size = dealtBytes(config);
  const inbox =
    reader.uint8() === 0 ? [] : peers.map(() => (reader.uint8() === 0 ? undefined : reader.bytes(size).slice()));
  const answers = Array.from({ length: reader.uint8() }, () => ({
    type: reader.uint8(),
    request: reader.bytes(32).slice(),
    answer: reader.long().slice(),
  }));
  reader.end();
  return {
    stage,
    self,
    channelSecret,
    maskSecret,
    part,
    memberCount,
    memberRoot,
    transcript,
    peers,
    channelKeys,
    selfMaskSeed,
    ownShares,
    inbox,
    survivors,
    releasedKinds,
    heldKeys,
    dealtKeys,
    answers,
  };
}

function fixedFields(state: ClientState): Uint8Array[] {
  const { id, channelKey, maskKey, commitment = EMPTY } = state.self;
  return [
    id,
    channelKey,
    maskKey,
    commitment,
    state.channelSecret,
    state.maskSecret,
    state.part,
    state.memberRoot,
    state.transcript,
    state.selfMaskSeed,
    state.ownShares,
    state.survivors,
    state.releasedKinds,
    state.heldKeys,
    state.dealtKeys,
  ];
}
