/**
 * DP-FTRL by tree aggregation with Honaker's estimator, on integers. Kairouz et al., "Practical and Private (Deep) Learning without
 * Sampling or Shuffling", ICML 2021, arXiv 2103.00039; Honaker, "Efficient Use of Differentially Private Binary Trees", 2015.
 *
 * Rounds are the leaves of a binary tree; every node that is complete releases its exact integer sum plus exact discrete Gaussian
 * noise, once. The estimate of a node weighs its own release (variance 1) against the sum of its children's estimates by their
 * variances: c_ℓ = 2c/(2c+1) for c = c_(ℓ−1), c_0 = 1, which falls to 1/2. A prefix sum adds at most log2(t)+1 estimates.
 *
 * Proof. A client that takes part in one round of a tree is in one leaf, hence in at most ⌊log2 n⌋ + 1 nodes, each of which it moves by
 * integers of squared norm at most squaredBound: the tree-aggregation event, whose Rényi bound holds for discrete noise too
 * (Canonne, Kamath and Steinke 2020, Proposition 5). Estimates are functions of the released nodes alone: post-processing.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { checkOptions, type OptionNames, checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { checkExact } from '../mechanism/grid.ts';
import { checkOpen, type PrivateSum, type SumBuilder, sumBuilder, type SumOptions } from '../mechanism/private-sum.ts';
import { discreteGaussianSampler } from '../sampler/discrete-gaussian.ts';

/** What a tree is made of. */
export interface TreeAggregationOptions extends SumOptions {
  /** σ > 0: standard deviation of each node's noise, in the unit of the values. */
  readonly noiseStd: number;
  /** The most rounds of one tree. */
  readonly steps: number;
  /** A client's rounds: one in all, or one in each tree, so that restarting lets it come back, at its price. */
  readonly participation: 'once' | 'once-per-tree';
}

/** A complete node whose sibling is not yet complete. */
export interface TreeNode {
  readonly level: number;
  /** Exact integer sum; secret. */
  readonly sum: Float64Array;
  /** Honaker's estimate of it; public. */
  readonly estimate: Float64Array;
}

/** Plain data; the sums in it are secret. */
export interface TreeState {
  /** Rounds of each tree, the current one last. */
  readonly steps: readonly number[];
  /** Complete nodes of the current tree, larger ones first. */
  readonly nodes: readonly TreeNode[];
  /** The estimated total of earlier trees; public. */
  readonly earlier: Float64Array;
}

/** Releases prefix sums round by round. */
export interface TreeAggregationMechanism extends SumBuilder {
  readonly granularity: number;
  /** What everything released from `state` cost, over all trees. Charge trees of `steps` rounds before they begin. */
  event(state: TreeState): DpEvent;
  /** What one more tree of the planned length will cost on top, to be charged before it begins. */
  readonly treeEvent: DpEvent;
  init(): TreeState;
  /** Begins a new tree: clients that took part may take part again under `once-per-tree`. */
  restart(state: TreeState): TreeState;
  /**
   * Adds a round and releases the noised sum of all rounds so far, over `expectedWeight`. Nothing of `state` may be used again.
   *
   * @throws FedkitError `BUDGET_EXHAUSTED` if the tree is full: restart it. `PROTOCOL_STATE` for a sum released before.
   */
  release(state: TreeState, sum: PrivateSum, rng: SecureRng): { state: TreeState; prefixSum: Float32Array };
}

/**
 * Tree aggregation.
 *
 * The caller guarantees `participation`; sampling and amplification play no part in the claim.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, `OVERFLOW` if sums could leave the exact integers.
 * @complexity O(d) a round, amortized; 16·d·(log2 steps + 2) bytes.
 */
export function treeAggregationMechanism(options: TreeAggregationOptions): TreeAggregationMechanism {
  checkOptions('treeAggregationMechanism', options, {
    noiseStd: true,
    steps: true,
    participation: true,
    size: true,
    clip: true,
    granularity: true,
    maxWeight: true,
    expectedWeight: true,
    maximumContributions: true,
  } satisfies OptionNames<typeof options>);
  const where = 'treeAggregationMechanism';
  const most = checkInteger(`${where}: steps`, options.steps, 1, 2 ** 30);
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const { participation } = options;
  if (participation !== 'once' && participation !== 'once-per-tree') {
    refuse('INVALID_ARGUMENT', `${where}: participation`, "'once' or 'once-per-tree'", participation);
  }
  const { grid, maximumContributions, toValues, ...builder } = sumBuilder(where, options, noiseStd);
  const variance = Math.ceil((noiseStd / grid.granularity) ** 2);
  const recordNorm = Math.sqrt(grid.squaredBound);
  checkExact(where, most * maximumContributions * recordNorm + 64 * Math.sqrt(variance));
  const sampler = discreteGaussianSampler({ variance });
  const treeOf = (steps: readonly number[]) =>
    event.treeAggregation({ noiseStd: Math.sqrt(variance), recordNorm, steps });

  /** The parent of two complete siblings: its own noise, then Honaker's weights. */
  function join(left: TreeNode, right: TreeNode, rng: SecureRng): TreeNode {
    const sum = left.sum.map((value, i) => value + right.sum[i]);
    const estimate = sum.slice();
    sampler.addTo(estimate, rng);
    const children = 2 * estimateVariance(left.level);
    for (let i = 0; i < estimate.length; i++) {
      estimate[i] = (children * estimate[i] + left.estimate[i] + right.estimate[i]) / (children + 1);
    }
    return { level: left.level + 1, sum, estimate };
  }

  return {
    ...builder,
    granularity: grid.granularity,
    treeEvent: treeOf([most]),
    event(state) {
      const released = state.steps.filter((steps) => steps > 0);
      if (released.length === 0) refuse('INVALID_ARGUMENT', `${where}.event: state`, 'at least one released round', 0);
      if (participation === 'once') return treeOf(released);
      return event.composed(released.map((steps) => treeOf([steps])));
    },
    init: () => ({ steps: [0], nodes: [], earlier: new Float64Array(grid.size) }),
    restart: (state) => ({ steps: [...state.steps, 0], nodes: [], earlier: total(state, grid.size) }),
    release(state, sum, rng) {
      checkOpen(`${where}.release`, sum, grid.size);
      const done = state.steps[state.steps.length - 1];
      if (done >= most)
        refuse('BUDGET_EXHAUSTED', `${where}.release`, `at most ${most} rounds before a restart`, done + 1);
      sum.released = true;
      const exact = sum.values.slice();
      sum.values.fill(0);
      const noised = exact.slice();
      sampler.addTo(noised, rng);
      const nodes = [...state.nodes];
      let node: TreeNode = { level: 0, sum: exact, estimate: noised };
      while (nodes.length > 0 && nodes[nodes.length - 1].level === node.level) {
        node = join(nodes.pop() as TreeNode, node, rng);
      }
      nodes.push(node);
      const next = { ...state, steps: [...state.steps.slice(0, -1), done + 1], nodes };
      return { state: next, prefixSum: toValues(total(next, grid.size), 1) };
    },
  };
}

/** The variance of Honaker's estimate at a level, in units of one node's noise: 1, 2/3, 4/7, … to 1/2. */
export function estimateVariance(level: number): number {
  return 1 / (2 - 2 ** -level);
}

function total(state: TreeState, size: number): Float64Array {
  const sum = state.earlier.slice();
  for (const { estimate } of state.nodes) for (let i = 0; i < size; i++) sum[i] += estimate[i];
  return sum;
}
