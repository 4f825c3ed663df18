/**
 * Every decoder of bytes that others hand in, with valid messages to begin from.
 *
 * @module
 */
import { decode, decodeNpz, encodeNpz } from '@fedkit/compression';
import { decodeSafetensors, encodeSafetensors, Layout } from '@fedkit/core';
import { decodeNpy, encodeNpy } from '@fedkit/core/checkpoint';
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '@fedkit/core/protocol';
import { deserializeAccountant, event, pldAccountant, rdpAccountant } from '@fedkit/privacy';
import { decodeRoundConfig, encodeRoundConfig } from '@fedkit/secagg';
import { CODECS, contextOf } from '../../packages/compression/test/support.ts';
import { freshRecord } from '../../packages/core/src/device/client-record.ts';
import { decodeRecord, encodeRecord } from '../../packages/core/src/device/client-record-format.ts';
import { decodeStructure, encodeStructure } from '../../packages/core/src/engine/structure.ts';
import { decodeState, encodeState } from '../../packages/core/src/model/state-file.ts';
import { encodeReport } from '../../packages/core/src/pipeline/report.ts';
import { decodeReport } from '../../packages/core/src/pipeline/report-decoder.ts';
import { decodeTerms, encodeTerms } from '../../packages/core/src/pipeline/terms.ts';
import { readSlot, writeSlot } from '../../packages/core/src/round/slot.ts';
import { decodeDown, decodeUp, encodeDown, encodeUp } from '../../packages/core/src/transport/mqtt/frame.ts';
import { decodeHave, decodePiece, encodeHave, encodePiece } from '../../packages/core/src/transport/piece.ts';
import { decodeNpy as decodeFlowerNpy } from '../../packages/flower/src/array/npy.ts';
import { toBase64 } from '../../packages/flower/src/key/base64.ts';
import {
  derSignature,
  pemOf,
  rawSignature,
  spkiOf,
  spkiOfOpenSsh,
  spkiOfPem,
} from '../../packages/flower/src/key/der.ts';
import { parseObject } from '../../packages/flower/src/object/object.ts';
import { decodeMessage } from '../../packages/flower/src/proto/decode.ts';
import { ENVELOPE, PUSH_MESSAGES } from '../../packages/flower/src/proto/messages.ts';
import { bytesOf, vectors } from '../../packages/flower/test/vectors.ts';
import { parseGgufHeader } from '../../packages/llm/src/gguf/header.ts';
import {
  decodeAnswer,
  decodeRequest as decodeSplitRequest,
  encodeAnswer,
  encodeRequest as encodeSplitRequest,
} from '../../packages/llm/src/split/messages.ts';
import { tinyFile } from '../../packages/llm/test/gguf-writer.helpers.ts';
import { decodeLedger, encodeLedger, makeRecord } from '../../packages/privacy/src/ledger/record.ts';
import { fuzzConfigs } from '../../packages/secagg/test/fuzz.ts';

/** One decoder. */
export interface Decoder {
  /** Valid messages: mutations begin from them. */
  readonly valid: readonly Uint8Array[];
  readonly decode: (bytes: Uint8Array) => unknown;
}

const some = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 7 * i + 1);
const utf8 = new TextEncoder();
const task = {
  run: some(16),
  round: 3,
  ticket: 12,
  modelDigest: some(32),
  modelLength: 100,
  pipelineDigest: some(32),
  parameters: some(4),
  expiresIn: 0,
};
const publication = { run: some(16), round: 2, modelDigest: some(32), modelLength: 9, pipelineDigest: some(32) };
const piece = { digest: some(32), total: 20, offset: 4, bytes: some(5) };
const layout = Layout.of([
  { name: 'a', shape: [2, 2] },
  { name: 'b', shape: [3] },
]);
const model = { layout, values: Float32Array.of(1, -2, 3, 0.5, 5, 6, 7) };
const owner = { kind: 'state', model: 'm' };
const reported = { round: 3, seed: some(32) };
const slot = { slot: 4, epoch: 2, owner: '0f'.repeat(16), first: 7 };
const gaussian = event.gaussian({ noiseStd: 2, recordNorm: 1 });
const accountants = [pldAccountant, rdpAccountant].map((make) =>
  make({ neighboring: 'add-or-remove' }).compose(gaussian),
);
const opened = makeRecord(
  {
    index: 0,
    previous: '',
    kind: 'open',
    run: 'run',
    unit: 'user',
    neighboring: 'add-or-remove',
    composition: 'every-round',
    accountant: 'pld',
    budget: { epsilon: 1, delta: 1e-5 },
  } as never,
  undefined,
  '',
);
const charged = makeRecord(
  { index: 1, previous: opened.digest, kind: 'charge', event: gaussian, count: 1, round: 1 },
  { participants: ['a', 'b'], noiseStd: 2 },
  'salt',
);
const ledger = [opened, charged];
const key = spkiOf(Uint8Array.from({ length: 97 }, (_, i) => (i === 0 ? 4 : i)));
const field = (bytes: Uint8Array): number[] => [0, 0, 0, bytes.length, ...bytes];
const CURVE = 'ecdsa-sha2-nistp384';
const fields = [utf8.encode(CURVE), utf8.encode('nistp384'), key.subarray(-97)].flatMap(field);
const openSsh = `${CURVE} ${toBase64(Uint8Array.from(fields))} node`;
const values = Float32Array.from({ length: 40 }, (_, i) => ((i * 37) % 11) - 5);

export const DECODERS: Readonly<Record<string, Decoder>> = {
  'requests of clients': {
    valid: [
      encodeRequest({ kind: 'join' }),
      encodeRequest({ kind: 'join', epoch: 4 }),
      encodeRequest({ kind: 'model', digest: some(32), offset: 5 }),
      encodeRequest({ kind: 'report', ticket: 9, bytes: some(12) }),
      encodeRequest({ kind: 'exchange', ticket: 9, message: some(3) }),
      encodeRequest({ kind: 'decline', ticket: 9, reason: 'no-data' }),
    ],
    decode: decodeRequest,
  },
  'responses of servers': {
    valid: [
      encodeResponse({ kind: 'wait', milliseconds: 500 }),
      encodeResponse({ kind: 'task', task }),
      encodeResponse({ kind: 'part', total: 10, offset: 2, bytes: some(4) }),
      encodeResponse({ kind: 'finished', ticket: 9, counted: true }),
      encodeResponse({ kind: 'refused', code: 'OUT_OF_RANGE', message: 'no' }),
      encodeResponse({ kind: 'published', publication }),
    ],
    decode: decodeResponse,
  },
  'pieces of requests': { valid: [encodePiece(piece)], decode: decodePiece },
  'receipts for pieces': { valid: [encodeHave(300)], decode: decodeHave },
  'frames to an MQTT server': {
    valid: [
      encodeUp({ kind: 'whole', id: some(8), request: some(6) }),
      encodeUp({ kind: 'piece', id: some(8), piece }),
    ],
    decode: decodeUp,
  },
  'frames to an MQTT client': {
    valid: [
      encodeDown({ kind: 'response', id: some(8), total: 9, offset: 1, bytes: some(5) }),
      encodeDown({ kind: 'have', id: some(8), have: 6 }),
      encodeDown({ kind: 'refused', id: some(8), status: 503 }),
    ],
    decode: decodeDown,
  },
  'reports of pipelines': {
    valid: [encodeReport(reported, { weight: 2, slots: [[some(5)], [some(3)]] })],
    decode: (bytes) => decodeReport('report', bytes, reported, 2),
  },
  'terms of pipelines': {
    valid: [
      encodeTerms([
        ['algorithm', 'fedAvg'],
        ['size', '40'],
      ]),
    ],
    decode: decodeTerms,
  },
  'states of algorithms': {
    valid: [encodeState({ params: Float32Array.of(1, 2), round: 3, inner: { velocity: Float32Array.of(0) } }, owner)],
    decode: (bytes) => decodeState(bytes, owner),
  },
  'records of clients': {
    valid: [
      encodeRecord(freshRecord(some(32))),
      encodeRecord({ ...freshRecord(some(32)), work: { kind: 'training', task, expiresAt: 10 } }),
      encodeRecord({ ...freshRecord(some(32)), work: { kind: 'leaving', ticket: 3, reason: 'error' } }),
    ],
    decode: (bytes) => decodeRecord('record', bytes),
  },
  'slots of journals': {
    valid: [
      writeSlot({ ...slot, kind: 'epoch' }).finish(),
      writeSlot({ ...slot, kind: 'entries', entries: [{ event: { kind: 'restored' }, bytes: some(4) }] }).finish(),
      writeSlot({ ...slot, kind: 'snapshot', epochs: [1, 3], head: {}, bytes: some(2), collected: false }).finish(),
    ],
    decode: (bytes) => readSlot('round/journal/4', bytes),
  },
  'structures of tasks': {
    valid: [encodeStructure({ a: [1, 2n, null, 'x'], b: { c: Float64Array.of(1), d: some(3) }, e: Number.NaN })],
    decode: decodeStructure,
  },
  safetensors: { valid: [encodeSafetensors(model)], decode: (bytes) => decodeSafetensors(bytes) },
  npy: {
    valid: [
      encodeNpy({ shape: [2, 2], type: 'F32', bytes: some(16) }),
      encodeNpy({ shape: [3], type: 'I16', bytes: some(6) }, { order: 'Fortran', byteOrder: 'big' }),
    ],
    decode: (bytes) => decodeNpy(bytes),
  },
  npz: {
    valid: [encodeNpz(model), encodeNpz(model, { compress: true })],
    decode: (bytes) => decodeNpz(bytes, { maximumBytes: 65_536 }),
  },
  ...Object.fromEntries(
    Object.entries(CODECS).map(([name, codec]) => [
      `codec ${name}`,
      {
        valid: [codec.encode(values, contextOf('corpus'))],
        decode: (bytes: Uint8Array) => decode(bytes, { ...contextOf('corpus'), expectedSize: values.length }),
      },
    ]),
  ),
  accountants: {
    valid: accountants.map((one) => one.serialize()),
    decode: deserializeAccountant,
  },
  'ledgers of privacy': { valid: [encodeLedger(ledger, true), encodeLedger(ledger, false)], decode: decodeLedger },
  'configurations of secure sums': { valid: fuzzConfigs().map(encodeRoundConfig), decode: decodeRoundConfig },
  'envelopes of Flower': {
    valid: vectors.envelopes.map(bytesOf),
    decode: (bytes) => decodeMessage('corpus', ENVELOPE, bytes),
  },
  'messages of Flower': {
    valid: [bytesOf(vectors.push)],
    decode: (bytes) => decodeMessage('corpus', PUSH_MESSAGES.request, bytes),
  },
  'objects of Flower': {
    valid: Object.values<string>(vectors.error.objects).map(bytesOf),
    decode: parseObject,
  },
  'arrays of Flower': { valid: vectors.npy.slice(0, 4).map(({ file }) => bytesOf(file)), decode: decodeFlowerNpy },
  'signatures in DER': { valid: [derSignature(some(96))], decode: rawSignature },
  'keys in PEM': { valid: [pemOf(key)], decode: spkiOfPem },
  'keys of OpenSSH': {
    valid: [utf8.encode(openSsh)],
    decode: (bytes) => spkiOfOpenSsh(new TextDecoder().decode(bytes)),
  },
  'headers of GGUF': { valid: [tinyFile()], decode: (bytes) => parseGgufHeader(bytes, bytes.length) },
  'requests of split learning': {
    valid: [
      encodeSplitRequest({ run: some(8), kind: 'begin', task: some(32) }),
      encodeSplitRequest({ run: some(8), kind: 'states', step: 1, windows: 2, body: some(6) }),
      encodeSplitRequest({
        run: some(8),
        kind: 'labelled',
        step: 1,
        windows: 1,
        targets: Int32Array.of(3, -1),
        body: some(6),
      }),
      encodeSplitRequest({ run: some(8), kind: 'end', examples: 4 }),
    ],
    decode: decodeSplitRequest,
  },
  'answers of split learning': {
    valid: [encodeAnswer(some(6))],
    decode: decodeAnswer,
  },
};
