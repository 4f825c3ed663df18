/**
 * Reads an experiment from a module.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { importModule } from '../import-module.ts';
import type { Experiment, ExperimentDefinition } from './definition.ts';
import { experiment } from './experiment.ts';

/**
 * The default export of `file`: an experiment, its definition, or a function that gives one.
 *
 * @throws FedkitError `INVALID_ARGUMENT` where there is none; what the module throws.
 */
export async function loadExperiment(file: string): Promise<Experiment> {
  const exported = await importModule(file);
  const found = typeof exported === 'function' ? await (exported as () => unknown)() : exported;
  if (typeof found !== 'object' || found === null)
    throw new FedkitError('INVALID_ARGUMENT', `${file}: expected an experiment as default export, got ${typeof found}`);
  // One that `experiment` has checked passes as it is.
  return experiment(found as ExperimentDefinition);
}
