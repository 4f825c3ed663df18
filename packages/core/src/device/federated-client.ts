/**
 * The device's side of a federation: joins, downloads, trains, reports, remembers across crashes what it must, and has the
 * published model for its application.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import type { ClientHalf } from '../pipeline/contract.ts';
import type { PlainData } from '../plain-data.ts';
import { stateOwner } from '../protocol/broadcast.ts';
import type { Response } from '../protocol/message.ts';
import { checkClientOptions } from './client-options.ts';
import type { ClientRecord, ExchangingWork } from './client-record.ts';
import type { DeviceModel, FederatedClient, FederatedClientOptions, ModelRequest } from './contract.ts';
import { Device, type DeviceParts } from './device.ts';
import { DeviceModels } from './device-models.ts';
import { decodeRecord, encodeRecord } from './client-record-format.ts';
import { openPlace, recordKey } from './record-place.ts';
import type { NextStep } from './progress.ts';
import { surroundingsOf } from './surroundings.ts';

const WHERE = 'federatedClient';

/**
 * A client that can lose its network or its process at any point. On the next start with the same store it goes on: what
 * it had downloaded is there, an update is trained once for a ticket and leaves with the same bytes however often it is
 * sent, masked inputs are never masked again, and what it remembers from round to round (control variates, residuals)
 * moves if and only if the server has counted the update that belongs to it.
 *
 * A process that dies between the end of a training and the store's `put` trains again; nothing of the first had left it.
 *
 * @throws FedkitError `SHAPE_MISMATCH` where layout, trainer and pipeline are of different models, `INVALID_ARGUMENT`,
 * `OUT_OF_RANGE`; what `pipeline.client()` refuses.
 */
export function federatedClient<B extends PlainData, C extends PlainData, U extends Update>(
  options: FederatedClientOptions<B, C, U>,
): FederatedClient<C> {
  checkClientOptions(WHERE, options);
  return new DeviceWithModels(options, options.pipeline.client());
}

/** A device, and the published models for its application. */
class DeviceWithModels<B extends PlainData, C extends PlainData, U extends Update>
  extends Device<B, C, U>
  implements FederatedClient<C>
{
  readonly #models: DeviceModels;

  constructor(options: FederatedClientOptions<B, C, U>, half: ClientHalf<U>) {
    const surroundings = surroundingsOf(WHERE, options);
    super(options, { half, surroundings, ...recordsOf(options, half) });
    this.#models = new DeviceModels(options, stateOwner(options.pipeline), surroundings, () => this.state());
  }

  model(options?: ModelRequest & { readonly from?: 'server' }): Promise<DeviceModel>;
  model(options: ModelRequest): Promise<DeviceModel | undefined>;
  model(options: ModelRequest = {}): Promise<DeviceModel | undefined> {
    return this.#models.model(options);
  }
}

/** Where the record is, and who answers a secure sum from it. */
function recordsOf<B extends PlainData, C extends PlainData, U extends Update>(
  { store, id, pipeline, singleInstance }: FederatedClientOptions<B, C, U>,
  half: ClientHalf<U>,
): Pick<DeviceParts<B, U>, 'place' | 'exchange'> {
  if (half.sends === 'report') return { place: openPlace(WHERE, store, id) };
  return half.keeping<ClientRecord, ExchangingWork, Response, NextStep>({
    store,
    key: recordKey(id),
    singleInstance,
    pipeline: pipeline.digest,
    sealer: half.sealer,
    encode: encodeRecord,
    decode: (bytes, format) => decodeRecord(`${WHERE}: record`, bytes, format),
    // The record is what is swapped: one with another's in its place throws.
    enter: ({ task, sealed }, persist) =>
      half.enter(task, { client: id, persist, singleInstance: true, ...(sealed && { saved: sealed }) }),
  });
}
