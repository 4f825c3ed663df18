/**
 * An encoder and one client's pairs of query and passage, as a trainer that every algorithm of the house takes.
 *
 * @module
 */
import type { LocalResult, Trainer } from '@fedkit/core';
import { applyObjective, checkObjective, checkTrainOptions, localBatches } from '@fedkit/core/extend';
import {
  checkOptions,
  type OptionNames,
  checkAborted,
  checkFinite,
  checkInteger,
  checkNumber,
  checkPositive,
  checkVector,
  refuse,
  turn,
} from '@fedkit/core/internal';
import type { AdaptedEncoder } from '../encoder/adapted.ts';
import { checkText, unit } from '../encoder/pooled.ts';
import type { EncoderSession } from '../encoder/session.ts';
import { checkGoesWith, Descent } from '../train/descent.ts';
import { type LocalOptimizer, sgd } from '../train/optimizer.ts';
import { centroidNegatives, hardNegatives, type HardNegativeOptions } from './hard-negatives.ts';
import { tokenOverlap, tokenSet } from './near-duplicates.ts';
import { contrastiveStep, vectorsOf } from './step.ts';

/** A query and the passage that answers it, as tokens with the tokenizer's own first and last. */
export interface RetrievalPair {
  readonly query: ArrayLike<number>;
  readonly passage: ArrayLike<number>;
}

/** How a client trains an encoder. */
export interface ContrastiveTrainerOptions {
  /** Default: SGD with the momentum of `TrainOptions`. */
  readonly optimizer?: LocalOptimizer;
  /** Of cosines, > 0; default 20. */
  readonly scale?: number;
  /**
   * Passages that share at least this part of their tokens with a query's own are no negatives of it, in (0, 1]; default 0.8.
   */
  readonly nearDuplicate?: number;
  /** Negatives from the own passages, found anew by the model that every training starts from; default: none. */
  readonly hardNegatives?: HardNegativeOptions;
  /** Negatives from the federation: see `federatedKMeans`. */
  readonly centroids?: { readonly vectors: readonly Float32Array[]; readonly count: number };
  /** Tokens that go through on the way back at a time; bounds the memory. Default 2,048. */
  readonly tokensAtATime?: number;
  /** Told after every local step, with the mean loss of its batch in front of it. Awaited. */
  readonly onStep?: (progress: { readonly step: number; readonly loss: number }) => unknown;
}

/** Numbers of pairs whose passages are more negatives of a query, and vectors that are. */
interface Mined {
  readonly own: readonly (readonly number[])[];
  readonly still: readonly (readonly Float32Array[])[] | undefined;
}

/**
 * Trains `model` on pairs: every query against its own passage, the other passages of the batch, and hard negatives. `batchSize`
 * counts pairs; a batch of one without hard negatives teaches nothing. The client's weight is the number of its pairs.
 *
 * All texts of a batch go through once for the loss, and again portion by portion for the way back (Gao et al. 2021,
 * https://arxiv.org/abs/2101.06983), so that memory does not grow with the batch.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for no pair or an empty text, `OUT_OF_RANGE` for tokens the encoder does not have and for
 * options out of range, `SHAPE_MISMATCH` for centroids of another width.
 */
export function contrastiveTrainer(
  model: AdaptedEncoder,
  pairs: readonly RetrievalPair[],
  options: ContrastiveTrainerOptions = {},
): Trainer {
  checkOptions('contrastiveTrainer', options, {
    optimizer: true,
    scale: true,
    nearDuplicate: true,
    hardNegatives: true,
    centroids: true,
    tokensAtATime: true,
    onStep: true,
  } satisfies OptionNames<typeof options>);
  const where = 'contrastiveTrainer';
  const { optimizer = sgd(), hardNegatives: hard, centroids } = options;
  const { shape } = model.encoder;
  const size = model.layout.size;
  if (!Array.isArray(pairs) || pairs.length === 0) refuse('INVALID_ARGUMENT', `${where}: pairs`, 'at least one', pairs);
  for (const { query, passage } of pairs) for (const text of [query, passage]) checkText(where, text, shape);
  const scale = checkPositive(`${where}: scale`, options.scale ?? 20);
  const duplicate = checkNumber(`${where}: nearDuplicate`, options.nearDuplicate ?? 0.8, 0, 1);
  const tokens = checkInteger(`${where}: tokensAtATime`, options.tokensAtATime ?? 2048, 1);
  if (hard) {
    checkInteger(`${where}: hardNegatives.count`, hard.count, 1, pairs.length);
    checkNumber(`${where}: hardNegatives.below`, hard.below ?? 0.95, 0, 1);
  }
  if (centroids) {
    checkInteger(`${where}: centroids.count`, centroids.count, 1, centroids.vectors.length);
    for (const vector of centroids.vectors) checkVector(`${where}: centroids`, vector, shape.width);
  }
  const sets = pairs.map(({ passage }) => tokenSet(passage));
  const alike = (i: number, j: number) => i === j || tokenOverlap(sets[i], sets[j]) >= duplicate;

  const mine = (session: EncoderSession): Mined => {
    if (!hard && !centroids) return { own: [], still: undefined };
    const [queries, passages] = (['query', 'passage'] as const).map((of) =>
      vectorsOf(
        session,
        pairs.map((pair) => pair[of]),
        tokens,
      ).map(unit),
    );
    return {
      own: hard ? hardNegatives(queries, passages, alike, hard) : [],
      still: centroids && centroidNegatives(queries, passages, centroids.vectors, centroids.count),
    };
  };

  /** Mean loss of a batch; its gradient lies in the session, where there is a way back. */
  const step = (session: EncoderSession, part: Uint32Array, { own, still }: Mined, back = true): number => {
    const rows = Array.from(part);
    const inBatch = new Set(rows);
    // Every passage stands in a batch once.
    const more = [...new Set(rows.flatMap((row) => own[row] ?? []))].filter((row) => !inBatch.has(row));
    const passages = [...rows, ...more];
    const batch = {
      queries: rows.map((row) => pairs[row].query),
      passages: passages.map((row) => pairs[row].passage),
      ...(still && { still: rows.map((row) => still[row]) }),
      masked: (i: number, j: number) => alike(rows[i], passages[j]),
      scale,
    };
    return contrastiveStep(session, batch, tokens, back);
  };

  const everything = Uint32Array.from({ length: pairs.length }, (_, i) => i);
  return {
    layout: model.layout,
    async train(start, objective, how): Promise<LocalResult> {
      checkFinite('train: start', checkVector('train: start', start, size));
      checkObjective('train', objective, size);
      checkTrainOptions('train', how);
      checkGoesWith(optimizer, objective, how);
      checkAborted('train', how.signal);
      const session = model.session(start, true);
      try {
        const mined = mine(session);
        const lossAtStart = how.lossAtStart === true ? step(session, everything, mined, false) : undefined;
        const descent = new Descent(optimizer, how, size, 0);
        let accumulated = 0;
        for (const part of localBatches(everything, how)) {
          await turn();
          checkAborted('train', how.signal);
          const loss = step(session, part, mined);
          if (!Number.isFinite(loss)) {
            refuse('OUT_OF_RANGE', `train: loss at local step ${descent.steps + 1}`, 'a finite number', loss);
          }
          applyObjective(session.gradient(), session.params(), start, objective);
          accumulated += descent.step(session, objective.trainable?.spans);
          await options.onStep?.({ step: descent.steps, loss });
        }
        const values = session.params().map((value, i) => value - start[i]);
        checkFinite('train: update', values);
        return {
          values,
          steps: descent.steps,
          examples: pairs.length,
          ...(lossAtStart !== undefined && { lossAtStart }),
          ...(optimizer.kind === 'adamW' && { normalizer: accumulated }),
        };
      } finally {
        session.end();
      }
    },
    async gradient(at) {
      checkFinite('gradient: at', checkVector('gradient: at', at, size));
      const session = model.session(at, true);
      try {
        step(session, everything, mine(session));
        return checkFinite('gradient', session.gradient().slice());
      } finally {
        session.end();
      }
    },
  };
}
