/**
 * A federation of MNIST digits in which some clients are Byzantine.
 *
 * @module
 */
import {
  type AggregationContext,
  type Aggregator,
  type Examples,
  fedAvg,
  plainTrainer,
  seededRng,
  softmaxRegression,
  type Trainer,
} from '@fedkit/core';
import { type Attack, flipLabels, iidPartition, shardPartition } from '@fedkit/core/simulation';

export const CLASSES = 10;
/** Digits a client holds: one half drawn from all, the other of two labels, so that honest clients differ. */
const DIGITS_EACH = 100;
const ROOT_DIGITS = 100;

/** What a Byzantine client does: send a forged update, or train honestly on flipped labels. */
export type Behaviour = Attack | 'label-flip' | 'honest';

export interface Federation {
  readonly honest: readonly Trainer[];
  /** The same clients with labels flipped. */
  readonly flipped: readonly Trainer[];
  /** What FLTrust's server holds: digits that no client has. */
  readonly root: Trainer;
  readonly model: ReturnType<typeof softmaxRegression>;
  readonly test: Examples;
}

/** Splits digits among `clients`; the same for the same seed. */
export function federation(train: Examples, test: Examples, clients: number, seed: string): Federation {
  const rng = seededRng(seed);
  const half = (clients * DIGITS_EACH) / 2;
  const own = iidPartition(half, { clients }, rng.fork('iid'));
  const labels = train.labels.subarray(half, 2 * half);
  const skewed = shardPartition(labels, { clients, shardsPerClient: 2 }, rng.fork('shards'));
  const model = softmaxRegression({ inputs: train.inputs.length / train.labels.length, classes: CLASSES });
  const rowsOf = (i: number) => Uint32Array.of(...own[i], ...skewed[i].map((row) => row + half));
  const wrong = flipLabels(train, CLASSES);
  const trainers = (examples: Examples) => own.map((_, i) => plainTrainer(model, { ...examples, rows: rowsOf(i) }));
  const root = Uint32Array.from({ length: ROOT_DIGITS }, (_, i) => 2 * half + i);
  return {
    honest: trainers(train),
    flipped: trainers(wrong),
    root: plainTrainer(model, { ...train, rows: root }),
    model,
    test,
  };
}

/** A rule, and the reference it wants: nothing, the previous aggregate, or the server's own update. */
export interface RuleUnderTest {
  readonly aggregator: Aggregator<unknown, Float32Array>;
  readonly reference?: 'previous' | 'root';
}

/** Local training of every client: one pass in batches of 10. */
const LOCAL = { epochs: 1, batchSize: 10, learningRate: 0.1 };

/**
 * Trains for `rounds`; the first `byzantine` clients, whose ids win ties, behave as told.
 *
 * @returns Test accuracy after every round.
 */
export async function train(
  world: Federation,
  rule: RuleUnderTest,
  behaviour: Behaviour,
  byzantine: number,
  rounds: number,
  seed: string,
): Promise<number[]> {
  const algorithm = fedAvg();
  const { aggregator, reference } = rule;
  const rng = seededRng(seed);
  const size = world.model.layout.size;
  const accuracies: number[] = [];
  let state = algorithm.init(world.model.init(rng.fork('model')));
  let previous = new Float32Array(size);
  for (let round = 1; round <= rounds; round++) {
    const broadcast = algorithm.broadcast(state);
    const update = async (trainer: Trainer, name: string): Promise<Float32Array> => {
      const options = { ...LOCAL, rng: rng.fork(name, round) };
      return (await algorithm.clientRound({ broadcast, trainer, options })).contribution.values.update;
    };
    const updates: Float32Array[] = [];
    const first = behaviour === 'honest' ? 0 : byzantine;
    for (let i = first; i < world.honest.length; i++) updates.push(await update(world.honest[i], `client ${i}`));
    const forged: Float32Array[] = [];
    for (let i = 0; i < first; i++) {
      forged.push(
        behaviour === 'label-flip'
          ? await update(world.flipped[i], `client ${i}`)
          : (behaviour as Attack).forge(updates, rng.fork(`client ${i}`, round)),
      );
    }
    const context: AggregationContext =
      reference === 'root'
        ? { reference: await update(world.root, 'root') }
        : reference === 'previous' && round > 1
          ? { reference: previous }
          : {};
    const accumulator = aggregator.create(context);
    [...forged, ...updates].forEach((values, i) => {
      aggregator.accumulate(accumulator, { client: `${i}`.padStart(4, '0'), values });
    });
    previous = new Float32Array(aggregator.finalize(accumulator));
    aggregator.dispose(accumulator);
    const info = { round, cohort: world.honest.length, population: world.honest.length };
    state = algorithm.serverStep(state, { update: previous }, info);
    accuracies.push(world.model.evaluate(algorithm.params(state), world.test).accuracy);
  }
  return accuracies;
}
