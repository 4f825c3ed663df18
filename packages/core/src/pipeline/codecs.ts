/**
 * Which codec carries which slot, and what tells two codecs apart.
 *
 * @module
 */
import { refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import { isFedkitError } from '../errors.ts';
import { seededRng } from '../random.ts';
import type { SlotShape } from './slots.ts';

/** What every codec has, and no slot is called: so the compiler says of a codec that does not fit what it lacks. */
interface NoCodec {
  readonly kind?: never;
  readonly linearity?: never;
  readonly encode?: never;
}

/** One codec for all slots, or one for each by name. */
export type CodecBySlot<C> = C | ({ readonly [slot: string]: C } & NoCodec);

/**
 * The codec of each of `slots`.
 *
 * @param beside - Slots that a codec named for all is not for, and the one for them, which may also stand in where others are named.
 * @throws FedkitError `INVALID_ARGUMENT` for a slot without one, or a name without a slot.
 */
export function codecsFor<C extends Codec>(
  where: string,
  codec: CodecBySlot<C>,
  slots: readonly SlotShape[],
  beside?: { readonly names: readonly string[]; readonly codec?: C },
): C[] {
  const isBeside = (name: string): boolean => beside?.names.includes(name) === true;
  if (isCodec(codec)) {
    return slots.map(({ name }) => {
      if (!isBeside(name)) return codec;
      if (beside?.codec) return beside.codec;
      return refuse(
        'INVALID_ARGUMENT',
        `${where}: codec`,
        `a codec for each slot by name: the one of ${name} is no update's`,
        codec.kind,
      );
    });
  }
  if (typeof codec !== 'object' || codec === null) refuse('INVALID_ARGUMENT', `${where}: codec`, 'a codec', codec);
  const unknown = Object.keys(codec).find((name) => slots.every((slot) => slot.name !== name));
  if (unknown !== undefined) {
    refuse('INVALID_ARGUMENT', `${where}: codec`, `slots ${slots.map(({ name }) => name).join(', ')}`, unknown);
  }
  return slots.map(({ name }) => {
    const own: unknown = Object.hasOwn(codec, name) ? codec[name] : isBeside(name) ? beside?.codec : undefined;
    if (!isCodec<C>(own)) refuse('INVALID_ARGUMENT', `${where}: codec.${name}`, 'a codec', own);
    return own;
  });
}

/**
 * What a codec does to one fixed vector of the slot's size, or its kind where it cannot take that: options that change bytes
 * change this.
 */
export function probe(codec: Codec, { name, size }: SlotShape): Uint8Array | string {
  const rng = seededRng('pipeline probe').fork(name);
  const seed = rng.fork('seed').fill(new Uint8Array(32));
  const values = Float32Array.from({ length: size }, () => 2 * rng.uniform() - 1);
  try {
    return codec.encode(values, { sharedSeed: seed, clientSeed: seed, rng: rng.fork('rounding') });
  } catch (error) {
    if (isFedkitError(error)) return codec.kind;
    throw error;
  }
}

function isCodec<C extends Codec>(value: unknown): value is C {
  return typeof (value as Partial<Codec> | undefined)?.encode === 'function';
}
