/**
 * Named tensors on one flat vector.
 *
 * @module
 */
import { checkInteger, checkVector, refuse } from '../check.ts';
import { sha256Hex } from '../sha256-hex.ts';
import { checkTensorName, MAX_TENSORS, MAX_VALUES } from './limits.ts';
import { Selection } from './selection.ts';

/** One named tensor: row-major, `shape` of integers ≥ 0; `[]` is a scalar of one value. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** What becomes of it in a federation; default `optimized`. Others need `withRoles`, see {@link TensorRole}. */
  readonly role?: TensorRole;
  /** Of a variance, the name of its mean: both averaged, they are pooled, and the variance is held at 0 or more. */
  readonly varianceOf?: string;
}

/**
 * What becomes of a tensor in a federation.
 *
 * | role | local training | sent up | on the server |
 * | --- | --- | --- | --- |
 * | `optimized` | trained | as the algorithm has it | a step of the algorithm and its server optimizer |
 * | `averaged` | as the trainer has it | its change | the weighted mean, and nothing else: moving statistics |
 * | `largest` | as the trainer has it | itself | the largest of all: counters |
 * | `local` | trained | never | as it began; clients keep their own, as in FedBN |
 * | `frozen` | never | never | as it began |
 */
export type TensorRole = 'optimized' | 'averaged' | 'largest' | 'local' | 'frozen';

const ROLES: readonly string[] = ['optimized', 'averaged', 'largest', 'local', 'frozen'];

/** A tensor in its place: values `offset` … `offset + size − 1` of the flat vector. */
export interface PlacedTensor extends TensorSpec {
  readonly offset: number;
  readonly size: number;
}

/**
 * Which part of a flat `Float32Array` is which tensor. A model anywhere in the SDK is such a vector plus its layout;
 * the order of tensors is the order they were given in. Immutable.
 */
export class Layout {
  readonly tensors: readonly PlacedTensor[];
  /** Values in all tensors together: the length of the flat vector. */
  readonly size: number;
  readonly #byName: ReadonlyMap<string, PlacedTensor>;
  #digest: string | undefined;

  private constructor(tensors: readonly PlacedTensor[], size: number) {
    this.tensors = tensors;
    this.size = size;
    this.#byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  }

  /**
   * Places `tensors` one behind the other, without gaps.
   *
   * @throws FedkitError `INVALID_ARGUMENT` for an overlong, ill-formed or repeated name; `OUT_OF_RANGE` for a dimension that
   * is not an integer ≥ 0, for more than 65,536 tensors or 2^31 − 1 values.
   */
  static of(tensors: readonly TensorSpec[]): Layout {
    if (!Array.isArray(tensors)) refuse('INVALID_ARGUMENT', 'Layout.of', 'an array of { name, shape }', tensors);
    checkInteger('Layout.of: number of tensors', tensors.length, 0, MAX_TENSORS);
    const names = new Set<string>();
    const placed: PlacedTensor[] = [];
    let offset = 0;
    for (const { name, shape, role, varianceOf } of tensors) {
      checkTensorName('Layout.of', name);
      if (names.has(name)) refuse('INVALID_ARGUMENT', 'Layout.of: name', 'names that differ', name);
      names.add(name);
      if (!Array.isArray(shape))
        refuse('INVALID_ARGUMENT', `Layout.of: shape of ${name}`, 'an array of integers', shape);
      let size = 1;
      for (const dimension of shape) {
        checkInteger(`Layout.of: shape of ${name}`, dimension, 0, MAX_VALUES);
        size = checkInteger(`Layout.of: size of ${name}`, size * dimension, 0, MAX_VALUES);
      }
      if (role !== undefined && !ROLES.includes(role)) {
        refuse('INVALID_ARGUMENT', `Layout.of: role of ${name}`, `one of ${ROLES.join(', ')}`, role);
      }
      const roles = { ...(role !== undefined && { role }), ...(varianceOf !== undefined && { varianceOf }) };
      placed.push(Object.freeze({ name, shape: Object.freeze([...shape]), offset, size, ...roles }));
      offset = checkInteger('Layout.of: size', offset + size, 0, MAX_VALUES);
    }
    return new Layout(Object.freeze(placed), offset);
  }

  /**
   * The tensor called `name`.
   *
   * @throws FedkitError `INVALID_ARGUMENT` if the layout has none.
   */
  tensor(name: string): PlacedTensor {
    const tensor = this.#byName.get(name);
    if (!tensor) refuse('INVALID_ARGUMENT', 'layout.tensor', 'the name of a tensor in this layout', name);
    return tensor;
  }

  /** True if the layout has a tensor called `name`. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /**
   * The values of one tensor as a view: no copy, writes go through to `values`.
   *
   * @param values - Flat vector, shape [size].
   * @throws FedkitError `SHAPE_MISMATCH` if `values` has another length, `INVALID_ARGUMENT` for an unknown name.
   */
  view(values: Float32Array, name: string): Float32Array {
    checkVector('layout.view: values', values, this.size);
    const { offset, size } = this.tensor(name);
    return values.subarray(offset, offset + size);
  }

  /** The part of the vector whose tensors pass `filter`: what is trained, sent, or kept local in partial federation. */
  select(filter: (tensor: PlacedTensor) => boolean): Selection {
    return new Selection(this, this.tensors.filter(filter));
  }

  /**
   * SHA-256, in hexadecimal, over names and shapes in their order. Two layouts have one digest exactly if their vectors
   * are interchangeable, whatever the roles; whoever exchanges updates compares it first.
   */
  digest(): string {
    if (this.#digest === undefined) {
      const canonical = JSON.stringify(this.tensors.map(({ name, shape }) => [name, shape]));
      this.#digest = sha256Hex(`fedkit layout 1\n${canonical}`);
    }
    return this.#digest;
  }

  /**
   * The same tensors in other roles.
   *
   * @param roleOf - By tensor: a role alone, or with the mean that a variance belongs to; `undefined` keeps what it had.
   * @throws FedkitError as {@link Layout.of}.
   */
  withRoles(
    roleOf: (tensor: PlacedTensor) => TensorRole | Pick<TensorSpec, 'role' | 'varianceOf'> | undefined,
  ): Layout {
    return Layout.of(
      this.tensors.map((tensor) => {
        const given = roleOf(tensor);
        return { ...tensor, ...(typeof given === 'string' ? { role: given } : given) };
      }),
    );
  }

  /** True if vectors of both layouts are interchangeable. */
  equals(other: Layout): boolean {
    return this === other || (this.size === other.size && this.digest() === other.digest());
  }
}
