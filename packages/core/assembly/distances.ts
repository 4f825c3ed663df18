// Inner products and squared distances of float32 rows in float64.

const TILE: usize = 256;
const TILE_STRIDE: usize = 8 * TILE + 16;

// @ts-ignore: decorator
@inline
function addTo(out: usize, sum: v128): void {
  v128.store(out, f64x2.add(v128.load(out), sum));
}

/**
 * out[i][j] += ⟨row i, row j⟩ for j ≥ 4⌊i/4⌋, as two sums over even and odd columns, for n rows of `width` floats that are
 * `stride` bytes apart. n is a multiple of 4, `width` of TILE; `tiles` is scratch for n rows.
 */
export function gram(rows: usize, stride: usize, n: usize, width: usize, tiles: usize, out: usize): void {
  const rowsEnd = rows + 4 * width;
  const outStride = 16 * n;
  const tilesEnd = tiles + n * TILE_STRIDE;
  for (; rows < rowsEnd; rows += 4 * TILE) {
    let from = rows;
    for (let tile = tiles; tile < tilesEnd; tile += TILE_STRIDE) {
      for (let column: usize = 0; column < 4 * TILE; column += 8) {
        v128.store(tile + 2 * column, f64x2.promote_low_f32x4(v128.load64_zero(from + column)));
      }
      from += stride;
    }
    for (let row: usize = 0; row < n; row += 2) {
      const first = row & ~3;
      const i = tiles + row * TILE_STRIDE;
      let cell = out + row * outStride + 16 * first;
      for (let j = tiles + first * TILE_STRIDE; j < tilesEnd; j += 4 * TILE_STRIDE) {
        let p = i;
        let q = j;
        const stop = p + 8 * TILE;
        let s00 = f64x2.splat(0), s01 = s00, s02 = s00, s03 = s00;
        let s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        while (p < stop) {
          const a = v128.load(p);
          const b = v128.load(p, TILE_STRIDE);
          let c = v128.load(q);
          s00 = f64x2.add(s00, f64x2.mul(a, c));
          s10 = f64x2.add(s10, f64x2.mul(b, c));
          c = v128.load(q, TILE_STRIDE);
          s01 = f64x2.add(s01, f64x2.mul(a, c));
          s11 = f64x2.add(s11, f64x2.mul(b, c));
          c = v128.load(q, 2 * TILE_STRIDE);
          s02 = f64x2.add(s02, f64x2.mul(a, c));
          s12 = f64x2.add(s12, f64x2.mul(b, c));
          c = v128.load(q, 3 * TILE_STRIDE);
          s03 = f64x2.add(s03, f64x2.mul(a, c));
          s13 = f64x2.add(s13, f64x2.mul(b, c));
          p += 16;
          q += 16;
        }
        addTo(cell, s00);
        addTo(cell + 16, s01);
        addTo(cell + 32, s02);
        addTo(cell + 48, s03);
        const below = cell + outStride;
        addTo(below, s10);
        addTo(below + 16, s11);
        addTo(below + 32, s12);
        addTo(below + 48, s13);
        cell += 64;
      }
    }
  }
}

/** ‖p − q‖² over `width` floats, a multiple of 4: sums over columns 0, 1, 2, 3 modulo 4 as (s0 + s2) + (s1 + s3). */
export function squaredDistance(p: usize, q: usize, width: usize): f64 {
  const stop = p + 4 * width;
  let low = f64x2.splat(0);
  let high = low;
  while (p < stop) {
    let d = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(p)), f64x2.promote_low_f32x4(v128.load64_zero(q)));
    low = f64x2.add(low, f64x2.mul(d, d));
    d = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(p, 8)), f64x2.promote_low_f32x4(v128.load64_zero(q, 8)));
    high = f64x2.add(high, f64x2.mul(d, d));
    p += 16;
    q += 16;
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}
