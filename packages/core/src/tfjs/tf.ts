/**
 * What this adapter needs of TensorFlow.js: types only, so that the caller's copy is the only one.
 *
 * @module
 */
import type * as core from '@tensorflow/tfjs-core';

/** TensorFlow.js's scalar. */
export type Scalar = core.Scalar;
/** TensorFlow.js's tensor. */
export type Tensor = core.Tensor;
/** TensorFlow.js's variable. */
export type Variable = core.Variable;

/** The caller's `tf`: `@tensorflow/tfjs-core` or the umbrella `@tensorflow/tfjs`, with a backend that is ready. */
export type Tf = Pick<
  typeof core,
  | 'add'
  | 'dispose'
  | 'gather'
  | 'getBackend'
  | 'keep'
  | 'mul'
  | 'scalar'
  | 'sub'
  | 'tensor'
  | 'tensor1d'
  | 'tidy'
  | 'variableGrads'
  | 'zerosLike'
>;
