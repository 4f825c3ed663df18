/**
 * The canonical bytes of a round's configuration: what is hashed into the transcript, and what a server may send to
 * its clients before the round.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { utf8Decode, utf8Encode, ByteReader, ByteWriter } from '@fedkit/core/internal';
import { GUARANTEES } from '../graph/graph-parameters.ts';
import { labelledHash } from '../internal/hash.ts';
import { MODES, type RoundConfig, type VectorSpec, checkRoundConfig } from './round-config.ts';

const VERSION = 2;
/** Key agreement by X25519. */
export const AGREEMENT_X25519 = 1;
/** Reserved for the hybrid of X25519 and ML-KEM-768; refused by name until it is built. */
const AGREEMENT_X25519_ML_KEM_768 = 2;

const GRAPHS = ['complete', 'harary'] as const;
/** Mask suites by their number on the wire. */
export const SUITES = ['aes-128-ctr', 'chacha20'] as const;

/** The configuration's canonical bytes. */
export function encodeRoundConfig(config: RoundConfig): Uint8Array {
  const writer = new ByteWriter()
    .uint8(VERSION)
    .bytes(config.session)
    .uint32(config.round)
    .uint8(MODES.indexOf(config.mode))
    .uint8(GRAPHS.indexOf(config.graph))
    .uint8(GUARANTEES.indexOf(config.guarantee))
    .uint8(AGREEMENT_X25519)
    .uint8(SUITES.indexOf(config.suite))
    .flag(config.identities)
    .uint32(config.clients)
    .uint32(config.minimumClients)
    .uint32(config.degree)
    .uint32(config.threshold)
    .uint32(config.maximumWeight)
    .bytes(config.modelDigest)
    .uint16(config.vectors.length);
  for (const { name, length, bound, bits, wrapProbability } of config.vectors) {
    writer.short(utf8Encode(name)).uint32(length).uint53(bound).uint8(bits).float64(wrapProbability);
  }
  return writer.finish();
}

/**
 * The configuration those bytes stand for.
 *
 * @throws FedkitError `DECODE_FAILED` for bytes that are not the canonical encoding of a valid configuration.
 */
export function decodeRoundConfig(bytes: Uint8Array): RoundConfig {
  const reader = new ByteReader('decodeRoundConfig', bytes);
  if (reader.uint8() !== VERSION) reader.refuse(`version ${VERSION}`, 'another');
  const config = {
    session: reader.bytes(16),
    round: reader.uint32(),
    mode: choose(reader, MODES),
    graph: choose(reader, GRAPHS),
    guarantee: choose(reader, GUARANTEES),
    agreement: reader.uint8(),
    suite: choose(reader, SUITES),
    identities: choose(reader, [false, true] as const),
    clients: reader.uint32(),
    minimumClients: reader.uint32(),
    degree: reader.uint32(),
    threshold: reader.uint32(),
    maximumWeight: reader.uint32(),
    modelDigest: reader.bytes(32),
  };
  if (config.agreement === AGREEMENT_X25519_ML_KEM_768) {
    reader.refuse('X25519 key agreement', 'its hybrid with ML-KEM-768, which this version reserves and does not have');
  }
  if (config.agreement !== AGREEMENT_X25519) reader.refuse('X25519 key agreement', `suite ${config.agreement}`);
  const vectors: VectorSpec[] = [];
  for (let count = reader.uint16(); count > 0; count--) {
    vectors.push({
      name: utf8Decode(reader.short()),
      length: reader.uint32(),
      bound: reader.uint53(),
      bits: reader.uint8(),
      wrapProbability: reader.float64(),
    });
  }
  reader.end();
  const { agreement: _, ...fields } = config;
  try {
    return checkRoundConfig({ ...fields, vectors });
  } catch (cause) {
    if (!isFedkitError(cause)) throw cause;
    throw new FedkitError('DECODE_FAILED', `decodeRoundConfig: ${cause.message}`, { cause });
  }
}

/** SHA-256 of the canonical bytes, labelled. */
export function roundConfigDigest(config: RoundConfig): Uint8Array {
  return labelledHash('config', encodeRoundConfig(config));
}

function choose<T>(reader: ByteReader, choices: readonly T[]): T {
  const number = reader.uint8();
  if (number >= choices.length) reader.refuse(`a number below ${choices.length}`, `${number}`);
  return choices[number];
}
