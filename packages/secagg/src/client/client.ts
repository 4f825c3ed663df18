/**
 * A client of secure aggregation on the fastest cryptography of its engine.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import { defaultProvider } from '../crypto/default-provider.ts';
import type { SecAggClientOptions } from './options.ts';
import { RoundClient } from './round-client.ts';
import { signing } from './signing.ts';

export type { SecAggClientOptions } from './options.ts';

const OPTIONS: OptionNames<SecAggClientOptions> = {
  id: true,
  config: true,
  policy: true,
  persist: true,
  singleInstance: true,
  sealingKey: true,
  identity: true,
  directory: true,
  ledger: true,
  rng: true,
  provider: true,
};

/**
 * One client in one round.
 *
 * `start()` gives the first message; `receive()` takes each message of the server and gives the next. The same request
 * gets the same bytes again; another request of a kind already answered is refused, after {@link SecAggClient.restore}
 * too. A refused message changes nothing. Secrets are drawn fresh for the round and erased as soon as the protocol
 * allows; none is in an error, in `toString` or in JSON.
 *
 * The guarantee, where the policy's assumptions hold: the server learns one sum that this input is in, over at least the
 * policy's `minimumClients` inputs, and nothing else of it; on rings but for 2^−σ. See docs/threat-model.md for the proof and
 * for what that leaves open.
 */
export class SecAggClient extends RoundClient {
  /** @throws FedkitError of `checkPolicy` for a round this client refuses, before anything secret exists. */
  constructor(options: SecAggClientOptions) {
    checkOptions('SecAggClient', options, OPTIONS);
    super({ ...options, provider: options.provider ?? defaultProvider(), signing });
  }

  /**
   * A client that goes on from what `persist` last saved. The input is not part of it: one whose masked input was not
   * yet sent takes `setInput` again.
   *
   * @throws FedkitError `AUTHENTICATION_FAILED` for another key, client, round or configuration.
   */
  static restore(options: SecAggClientOptions & { readonly sealedState: Uint8Array }): SecAggClient {
    const { sealedState, ...rest } = options;
    return RoundClient.resumed(new SecAggClient(rest), sealedState);
  }
}
