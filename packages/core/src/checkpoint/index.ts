/**
 * Checkpoints as others write them: sharded safetensors, NumPy arrays, TensorFlow.js weights.
 *
 * @module
 */
export { decodeNpy, type DecodeNpyOptions, encodeNpy, type EncodeNpyOptions, type NpyArray } from './npy.ts';
export { decodeShardedSafetensors } from './sharded-safetensors.ts';
export { decodeTfjsWeights, encodeTfjsWeights, type TfjsWeight, type TfjsWeightGroup } from './tfjs-weights.ts';
export { withoutWrapperPrefixes } from './wrapper-prefixes.ts';
