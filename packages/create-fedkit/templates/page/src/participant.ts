// One tab's part. All it must remember is in its store: closed amid a round, it goes on when it is opened again.
import { federatedClient, plainTrainer, secureRng, type Store } from '@fedkit/core';
import { fetchExchange } from '@fedkit/core/transport/fetch/exchange';
import { examplesOf, hex, local, model, nameOf, pipelineOf } from './federation.ts';

export interface ParticipantOptions {
  readonly url: string;
  readonly store: Store;
  readonly signal?: AbortSignal;
  /** Told what the tab is at, such as `joined`, `trained` or `counted`. */
  readonly onProgress?: (kind: string) => void;
}

export async function participant({ url, store, signal, onProgress }: ParticipantOptions) {
  const token = hex(await keptSecret(store, 'token'));
  const id = await nameOf(token);
  return federatedClient({
    id,
    pipeline: pipelineOf(await keptSecret(store, 'sealing key')),
    trainer: plainTrainer(model, examplesOf(id)),
    local: () => local,
    exchange: fetchExchange({ url, headers: { authorization: `Bearer ${token}` } }),
    store,
    ...(signal && { signal }),
    ...(onProgress && { onProgress: ({ kind }) => onProgress(kind) }),
  });
}

/** 32 secret bytes: drawn once, and found again. */
async function keptSecret(store: Store, name: string): Promise<Uint8Array> {
  await store.create(`secret/${name}`, secureRng().fill(new Uint8Array(32)));
  return (await store.get(`secret/${name}`)) as Uint8Array;
}
