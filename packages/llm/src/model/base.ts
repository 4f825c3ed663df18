/**
 * A language model's frozen weights, in the memory that it computes in.
 *
 * @module
 */
import type { TensorSpec } from '@fedkit/core';
import { refuse, sha256Hex } from '@fedkit/core/internal';
import { blockOf, type WeightKind } from '../kernels/kinds.ts';
import { KernelMemory } from '../kernels/memory.ts';
import type { KernelOptions } from '../kernels/options.ts';
import { checkShape, type DecoderShape } from './shape.ts';
import { tensorsOf } from './tensors.ts';

/** A frozen tensor: its shape, how it is kept, and where in the memory. */
export interface FrozenTensor {
  readonly shape: readonly number[];
  readonly kind: WeightKind;
  /** Byte offset. */
  readonly at: number;
  /** Length in bytes. */
  readonly bytes: number;
}

/**
 * A base that models are adapted from. Its weights do not change; any number of adapted models share them, one at a time
 * in its workspace.
 */
export class LanguageBase {
  readonly shape: DecoderShape;
  /** By name; none for a model that is trained from nothing. */
  readonly tensors: ReadonlyMap<string, FrozenTensor>;
  /** Bytes of all weights. */
  readonly weightBytes: number;
  /** @internal */
  readonly memory: KernelMemory;
  #digest: string | undefined;

  /** @internal */
  constructor(shape: DecoderShape, tensors: ReadonlyMap<string, FrozenTensor>, memory: KernelMemory) {
    this.shape = shape;
    this.tensors = tensors;
    this.memory = memory;
    this.weightBytes = [...tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Threads that compute, the calling one included: fewer than were asked for where memory is not shared, or after they ended. */
  get threads(): number {
    return this.memory.threads;
  }

  /** Ends the threads beside the calling one, which goes on alone. Not needed for a process to exit. */
  close(): Promise<void> {
    return this.memory.close();
  }

  /**
   * SHA-256, in hexadecimal, over the shape and every weight as it is kept. Adapters fit exactly the base whose digest
   * they carry. One pass over the weights, then remembered.
   */
  digest(): string {
    this.#digest ??= digestOf('fedkit language base 1', this.shape, this.tensors, this.memory);
    return this.#digest;
  }
}

/** SHA-256, in hexadecimal, over a domain, a shape and weights as they are kept. */
export function digestOf(
  domain: string,
  shape: object,
  tensors: ReadonlyMap<string, FrozenTensor>,
  memory: KernelMemory,
): string {
  const parts = [...tensors].map(([name, { shape: own, kind, at, bytes }]) => [
    name,
    own,
    kind,
    sha256Hex(memory.bytes.subarray(at, at + bytes)),
  ]);
  const entries = Object.entries(shape).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256Hex(`${domain}\n${JSON.stringify([entries, parts])}`);
}

/** Where the tensors of a model go, tensor by tensor. */
export interface WeightPlaces {
  /** Bytes of this tensor in the memory, to be filled; the view holds until the next call. */
  place(name: string, kind: WeightKind): Uint8Array;
  /** Ends the threads of a memory that will not be finished. */
  close(): Promise<void>;
}

/** What all tensors are in once they are placed. */
export interface Weights {
  readonly tensors: ReadonlyMap<string, FrozenTensor>;
  readonly memory: KernelMemory;
}

/** Places whose finished whole is a `T`. */
export interface Builder<T> extends WeightPlaces {
  /** @throws FedkitError `DECODE_FAILED` naming the first tensor that was not placed. */
  finish(): T;
}

/**
 * Starts a base of this shape. All bytes are set aside before the first weight is read.
 *
 * @param kinds - How each tensor will be kept, by name.
 * @throws FedkitError `BUDGET_EXHAUSTED` if the engine has no such memory, `OUT_OF_RANGE` for rows that are no whole blocks
 * of their kind.
 */
export function baseBuilder(
  where: string,
  shape: DecoderShape,
  kinds: ReadonlyMap<string, WeightKind>,
  how: KernelOptions = {},
): Builder<LanguageBase> {
  checkShape(where, shape);
  const builder = weightsBuilder(where, tensorsOf(shape), kinds, how);
  return {
    ...builder,
    finish() {
      const { tensors, memory } = builder.finish();
      return new LanguageBase(shape, tensors, memory);
    },
  };
}

/** {@link baseBuilder} for any model's tensors. */
export function weightsBuilder(
  where: string,
  specs: readonly TensorSpec[],
  kinds: ReadonlyMap<string, WeightKind>,
  how: KernelOptions = {},
): Builder<Weights> {
  const planned = new Map<string, FrozenTensor>();
  let total = 0;
  for (const spec of specs) {
    const kind = kinds.get(spec.name);
    if (kind === undefined) refuse('DECODE_FAILED', where, `a tensor ${spec.name}`, undefined);
    const block = blockOf(`${where}: ${spec.name}`, kind);
    const columns = spec.shape[spec.shape.length - 1];
    if (columns % block.values !== 0) {
      refuse('OUT_OF_RANGE', `${where}: ${spec.name}`, `rows of whole blocks of ${block.values}`, columns);
    }
    if (spec.shape.length === 1 && kind !== 'f32') {
      refuse('INVALID_ARGUMENT', `${where}: ${spec.name}`, 'vectors in f32', kind);
    }
    const bytes = (spec.shape.reduce((size, n) => size * n, 1) / block.values) * block.bytes;
    planned.set(spec.name, { shape: spec.shape, kind, at: total, bytes });
    total += 64 * Math.ceil(bytes / 64);
  }
  const memory = new KernelMemory(how);
  let start: number;
  try {
    start = memory.keep(total);
  } catch (error) {
    void memory.close();
    throw error;
  }
  const tensors = new Map([...planned].map(([name, tensor]) => [name, { ...tensor, at: start + tensor.at }]));
  const placed = new Set<string>();
  return {
    close: () => memory.close(),
    place(name, kind) {
      const tensor = tensors.get(name);
      if (tensor === undefined || tensor.kind !== kind) refuse('INVALID_ARGUMENT', where, 'a planned tensor', name);
      placed.add(name);
      return memory.bytes.subarray(tensor.at, tensor.at + tensor.bytes);
    },
    finish() {
      for (const name of tensors.keys()) {
        if (!placed.has(name)) refuse('DECODE_FAILED', where, `a tensor ${name}`, undefined);
      }
      return { tensors, memory };
    },
  };
}
