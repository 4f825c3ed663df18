/**
 * What a device and the server of its other half say to each other. Every request is idempotent.
 *
 *     begin    digest of the task       → steps done      a run of this name goes on, or starts
 *     states   step, windows, values    → values          labels-stay: forward
 *     gradient step, values             → values          labels-stay: backward, and the server's step
 *     labelled step, windows, targets, values → loss, values   labels-to-server: both at once
 *     end      examples                 → nothing         the run's half counts from now on
 *
 * @module
 */
import { ERROR_CODES, FedkitError, isFedkitError } from '@fedkit/core';
import { ByteReader, ByteWriter } from '@fedkit/core/internal';

const MAGIC = 0x5c;
const VERSION = 1;
/** Bytes that name a device's run. */
export const RUN_BYTES = 8;
/** Bytes of a request in front of its values, at most. */
export const HEADER = 64;

/** What a device asks. */
export type SplitRequest = { readonly run: Uint8Array } & (
  | { readonly kind: 'begin'; readonly task: Uint8Array }
  | { readonly kind: 'states'; readonly step: number; readonly windows: number; readonly body: Uint8Array }
  | { readonly kind: 'gradient'; readonly step: number; readonly body: Uint8Array }
  | {
      readonly kind: 'labelled';
      readonly step: number;
      readonly windows: number;
      /** Shape [windows × positions], −1 where nothing is to be learned. */
      readonly targets: Int32Array;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'end'; readonly examples: number }
);

const KINDS = ['begin', 'states', 'gradient', 'labelled', 'end'] as const;

export function encodeRequest(request: SplitRequest): Uint8Array {
  const out = new ByteWriter().uint8(MAGIC).uint8(VERSION).uint8(KINDS.indexOf(request.kind)).bytes(request.run);
  switch (request.kind) {
    case 'begin':
      return out.bytes(request.task).finish();
    case 'states':
      return out.uint32(request.step).uint32(request.windows).long(request.body).finish();
    case 'gradient':
      return out.uint32(request.step).long(request.body).finish();
    case 'labelled': {
      out.uint32(request.step).uint32(request.windows).uint32(request.targets.length);
      for (const target of request.targets) out.uint32(target + 1);
      return out.long(request.body).finish();
    }
    case 'end':
      return out.uint53(request.examples).finish();
  }
}

/** @throws FedkitError `DECODE_FAILED`. */
export function decodeRequest(bytes: Uint8Array): SplitRequest {
  const input = new ByteReader('split request', bytes);
  if (input.uint8() !== MAGIC || input.uint8() !== VERSION) input.refuse(`version ${VERSION}`, 'other bytes');
  const kind = KINDS[input.uint8()] ?? input.refuse('a known kind', 'another');
  const run = input.bytes(RUN_BYTES).slice();
  const request = ((): SplitRequest => {
    switch (kind) {
      case 'begin':
        return { kind, run, task: input.bytes(32).slice() };
      case 'states':
        return { kind, run, step: input.uint32(), windows: input.uint32(), body: input.long() };
      case 'gradient':
        return { kind, run, step: input.uint32(), body: input.long() };
      case 'labelled': {
        const [step, windows, count] = [input.uint32(), input.uint32(), input.uint32()];
        if (4 * count > input.remaining) input.refuse(`${count} targets`, `${input.remaining} bytes`);
        const targets = new Int32Array(count);
        for (let i = 0; i < count; i++) targets[i] = input.uint32() - 1;
        return { kind, run, step, windows, targets, body: input.long() };
      }
      case 'end':
        return { kind, run, examples: input.uint53() };
    }
  })();
  input.end();
  return request;
}

/** An answer, or why there is none. */
export function encodeAnswer(body: Uint8Array): Uint8Array {
  return new ByteWriter().uint8(0).bytes(body).finish();
}

/** A refusal is an answer too; anything that is no FedkitError is the server's own fault and thrown on. */
export function encodeRefusal(error: unknown): Uint8Array {
  if (!isFedkitError(error)) throw error;
  return new ByteWriter().uint8(1).uint8(ERROR_CODES.indexOf(error.code)).text(error.message).finish();
}

/** @throws FedkitError as the server refused, or `DECODE_FAILED`. */
export function decodeAnswer(bytes: Uint8Array): Uint8Array {
  const input = new ByteReader('split answer', bytes);
  if (!input.flag()) return input.bytes(input.remaining);
  const code = ERROR_CODES[input.uint8()] ?? input.refuse('a known code', 'another');
  throw new FedkitError(code, input.text());
}
