/**
 * The matrix of what accountants support, which they obey, the documentation prints and the tests walk through.
 *
 * @module
 */
import { DISCRETE_GAUSSIAN_ROWS, SAMPLED_DISCRETE_GAUSSIAN_ROWS } from './event/kinds/discrete-gaussian.ts';
import { DISCRETE_LAPLACE_ROW, SAMPLED_DISCRETE_LAPLACE_ROW } from './event/kinds/discrete-laplace.ts';
import { DISTRIBUTED_ROW, SAMPLED_DISTRIBUTED_ROW } from './event/kinds/distributed-discrete-gaussian.ts';
import { EPSILON_DELTA_ROW, SAMPLED_EPSILON_DELTA_ROW } from './event/kinds/epsilon-delta.ts';
import { EXPONENTIAL_ROW } from './event/kinds/exponential.ts';
import { GAUSSIAN_ROW, SAMPLED_GAUSSIAN_ROW } from './event/kinds/gaussian.ts';
import { LAPLACE_ROW, SAMPLED_LAPLACE_ROW } from './event/kinds/laplace.ts';
import { MIXTURE_ROW } from './event/kinds/mixture-of-gaussians.ts';
import { RANDOMIZED_RESPONSE_ROW } from './event/kinds/randomized-response.ts';
import { WITHOUT_REPLACEMENT_ROW } from './event/kinds/sampled-without-replacement.ts';
import { SAMPLED_SKELLAM_ROW, SKELLAM_ROW } from './event/kinds/skellam.ts';
import { TREE_ROW } from './event/kinds/tree-aggregation.ts';
import { TRUNCATED_ROW } from './event/kinds/truncated-poisson-sampled.ts';
import { SAMPLED_ZCDP_ROW, ZCDP_ROW } from './event/kinds/zcdp.ts';
import type { SupportRow } from './support.ts';

/** Every event that some accountant takes. Compositions are taken wherever all of their parts are. */
export const supportMatrix: readonly SupportRow[] = [
  GAUSSIAN_ROW,
  LAPLACE_ROW,
  DISCRETE_GAUSSIAN_ROWS.scalar,
  DISCRETE_GAUSSIAN_ROWS.wide,
  DISCRETE_GAUSSIAN_ROWS.narrow,
  DISTRIBUTED_ROW,
  DISCRETE_LAPLACE_ROW,
  SKELLAM_ROW,
  RANDOMIZED_RESPONSE_ROW,
  EXPONENTIAL_ROW,
  ZCDP_ROW,
  EPSILON_DELTA_ROW,
  MIXTURE_ROW,
  SAMPLED_GAUSSIAN_ROW,
  SAMPLED_LAPLACE_ROW,
  SAMPLED_DISCRETE_GAUSSIAN_ROWS.scalar,
  SAMPLED_DISCRETE_GAUSSIAN_ROWS.wide,
  SAMPLED_DISCRETE_GAUSSIAN_ROWS.narrow,
  SAMPLED_DISTRIBUTED_ROW,
  SAMPLED_DISCRETE_LAPLACE_ROW,
  SAMPLED_SKELLAM_ROW,
  SAMPLED_ZCDP_ROW,
  SAMPLED_EPSILON_DELTA_ROW,
  TRUNCATED_ROW,
  WITHOUT_REPLACEMENT_ROW,
  TREE_ROW,
];
