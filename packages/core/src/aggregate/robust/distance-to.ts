/**
 * The distance of an update from a point.
 *
 * @module
 */

/** ‖x − z‖, in float64. */
export function distanceTo(x: Float32Array, z: Float64Array | Float32Array): number {
  let sum = 0;
  for (let c = 0; c < x.length; c++) sum += (x[c] - z[c]) * (x[c] - z[c]);
  return Math.sqrt(sum);
}
