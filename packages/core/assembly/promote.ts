/** Two float32, `offset` bytes behind x, as float64. */
// @ts-ignore: decorator
@inline
export function promote(x: usize, offset: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(x + offset));
}
