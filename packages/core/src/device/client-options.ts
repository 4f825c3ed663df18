/**
 * What a client's options must be before it is one.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { checkBytes, checkInteger, checkOptions, type OptionNames, refuse } from '../check.ts';
import { checkClientId } from '../client-id.ts';
import { checkSameModel } from '../pipeline/model.ts';
import type { PlainData } from '../plain-data.ts';
import type { FederatedClientOptions } from './contract.ts';

const OPTIONS: OptionNames<FederatedClientOptions<PlainData, PlainData, Update>> = {
  id: true,
  pipeline: true,
  trainer: true,
  local: true,
  exchange: true,
  store: true,
  singleInstance: true,
  maximumModelBytes: true,
  rng: true,
  clock: true,
  onProgress: true,
  signal: true,
};

/** @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE`, `SHAPE_MISMATCH` by the option's name. */
export function checkClientOptions<B extends PlainData, C extends PlainData, U extends Update>(
  where: string,
  options: FederatedClientOptions<B, C, U>,
): void {
  if ('layout' in options)
    refuse('INVALID_ARGUMENT', `${where}: layout`, 'none here: the pipeline has it, on both sides', 'one');
  checkOptions(where, options, OPTIONS);
  const { id, pipeline, trainer } = options;
  checkClientId(`${where}: id`, id);
  if (typeof trainer?.train !== 'function') refuse('INVALID_ARGUMENT', `${where}: trainer`, 'a trainer', trainer);
  if (typeof options.store?.put !== 'function') refuse('INVALID_ARGUMENT', `${where}: store`, 'a store', options.store);
  for (const name of ['local', 'exchange'] as const) {
    if (typeof options[name] !== 'function')
      refuse('INVALID_ARGUMENT', `${where}: ${name}`, 'a function', options[name]);
  }
  if (typeof pipeline?.client !== 'function') refuse('INVALID_ARGUMENT', `${where}: pipeline`, 'a pipeline', pipeline);
  checkBytes(`${where}: pipeline.digest`, pipeline.digest, 32);
  checkSameModel(`${where}: trainer`, trainer.layout, pipeline);
  checkInteger(`${where}: maximumModelBytes`, options.maximumModelBytes ?? 1, 1);
}
