/**
 * The rotation by itself, for `distributedDp` of `@fedkit/core`.
 *
 * @module
 */
import type { SeededRotation } from '@fedkit/core/pipeline';
import { checkInteger, checkVector } from '@fedkit/core/internal';
import { MAXIMUM_SIZE } from '../stage/codec.ts';
import { rotate, rotateBack } from './rotated.ts';
import { paddedSize } from './tiles.ts';

/**
 * R = H D₂ H D₁ / n on tiles of at most 2^14 values, as in {@link rotated}: orthonormal, near-Gaussian coordinates whatever the
 * input, at most 63 values of padding, O(d log min(d, 2^14)) time.
 *
 * @throws FedkitError `OUT_OF_RANGE` for magnitudes above 2^100, `SHAPE_MISMATCH` for a rotated vector of another length,
 * `INVALID_ARGUMENT` for a seed that is no bytes.
 */
export const rotation: SeededRotation = {
  paddedSize: (size) => paddedSize(checkInteger('rotation: size', size, 1, MAXIMUM_SIZE)),
  rotate: (values, seed) => rotate(checkVector('rotation.rotate: values', values), seed),
  rotateBack(values, seed, size) {
    checkVector(
      'rotation.rotateBack: values',
      values,
      paddedSize(checkInteger('rotation: size', size, 1, MAXIMUM_SIZE)),
    );
    return rotateBack(values, seed, size);
  },
};
