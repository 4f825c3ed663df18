/**
 * The node's own answers: training and evaluation.
 *
 * @module
 */
import { checkInteger, checkVector, refuse } from '@fedkit/core/internal';
import type { ArrayRecord, FlowerRecords, Values } from '../array/records.ts';
import type { CompleteOptions, FlowerTask } from './contract.ts';
import { moveArrays, placeArrays } from './place-arrays.ts';

/** Flower's setting of FedProx: μ. */
const PROXIMAL = 'proximal-mu';
/** Flower's setting of clipping on the client: the L2 norm that an update may have. */
const CLIPPING_NORM = 'clipping_norm';

/** The one array record of a message. @throws FedkitError `SHAPE_MISMATCH` for none or several. */
function arraysOf(records: FlowerRecords): { readonly name: string; readonly record: ArrayRecord } {
  const found = Object.entries(records).filter((entry): entry is [string, ArrayRecord] => entry[1].kind === 'arrays');
  if (found.length !== 1) refuse('SHAPE_MISMATCH', 'flowerNode', 'one array record in a message', found.length);
  return { name: found[0][0], record: found[0][1] };
}

/** Trains, and answers with the arrays and metrics that Flower's strategies average. */
export async function answerTrain(
  records: FlowerRecords,
  task: FlowerTask,
  options: CompleteOptions,
): Promise<FlowerRecords> {
  const { trainer, layout, rng, signal, names, onProgress, unchanged } = options;
  const { name, record } = arraysOf(records);
  if (CLIPPING_NORM in task.config) {
    // Flower's mods do it on the client. A node that does not clip would break the promise that the strategy makes.
    refuse('PROTOCOL_STATE', 'flowerNode: train', 'no clipping on the client', CLIPPING_NORM);
  }
  const mu = task.config[PROXIMAL];
  const proximal = typeof mu === 'bigint' ? Number(mu) : mu;
  if (proximal !== undefined && typeof proximal !== 'number')
    refuse('INVALID_ARGUMENT', `flowerNode: ${PROXIMAL}`, 'a number', proximal);
  const start = placeArrays(record, layout);
  const { values, ...local } = await trainer.train(start, proximal === undefined ? {} : { proximal }, {
    rng,
    ...options.local(task),
    ...(signal && { signal }),
  });
  checkVector('flowerNode: update', values, layout.size);
  checkInteger('flowerNode: examples', local.examples, 1);
  for (const value of values)
    if (!Number.isFinite(value)) refuse('OUT_OF_RANGE', 'flowerNode: update', 'finite numbers', value);
  const moved = await moveArrays(record, layout, values);
  if (moved === record && unchanged === 'error') {
    refuse('PROTOCOL_STATE', 'flowerNode: train', 'an update, since Flower cannot clip none', 'an unchanged model');
  }
  onProgress({ kind: 'trained', task, local });
  const metrics = options.trainMetrics?.(local, task) ?? { train_loss: local.lossAtStart ?? Number.NaN };
  return {
    [names.arrays ?? name]: moved,
    ...metricRecord(metrics, local.examples, options),
  };
}

/** Evaluates. */
export async function answerEvaluate(
  records: FlowerRecords,
  task: FlowerTask,
  options: CompleteOptions,
): Promise<FlowerRecords> {
  const { evaluate, layout } = options;
  if (evaluate === undefined)
    return refuse('PROTOCOL_STATE', 'flowerNode: evaluate', 'a node that evaluates', 'one that does not');
  const { examples, metrics } = await evaluate(placeArrays(arraysOf(records).record, layout), task);
  checkInteger('flowerNode: evaluate: examples', examples, 1);
  return metricRecord(metrics, examples, options);
}

function metricRecord(metrics: Values, examples: number, { names }: CompleteOptions): FlowerRecords {
  const { metrics: name = 'metrics', examples: weight = 'num-examples' } = names;
  return { [name]: { kind: 'metrics', values: { ...metrics, [weight]: BigInt(examples) } } };
}
