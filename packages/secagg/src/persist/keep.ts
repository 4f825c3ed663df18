/**
 * Saving a client's state so that no second instance of it goes on from the same one.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import type { ClientPersist, ClientSwap, SecureProgress } from '@fedkit/core/secure';
import { refuse } from '@fedkit/core/internal';
import type { CryptoProvider } from '../crypto/provider.ts';

/** Where a client's state is kept, and that nobody else goes on from it. */
export interface Keeping {
  readonly persist: ClientPersist | ClientSwap;
  readonly singleInstance?: boolean;
}

/** Below so many bytes a digest is there before a call that answers later would have been made. */
const LONG_BYTES = 16_384;

/** Keeps sealed states, one after the other. */
export class StateKeeper {
  readonly #provider: CryptoProvider;
  readonly #persist: ClientPersist | ClientSwap;
  #digest: Uint8Array | undefined;

  /** @throws FedkitError `INVALID_ARGUMENT` for no way to persist, or one that swaps nothing without `singleInstance`. */
  constructor(provider: CryptoProvider, { persist, singleInstance }: Keeping) {
    const swaps = typeof (persist as ClientSwap | undefined)?.compareAndSwap === 'function';
    if (!swaps && typeof persist !== 'function') {
      refuse('INVALID_ARGUMENT', 'SecAggClient: persist', 'a function, or an object with compareAndSwap', persist);
    }
    if (!swaps && singleInstance !== true) {
      refuse(
        'INVALID_ARGUMENT',
        'SecAggClient: singleInstance',
        'true, or a persist with compareAndSwap: two instances of one state give the input away',
        singleInstance,
      );
    }
    this.#provider = provider;
    this.#persist = persist;
  }

  /** Notes what was kept before this instance began. */
  restored(sealed: Uint8Array): void {
    this.#digest = this.#provider.sha256(sealed);
  }

  /** @throws FedkitError `PROTOCOL_STATE` where another instance has saved since; what `persist` throws passes. */
  async keep(sealed: Uint8Array, progress: SecureProgress): Promise<void> {
    const later = sealed.length < LONG_BYTES ? undefined : this.#provider.sha256Later;
    const digest = later === undefined ? this.#provider.sha256(sealed) : await later(sealed);
    const previous = this.#digest?.slice();
    if (typeof this.#persist === 'function') await this.#persist(sealed, previous, progress);
    else if (!(await this.#persist.compareAndSwap(sealed, previous, progress))) {
      throw new FedkitError(
        'PROTOCOL_STATE',
        'SecAggClient: expected the only instance of its state, got one that another has saved',
      );
    }
    this.#digest = digest;
  }
}
