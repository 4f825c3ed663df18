/**
 * What both sides of a pipeline must agree on, by name: each option as it was given, every slot, codec and tensor. A server
 * names its terms by their digest in every task; a client whose digest is another asks for the terms themselves, and says
 * what differs before anything of the model has moved.
 *
 * Terms hold options and what integers, comparisons and correctly rounded arithmetic make of them: never a number of the
 * engine's own `Math`, in which two engines may differ.
 *
 *     66 6b 74, version 1, count (uint32), then name and value of each as UTF-8 after its 32-bit length
 *
 * @module
 */
import type { ClientAlgorithm } from '../algorithm/contract.ts';
import type { Codec, LinearCodec } from '../codec/contract.ts';
import { FedkitError } from '../errors.ts';
import { beginFormat, openFormat } from '../format.ts';
import { plainSha256 } from '../plain-sha256.ts';
import { sha256Hex } from '../sha256-hex.ts';
import { probe } from './codecs.ts';
import type { PipelineTerms } from './contract.ts';
import { type Model, roles } from './model.ts';
import type { SlotShape } from './slots.ts';

/** An option's name and its value as text: two texts are equal exactly if the values are. */
export type Term = readonly [name: string, value: string];

const FORMAT = { letter: 0x74, what: 'terms', version: 1 };
/** The most terms that are read: more than the tensors of the largest layout. */
const MAX_TERMS = 131_072;

/** What an option may be. Numbers are told apart by their shortest decimal form, which every engine writes alike. */
export type TermValue = string | number | boolean | undefined | Uint8Array;

/** What the terms of a pipeline are made from. */
export interface Agreed {
  readonly kind: string;
  readonly algorithm: Pick<ClientAlgorithm<never, never, never>, 'kind' | 'options'>;
  readonly model: Model;
  /** By the names that callers know. */
  readonly options: Readonly<Record<string, TermValue>>;
  readonly slots: readonly (SlotShape & { readonly weighted?: boolean })[];
  /** Slot by slot; absent where a mechanism encodes. */
  readonly codecs?: readonly Codec[];
}

/** A pipeline without what its terms say. */
export type Halves<P extends PipelineTerms> = Omit<P, keyof PipelineTerms>;

/** `halves` with the terms and their digest, both computed when they are first asked for. */
export function withTerms<P extends object>(agreed: Agreed, halves: P): P & PipelineTerms {
  let terms: readonly Term[] | undefined;
  let digest: Uint8Array | undefined;
  return {
    ...halves,
    kind: agreed.kind,
    ...agreed.model,
    get terms() {
      terms ??= termsOf(agreed);
      return terms;
    },
    get digest() {
      digest ??= digestOfTerms(this.terms);
      return digest;
    },
  };
}

function termsOf({ kind, algorithm, model, options, slots, codecs }: Agreed): readonly Term[] {
  return [
    ['pipeline', kind],
    ['algorithm', algorithm.kind],
    ...Object.entries(algorithm.options ?? {}).map(([name, value]): Term => [`algorithm: ${name}`, text(value)]),
    ...Object.entries(options).map(([name, value]): Term => [name, text(value)]),
    ['size', text(model.size)],
    ['layout', model.layout ? 'given' : 'not given'],
    ...(model.layout?.tensors ?? []).map(
      (tensor): Term => [
        `layout: tensor ${tensor.name}`,
        `[${tensor.shape.join(', ')}] from value ${tensor.offset} on${roles(tensor)}`,
      ],
    ),
    ...slots.map(({ name, size, weighted }): Term => [`slot ${name}`, `${size} values${weighted ? ', weighted' : ''}`]),
    ...(codecs ?? []).map((codec, i): Term => {
      return [`codec of ${slots[i].name}`, `${codec.kind}, ${integersOf(codec)}${text(probe(codec, slots[i]))}`];
    }),
  ];
}

function integersOf(codec: Codec): string {
  const { bits, bound } = codec as Partial<LinearCodec>;
  return codec.linearity === 'linear' ? `${bits} bits within ${bound}, ` : '';
}

function text(value: TermValue): string {
  return value instanceof Uint8Array ? `bytes of digest ${sha256Hex(value).slice(0, 32)}` : String(value);
}

export function encodeTerms(terms: readonly Term[]): Uint8Array<ArrayBuffer> {
  const writer = beginFormat(FORMAT).uint32(terms.length);
  for (const [name, value] of terms) writer.text(name).text(value);
  return writer.finish();
}

/** @throws FedkitError `DECODE_FAILED` for other bytes. */
export function decodeTerms(bytes: Uint8Array): readonly Term[] {
  const { reader } = openFormat('terms', bytes, FORMAT);
  const count = reader.uint32();
  if (count > Math.min(MAX_TERMS, reader.remaining / 8)) reader.refuse(`${count} terms`, `${reader.remaining} bytes`);
  const terms = Array.from({ length: count }, (): Term => [reader.text(), reader.text()]);
  reader.end();
  return terms;
}

/** SHA-256 over the terms: 32 bytes. */
export function digestOfTerms(terms: readonly Term[]): Uint8Array {
  return plainSha256(encodeTerms(terms));
}

const REMEDY = {
  layout: 'give both pipelines the layout of one model',
  options: 'build both pipelines from the same options, and both apps from one version',
};

/** What {@link differenceOf} holds against each other. */
export interface Parties {
  /** Such as `federatedClient: pipeline`. */
  readonly where: string;
  readonly own: readonly Term[];
  readonly other: readonly Term[];
  /** Such as `the server`. */
  readonly named: string;
  /** What helps, where it is not two apps that have to agree. */
  readonly remedy?: string;
}

/** `SHAPE_MISMATCH` by the first option, slot, codec or tensor in which two pipelines differ, with the remedy. */
export function differenceOf({ where, own, other, named, remedy }: Parties): FedkitError {
  const [mine, theirs] = [new Map(own), new Map(other)];
  const name = [...mine.keys(), ...theirs.keys()].find((key) => mine.get(key) !== theirs.get(key));
  if (name === undefined) {
    const message = `${where}: expected the terms of ${named} in their order, got another order: ${REMEDY.options}`;
    return new FedkitError('SHAPE_MISMATCH', message, { details: { where } });
  }
  const [expected, got] = [theirs.get(name) ?? 'none', mine.get(name) ?? 'none'].map(shorten);
  const help = remedy ?? (/^(layout|size)/.test(name) ? REMEDY.layout : REMEDY.options);
  return new FedkitError(
    'SHAPE_MISMATCH',
    `${where}: ${shorten(name)}: expected ${expected} as ${named} has it, got ${got}: ${help}`,
    { details: { where, term: name, expected, got } },
  );
}

const shorten = (value: string): string => (value.length <= 200 ? value : `${value.slice(0, 199)}…`);
