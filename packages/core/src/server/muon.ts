/**
 * Muon on the server: momentum whose matrices are made orthogonal before the step.
 *
 * Keller Jordan, Yuchen Jin, Vlado Boza, Jiacheng You, Franz Cesista, Laker Newhouse, Jeremy Bernstein, "Muon: An optimizer for hidden
 * layers in neural networks", 2024, https://kellerjordan.github.io/posts/muon/; the factor for matrices that are not square: Jingyuan
 * Liu et al., "Muon is Scalable for LLM Training", 2025, §2.2, https://arxiv.org/abs/2502.16982.
 *
 *     M ← β·M + Δ;   U = Δ + β·M (Nesterov) or M;   O = NewtonSchulz₅(U);   X ← X + η_g·0.2·√max(rows, columns)·O
 *     NewtonSchulz₅   X ← U/‖U‖_F, then five times A = X·Xᵀ, X ← a·X + (b·A + c·A²)·X
 *                     a = 3.4445, b = −4.775, c = 2.0315
 *
 * Each of the five maps a singular value s to a·s + b·s³ + c·s⁵, which brings those above 0.003 or so to 0.7 … 1.2: all directions of
 * an update count alike, not only those that most clients share. On matrices alone: biases, and whatever `matrices` leaves out, take
 * the heavy ball's step. Computed in float64 with + − × ÷ and √ alone: the same bits on every engine.
 *
 * @module
 */
import { checkNumber, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import { checkFinite } from '../finite.ts';
import { Layout, type TensorSpec } from '../model/layout.ts';
import type { ServerOptimizer } from './contract.ts';
import { checkMomentum } from './sgd.ts';
import { checkStep } from './step.ts';

const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;

/** Options of {@link serverMuon}. */
export interface ServerMuonOptions {
  /** Which tensor is which; those of two dimensions are matrices. */
  readonly layout: Layout;
  /** η_g of matrices, finite and > 0: the root mean square of a step's entries is about a fifth of it. */
  readonly learningRate: number;
  /** β in [0, 1); default 0.95. */
  readonly momentum?: number;
  /** Default true. */
  readonly nesterov?: boolean;
  /** η_g of everything else; default 1, federated averaging with this momentum. */
  readonly otherLearningRate?: number;
  /** Which matrices; default: all. The first and last layers are often left out. */
  readonly matrices?: (tensor: TensorSpec) => boolean;
}

/** M, shape [d]. */
export type ServerMuonState = { readonly momentum: Float32Array };

/**
 * Muon as the server's step. Newton and Schulz cost 10·m·n·min(m, n) multiplications a matrix of m × n.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range; in a step `SHAPE_MISMATCH` for another model.
 */
export function serverMuon(options: ServerMuonOptions): ServerOptimizer<ServerMuonState> {
  checkOptions('serverMuon', options, {
    layout: true,
    learningRate: true,
    momentum: true,
    nesterov: true,
    otherLearningRate: true,
    matrices: true,
  } satisfies OptionNames<ServerMuonOptions>);
  const { layout, nesterov = true, matrices = () => true } = options;
  if (!(layout instanceof Layout)) refuse('INVALID_ARGUMENT', 'serverMuon: layout', 'a Layout', layout);
  const rate = checkPositive('serverMuon: learningRate', options.learningRate);
  const other = checkNumber('serverMuon: otherLearningRate', options.otherLearningRate ?? 1, 0);
  const beta = checkMomentum('serverMuon: momentum', options.momentum ?? 0.95);
  return {
    kind: 'serverMuon',
    init: (size) => ({ momentum: new Float32Array(size) }),
    step(state, params, delta) {
      checkStep('serverMuon.step', params, delta, { momentum: state.momentum });
      if (params.length !== layout.size)
        refuse(
          'SHAPE_MISMATCH',
          'serverMuon.step: params',
          `${layout.size} parameters, those of the layout`,
          params.length,
        );
      const momentum = delta.map((value, i) => beta * state.momentum[i] + value);
      const towards = Float64Array.from(delta, (value, i) => (nesterov ? value + beta * momentum[i] : momentum[i]));
      const next = params.map((value, i) => value + other * towards[i]);
      for (const tensor of layout.tensors) {
        const { shape, offset, size } = tensor;
        if (shape.length !== 2 || size === 0 || !matrices(tensor)) continue;
        const [rows, columns] = shape;
        const step = orthogonalized(towards.subarray(offset, offset + size), rows, columns);
        const scale = rate * 0.2 * Math.sqrt(Math.max(rows, columns));
        for (let i = 0; i < size; i++) next[offset + i] = params[offset + i] + scale * step[i];
      }
      return { state: { momentum }, params: checkFinite('serverMuon.step: params', next) };
    },
  };
}

/** The matrix with its singular values brought near 1, row-major, shape [rows · columns]; of zeros it is zero. */
export function orthogonalized(matrix: Float64Array, rows: number, columns: number): Float64Array {
  let norm = 0;
  for (const value of matrix) norm += value * value;
  if (norm === 0) return matrix.slice();
  norm = Math.sqrt(norm);
  // The smaller side first, so that X·Xᵀ is the smaller of the two products.
  const wide = rows <= columns;
  const [m, n] = wide ? [rows, columns] : [columns, rows];
  let x = wide ? matrix.map((value) => value / norm) : transposed(matrix, rows, columns).map((value) => value / norm);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const gram = timesTransposed(x, x, m, m, n);
    const square = timesTransposed(gram, gram, m, m, m);
    const polynomial = gram.map((value, i) => B * value + C * square[i]);
    const product = timesTransposed(polynomial, transposed(x, m, n), m, n, m);
    x = x.map((value, i) => A * value + product[i]);
  }
  return wide ? x : transposed(x, m, n);
}

function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j];
  return out;
}

/** a·bᵀ for a of m × k and b of n × k: both are read along their rows. */
function timesTransposed(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let c = 0; c < k; c++) sum += a[i * k + c] * b[j * k + c];
      out[i * n + j] = sum;
    }
  }
  return out;
}
