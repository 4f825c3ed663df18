/**
 * Results of robust rules that other projects published in their tests, or that their code gave when it was run.
 *
 * @module
 */

/** One rule applied once. Clients are numbered in the order of `updates`; compare with an absolute `tolerance`. */
export interface RobustVector {
  readonly id: string;
  /** The rule, as fedkit calls it. */
  readonly rule: string;
  readonly options: Readonly<Record<string, number | string>>;
  readonly updates: readonly (readonly number[])[];
  /** Default 1 each. */
  readonly weights?: readonly number[];
  /** The start of iterative rules. */
  readonly reference?: readonly number[];
  readonly expected: readonly number[];
  readonly tolerance: number;
  /** Repository, commit, file, test. `normBounded`: the mean over clients is ours, the clipped updates theirs. */
  readonly source: string;
}

/** Published and executed results, one rule and one input each. */
export const robustVectors: readonly RobustVector[] = [
  {
    id: 'flower/median-scalar',
    rule: 'coordinateMedian',
    options: {},
    updates: [[1.0], [3.0], [2.0]],
    expected: [2.0],
    tolerance: 1e-6,
    source:
      'adap/flower@fdef7afb1d framework/py/flwr/serverapp/strategy/fedmedian_test.py, test_aggregate_fit_with_scalar_weights',
  },
  {
    id: 'flower/median',
    rule: 'coordinateMedian',
    options: {},
    updates: [
      [1.0, 0.2, 0.5, 1.0],
      [0.2, 0.5, 1.0, 0.2],
      [0.5, 1.0, 0.2, 0.5],
    ],
    expected: [0.5, 0.5, 0.5, 0.5],
    tolerance: 1e-6,
    source: 'adap/flower@fdef7afb1d framework/py/flwr/serverapp/strategy/fedmedian_test.py, test_aggregate_fit',
  },
  {
    id: 'byzfl/trmean',
    rule: 'trimmedMean',
    options: { trim: 0.3333333333333333 },
    updates: [
      [1.0, 2.0, 3.0],
      [4.0, 5.0, 6.0],
      [7.0, 8.0, 9.0],
    ],
    expected: [4.0, 5.0, 6.0],
    tolerance: 1e-6,
    source: 'LPD-EPFL/byzfl tests/unit_test_aggregators.py, TestTrMean',
  },
  {
    id: 'flower/trimmed-mean',
    rule: 'trimmedMean',
    options: { trim: 0.25 },
    updates: [
      [0.5, 0.5, 0.5, 0.5],
      [1.0, 0.2, 0.5, 1.0],
      [0.2, 0.5, 1.0, 0.2],
      [0.5, 1.0, 0.2, 0.5],
    ],
    expected: [0.5, 0.5, 0.5, 0.5],
    tolerance: 1e-6,
    source: 'adap/flower@fdef7afb1d framework/py/flwr/serverapp/strategy/fedtrimmedavg_test.py, test_aggregate_fit',
  },
  {
    id: 'flower-exec/aggregate_trimmed_avg_0.2',
    rule: 'trimmedMean',
    options: { trim: 0.2 },
    updates: [
      [1.0, 2.0, -1.0, 0.5],
      [1.1, 1.9, -0.9, 0.4],
      [0.9, 2.2, -1.2, 0.6],
      [1.3, 1.7, -0.8, 0.55],
      [0.8, 2.1, -1.1, 0.45],
      [10.0, -10.0, 10.0, -10.0],
      [-20.0, 30.0, 5.0, 7.0],
    ],
    expected: [1.02, 1.9800000000000004, 0.24000000000000005, 0.5],
    tolerance: 1e-6,
    source: 'adap/flower@fdef7afb1d framework/py/flwr/server/strategy/aggregate.py, executed 7x4 input',
  },
  {
    id: 'flower-exec/aggregate_trimmed_avg_0.3',
    rule: 'trimmedMean',
    options: { trim: 0.3 },
    updates: [
      [1.0, 2.0, -1.0, 0.5],
      [1.1, 1.9, -0.9, 0.4],
      [0.9, 2.2, -1.2, 0.6],
      [1.3, 1.7, -0.8, 0.55],
      [0.8, 2.1, -1.1, 0.45],
      [10.0, -10.0, 10.0, -10.0],
      [-20.0, 30.0, 5.0, 7.0],
    ],
    expected: [1.0, 2.0, -0.9, 0.5],
    tolerance: 1e-6,
    source: 'adap/flower@fdef7afb1d framework/py/flwr/server/strategy/aggregate.py, executed 7x4 input',
  },
  {
    id: 'byzfl-exec/krum_f2_byzfl(n-f-1 neighbours)',
    rule: 'krum',
    options: { byzantine: 2, neighbours: 'n-f-1' },
    updates: [
      [1.0, 2.0, -1.0, 0.5],
      [1.1, 1.9, -0.9, 0.4],
      [0.9, 2.2, -1.2, 0.6],
      [1.3, 1.7, -0.8, 0.55],
      [0.8, 2.1, -1.1, 0.45],
      [10.0, -10.0, 10.0, -10.0],
      [-20.0, 30.0, 5.0, 7.0],
    ],
    expected: [1.0, 2.0, -1.0, 0.5],
    tolerance: 1e-6,
    source: 'LPD-EPFL/byzfl byzfl/aggregators/*.py, executed 7x4 input, last two rows Byzantine',
  },
  {
    id: 'flower/bulyan-f0',
    rule: 'bulyan',
    options: { byzantine: 0 },
    updates: [
      [0.2, 0.2, 0.2, 0.2],
      [0.5, 0.5, 0.5, 0.5],
      [0.7, 0.7, 0.7, 0.7],
      [12.0, 12.0, 12.0, 12.0],
      [0.1, 0.1, 0.1, 0.1],
      [0.1, 0.1, 0.1, 0.1],
    ],
    expected: [2.2666666507720947, 2.2666666507720947, 2.2666666507720947, 2.2666666507720947],
    tolerance: 1e-6,
    source: 'adap/flower@fdef7afb1d framework/py/flwr/server/strategy/bulyan_test.py, test_aggregate_fit',
  },
  {
    id: 'byzfl/meamed',
    rule: 'meanAroundMedian',
    options: { byzantine: 1 },
    updates: [
      [1.0, 2.0, 3.0],
      [4.0, 5.0, 6.0],
      [7.0, 8.0, 9.0],
    ],
    expected: [2.5, 3.5, 4.5],
    tolerance: 1e-5,
    source: 'LPD-EPFL/byzfl tests/unit_test_aggregators.py, TestMeamed',
  },
  {
    id: 'byzfl-exec/meamed_f2',
    rule: 'meanAroundMedian',
    options: { byzantine: 2 },
    updates: [
      [1.0, 2.0, -1.0, 0.5],
      [1.1, 1.9, -0.9, 0.4],
      [0.9, 2.2, -1.2, 0.6],
      [1.3, 1.7, -0.8, 0.55],
      [0.8, 2.1, -1.1, 0.45],
      [10.0, -10.0, 10.0, -10.0],
      [-20.0, 30.0, 5.0, 7.0],
    ],
    expected: [1.02, 1.9799999999999998, -1.0, 0.5],
    tolerance: 1e-6,
    source: 'LPD-EPFL/byzfl byzfl/aggregators/*.py, executed 7x4 input, last two rows Byzantine',
  },
  {
    id: 'byzfl/geomed',
    rule: 'geometricMedian',
    options: { smoothing: 0.1, iterations: 3 },
    updates: [
      [1.0, 2.0, 3.0],
      [4.0, 5.0, 6.0],
      [7.0, 8.0, 9.0],
    ],
    reference: [0, 0, 0],
    expected: [3.78788764, 4.78788764, 5.78788764],
    tolerance: 1e-5,
    source: 'LPD-EPFL/byzfl tests/unit_test_aggregators.py, TestGeometricMedian',
  },
  {
    id: 'byzfl-exec/geomed_nu0.1_T3',
    rule: 'geometricMedian',
    options: { smoothing: 0.1, iterations: 3 },
    updates: [
      [1.0, 2.0, -1.0, 0.5],
      [1.1, 1.9, -0.9, 0.4],
      [0.9, 2.2, -1.2, 0.6],
      [1.3, 1.7, -0.8, 0.55],
      [0.8, 2.1, -1.1, 0.45],
      [10.0, -10.0, 10.0, -10.0],
      [-20.0, 30.0, 5.0, 7.0],
    ],
    reference: [0, 0, 0, 0],
    expected: [1.0126573529386844, 1.9862362613042353, -0.9601275154427511, 0.46737608372456374],
    tolerance: 1e-6,
    source: 'LPD-EPFL/byzfl byzfl/aggregators/*.py, executed 7x4 input, last two rows Byzantine',
  },
  {
    id: 'byzfl/cclip',
    rule: 'centeredClipping',
    options: { radius: 100, iterations: 1 },
    updates: [
      [1.0, 2.0, 3.0],
      [4.0, 5.0, 6.0],
      [7.0, 8.0, 9.0],
    ],
    reference: [0, 0, 0],
    expected: [4.0, 5.0, 6.0],
    tolerance: 1e-6,
    source: 'LPD-EPFL/byzfl tests/unit_test_aggregators.py, TestCenteredClipping',
  },
  {
    id: 'byzfl-exec/cclip_m0_L1_tau1',
    rule: 'centeredClipping',
    options: { radius: 1, iterations: 1 },
    updates: [
      [1.0, 2.0, -1.0, 0.5],
      [1.1, 1.9, -0.9, 0.4],
      [0.9, 2.2, -1.2, 0.6],
      [1.3, 1.7, -0.8, 0.55],
      [0.8, 2.1, -1.1, 0.45],
      [10.0, -10.0, 10.0, -10.0],
      [-20.0, 30.0, 5.0, 7.0],
    ],
    reference: [0, 0, 0, 0],
    expected: [0.2878870215993273, 0.6077776081210053, -0.1931307443763299, 0.097994342791581],
    tolerance: 1e-6,
    source: 'LPD-EPFL/byzfl byzfl/aggregators/*.py, executed 7x4 input, last two rows Byzantine',
  },
  {
    id: 'byzfl-exec/cclip_m0_L1_tau100',
    rule: 'centeredClipping',
    options: { radius: 100, iterations: 1 },
    updates: [
      [1.0, 2.0, -1.0, 0.5],
      [1.1, 1.9, -0.9, 0.4],
      [0.9, 2.2, -1.2, 0.6],
      [1.3, 1.7, -0.8, 0.55],
      [0.8, 2.1, -1.1, 0.45],
      [10.0, -10.0, 10.0, -10.0],
      [-20.0, 30.0, 5.0, 7.0],
    ],
    reference: [0, 0, 0, 0],
    expected: [-0.7000000000000001, 4.271428571428571, 1.4285714285714286, -0.07142857142857142],
    tolerance: 1e-6,
    source: 'LPD-EPFL/byzfl byzfl/aggregators/*.py, executed 7x4 input, last two rows Byzantine',
  },
  {
    id: 'tff/clip-mean',
    rule: 'normBounded',
    options: { maxNorm: 2 },
    updates: [[1.0], [3.0], [5.0]],
    weights: [1.0, 2.0, 1.0],
    expected: [1.75],
    tolerance: 1e-6,
    source:
      'google-parfait/tensorflow-federated@63f73da486 tensorflow_federated/python/aggregators/robust_test.py, test_fixed_clip_mean',
  },
  {
    id: 'byzfl/clipping',
    rule: 'normBounded',
    options: { maxNorm: 2 },
    updates: [
      [1.0, 2.0, 3.0],
      [4.0, 5.0, 6.0],
      [7.0, 8.0, 9.0],
    ],
    expected: [0.8171161699999999, 1.1191279266666667, 1.4211396866666668],
    tolerance: 1e-5,
    source: 'LPD-EPFL/byzfl tests/unit_test_preaggregators.py, TestClipping',
  },
  {
    id: 'byzfl-exec/clipping_c2',
    rule: 'normBounded',
    options: { maxNorm: 2 },
    updates: [
      [1.0, 2.0, -1.0, 0.5],
      [1.1, 1.9, -0.9, 0.4],
      [0.9, 2.2, -1.2, 0.6],
      [1.3, 1.7, -0.8, 0.55],
      [0.8, 2.1, -1.1, 0.45],
      [10.0, -10.0, 10.0, -10.0],
      [-20.0, 30.0, 5.0, 7.0],
    ],
    expected: [0.5757740431986546, 1.2155552162420107, -0.3862614887526598, 0.195988685583162],
    tolerance: 1e-6,
    source: 'LPD-EPFL/byzfl byzfl/aggregators/*.py, executed 7x4 input, last two rows Byzantine',
  },
];
