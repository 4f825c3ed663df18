/**
 * What a trainer gives back, held against its contract.
 *
 * @module
 */
import { checkInteger, checkNumber, checkVector, refuse } from '../check.ts';
import type { LocalResult, Trainer } from '../client/trainer.ts';
import { Fault, NoData } from './fault.ts';

/**
 * The same trainer; a result of another shape is a {@link Fault} by name, and one without examples {@link NoData}. Whether values
 * are finite is left to the algorithm.
 */
export function watchedTrainer(where: string, trainer: Trainer): Trainer {
  return {
    ...(trainer.layout && { layout: trainer.layout }),
    async train(start, objective, options) {
      const size = start.length;
      const result = await trainer.train(start, objective, options);
      Fault.unless(() => checkResult(`${where}: trainer.train`, result, size));
      if (result.examples === 0) {
        throw new NoData('THRESHOLD_NOT_MET', `${where}: trainer: examples: expected local examples, got none`);
      }
      return result;
    },
    async gradient(at) {
      const gradient = await trainer.gradient(at);
      Fault.unless(() => checkVector(`${where}: trainer.gradient: what it resolves with`, gradient, at.length));
      return gradient;
    },
    ...(trainer.batches && { batches: (options) => (trainer.batches as NonNullable<Trainer['batches']>)(options) }),
  };
}

function checkResult(where: string, result: LocalResult, size: number): void {
  if (typeof result !== 'object' || result === null) {
    refuse('INVALID_ARGUMENT', `${where}: what it resolves with`, '{ values, steps, examples }', result);
  }
  checkVector(`${where}: values (trained minus start)`, result.values, size);
  checkInteger(`${where}: steps (local steps taken)`, result.steps, 1);
  checkInteger(`${where}: examples (how many there are: the weight of the update)`, result.examples);
  const { lossAtStart, normalizer } = result;
  if (lossAtStart !== undefined) checkNumberType(`${where}: lossAtStart`, lossAtStart);
  if (normalizer !== undefined) checkNumber(`${where}: normalizer`, normalizer, 0);
}

function checkNumberType(where: string, value: unknown): void {
  if (typeof value !== 'number') refuse('INVALID_ARGUMENT', where, 'a number', value);
}
