// The kernels of one thread, from the other modules.

@external('env', 'gemm')
export declare function gemm(
  a: usize, lda: i32, ta: bool, b: usize, ldb: i32, tb: bool, c: usize, ldc: i32,
  m: i32, n: i32, k: i32, alpha: f32, add: bool, scratch: usize,
): void;
@external('env', 'pack')
export declare function pack(a: usize, lda: i32, ta: bool, m: i32, k: i32, to: usize): void;
@external('env', 'gemmPacked')
export declare function gemmPacked(
  packed: usize, columns: usize, b: usize, ldb: i32, tb: bool, c: usize, ldc: i32,
  m: i32, n: i32, k: i32, alpha: f32, add: bool,
): void;
@external('env', 'expand')
export declare function expand(kind: i32, from: usize, stride: usize, rows: i32, k: i32, to: usize): void;
@external('env', 'gemvQuantized')
export declare function gemvQuantized(
  kind: i32, x: usize, w: usize, y: usize, n: i32, k: i32, add: bool, scratch: usize,
): void;
@external('env', 'gelu')
export declare function gelu(x: usize, y: usize, count: i32): void;
@external('env', 'geluBackward')
export declare function geluBackward(x: usize, dy: usize, count: i32): void;
@external('env', 'geluErf')
export declare function geluErf(x: usize, y: usize, count: i32): void;
@external('env', 'geluErfBackward')
export declare function geluErfBackward(x: usize, dy: usize, count: i32): void;
@external('env', 'swiglu')
export declare function swiglu(gate: usize, up: usize, y: usize, count: i32): void;
@external('env', 'swigluBackward')
export declare function swigluBackward(gate: usize, up: usize, dy: usize, dgate: usize, dup: usize, count: i32): void;
@external('env', 'adamW')
export declare function adamW(
  p: usize, g: usize, m: usize, v: usize, count: i32,
  beta1: f32, beta2: f32, epsilon: f32, keep: f32, rate: f32, widen: f32,
): void;
@external('env', 'softmax')
export declare function softmax(x: usize, rows: i32, columns: i32, used: i32, more: i32, scratch: usize): void;
@external('env', 'softmaxBackward')
export declare function softmaxBackward(p: usize, dp: usize, rows: i32, columns: i32): void;
@external('env', 'crossEntropy')
export declare function crossEntropy(
  x: usize, targets: usize, rows: i32, columns: i32, weight: f32, totals: usize,
): void;
@external('env', 'rotate')
export declare function rotate(
  x: usize, rows: i32, heads: i32, width: i32, table: usize, first: i32, period: i32, interleaved: bool, back: bool,
): void;
