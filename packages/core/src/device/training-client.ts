/**
 * The part of `federatedClient` that trains and reports: for bundlers that shake no tree.
 *
 * @module
 */
export type { TrainingClient, TrainingClientOptions } from './contract.ts';
import type { Update } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import type { PlainData } from '../plain-data.ts';
import { checkClientOptions } from './client-options.ts';
import type { TrainingClient, TrainingClientOptions } from './contract.ts';
import { Device } from './device.ts';
import { openPlace } from './record-place.ts';
import { surroundingsOf } from './surroundings.ts';

/**
 * A `federatedClient` that takes part in rounds and does nothing else: it has no `model()`, and is of
 * pipelines whose updates travel as one report, such as `plainUpdatesClient`. An app that React Native's Metro bundles
 * grows by a tenth less. Both keep the same records: an app may change from one to the other.
 *
 * @throws FedkitError As `federatedClient`; `INVALID_ARGUMENT` for a pipeline under secure aggregation.
 */
export function trainingClient<B extends PlainData, C extends PlainData, U extends Update>(
  options: TrainingClientOptions<B, C, U>,
): TrainingClient<C> {
  const where = 'trainingClient';
  checkClientOptions(where, options);
  const { id, store, pipeline } = options;
  const half = pipeline.client();
  if (half.sends !== 'report') {
    const expected = 'one whose updates travel as one report; federatedClient takes part in secure sums';
    refuse('INVALID_ARGUMENT', `${where}: pipeline`, expected, 'one under secure aggregation');
  }
  return new Device(options, {
    half,
    surroundings: surroundingsOf(where, options),
    place: openPlace(where, store, id),
  });
}
