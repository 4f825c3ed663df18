/**
 * An algorithm's client half whose training is done elsewhere: what it asks of a trainer, and what it makes of the answer.
 *
 * @module
 */
import type { Algorithm, Contribution, LocalObjective, LocalResult, PlainData, Trainer, Update } from '@fedkit/core';
import { seededRng } from '@fedkit/core';
import { refuse } from '@fedkit/core/internal';

/** What an algorithm asks a Flower node to do. */
export interface Plan {
  /** Where it trains from, shape [d]. */
  readonly start: Float32Array;
  /** μ of FedProx, 0 without. */
  readonly proximal: number;
}

// Never looked at: how a node trains is its ClientApp's affair.
const OPTIONS = { steps: 1, batchSize: 'all', learningRate: 1 } as const;

class Asked extends Error {}

/**
 * What the algorithm asks for a broadcast.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for what no ClientApp can be asked: a gradient alone, or corrections other than
 * FedProx's.
 */
export async function planOf<B extends PlainData, C extends PlainData, U extends Update>(
  algorithm: Pick<Algorithm<PlainData, B, C, U, PlainData>, 'kind' | 'clientRound'>,
  broadcast: B,
): Promise<Plan> {
  let plan: Plan | undefined;
  const trainer: Trainer = {
    async train(start, objective) {
      plan = { start, proximal: proximalOf(algorithm.kind, objective) };
      throw new Asked();
    },
    gradient: async () => no(algorithm.kind, 'a gradient'),
  };
  try {
    await algorithm.clientRound({ broadcast, trainer, options: { ...OPTIONS, rng: seededRng(0) } });
  } catch (error) {
    if (!(error instanceof Asked)) throw error;
  }
  return plan ?? no(algorithm.kind, 'no training');
}

/** The contribution of a node that trained so. */
export async function contributionOf<B extends PlainData, C extends PlainData, U extends Update>(
  algorithm: Pick<Algorithm<PlainData, B, C, U, PlainData>, 'kind' | 'clientRound'>,
  broadcast: B,
  result: LocalResult,
): Promise<{ readonly contribution: Contribution<U>; readonly state: C }> {
  const trainer: Trainer = { train: async () => result, gradient: async () => no(algorithm.kind, 'a gradient') };
  return algorithm.clientRound({ broadcast, trainer, options: { ...OPTIONS, rng: seededRng(0) } });
}

/**
 * Whether Flower nodes can serve an algorithm at all, found out by asking it.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by name.
 */
export async function checkAlgorithm<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(algorithm: Algorithm<S, B, C, U, R>, size: number): Promise<void> {
  const broadcast = algorithm.broadcast(algorithm.init(new Float32Array(size)));
  const { start } = await planOf(algorithm, broadcast);
  if (start.length !== size) no(algorithm.kind, 'a part of the model');
  const values = new Float32Array(size);
  const { state } = await contributionOf(algorithm, broadcast, { values, steps: 1, examples: 1 });
  if (Object.keys(state as object).length > 0) no(algorithm.kind, 'a state on the client');
}

function proximalOf(kind: string, objective: LocalObjective): number {
  const { proximal = 0, anchor, scale, shift, trainable } = objective;
  if (typeof proximal !== 'number' || (anchor ?? scale ?? shift ?? trainable) !== undefined) no(kind, 'a correction');
  return proximal;
}

function no(kind: string, needs: string): never {
  return refuse(
    'INVALID_ARGUMENT',
    'flowerFleet: pipeline.algorithm',
    'FedAvg or one like it',
    `${kind}, which needs ${needs}`,
  );
}
