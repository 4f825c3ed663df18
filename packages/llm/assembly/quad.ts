// Four float32 at a time, also at the end of a row whose length is no multiple of four. Every argument that names an array
// is a byte offset into the imported memory; `left` counts the bytes of the row from there on.

/** Four values of a row, `fill` behind its end. */
// @ts-ignore: decorator
@inline
export function quad(from: usize, left: usize, fill: f32): v128 {
  return left >= 16 ? v128.load(from) : partial(from, left, fill);
}

/** Writes those of the four values that lie in the row. */
// @ts-ignore: decorator
@inline
export function put(to: usize, left: usize, values: v128): void {
  if (left >= 16) v128.store(to, values);
  else putPartial(to, left, values);
}

function partial(from: usize, left: usize, fill: f32): v128 {
  let values = f32x4.replace_lane(f32x4.splat(fill), 0, load<f32>(from));
  if (left > 4) values = f32x4.replace_lane(values, 1, load<f32>(from, 4));
  if (left > 8) values = f32x4.replace_lane(values, 2, load<f32>(from, 8));
  return values;
}

function putPartial(to: usize, left: usize, values: v128): void {
  store<f32>(to, f32x4.extract_lane(values, 0));
  if (left > 4) store<f32>(to, f32x4.extract_lane(values, 1), 4);
  if (left > 8) store<f32>(to, f32x4.extract_lane(values, 2), 8);
}

/** (lane 0 + lane 1) + (lane 2 + lane 3) */
export function sumOf(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** The largest lane, NaN if one is. */
export function maximumOf(v: v128): f32 {
  v = f32x4.max(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1));
}
