/**
 * The published model on a device: whole, verified, and in its store until a newer one is.
 *
 *     latest/<client>               which of two places holds a whole model, and which model it is
 *     latest-<0|1>/<n>/<client>     its parts; those of a newer one arrive in the other place
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { sameBytes } from '../bytes.ts';
import { checkBytes, checkInteger, checkVector } from '../check.ts';
import { beginFormat, openFormat } from '../format.ts';
import type { StateOwner } from '../model/state-file.ts';
import type { PipelineTerms } from '../pipeline/contract.ts';
import type { PlainData } from '../plain-data.ts';
import { decodeBroadcast } from '../protocol/broadcast.ts';
import { readPublication } from '../protocol/client-message.ts';
import type { Publication, Request, Response } from '../protocol/message.ts';
import type { Store } from '../store/contract.ts';
import { agreeOnPipeline, longestModel } from './agreement.ts';
import { refusal, unusable } from './answers.ts';
import { Fault } from './fault.ts';
import { type StoredModel, storedModel } from './stored-model.ts';

/** Of a client's options, what its models depend on. */
export interface ModelOptions {
  readonly id: ClientId;
  readonly store: Store;
  readonly pipeline: PipelineTerms & { readonly algorithm: object };
  readonly maximumModelBytes?: number;
}

/** A whole model as the store has it. */
export interface HeldModel {
  readonly publication: Publication;
  readonly broadcast: PlainData;
}

interface Head extends Publication {
  readonly place: 0 | 1;
}

/** Models for an application are this function's alone. */
const WHERE = 'federatedClient';
const HEAD = { letter: 0x6c, what: 'the head of a model', version: 1 };
/** A model that a newer one replaces while it is fetched is given up this often before the network is at fault. */
const MOST_STARTS = 8;

/** Fetches and keeps the latest model of one client's federation. Calls must not overlap. */
export class PublishedModels {
  readonly #options: ModelOptions;
  readonly #owner: StateOwner;
  readonly #key: string;
  #held: HeldModel | undefined;

  constructor(options: ModelOptions, owner: StateOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#key = `latest/${options.id}`;
  }

  /** The model that was fetched last, without a word to anybody; `undefined` where there is none of this pipeline. */
  async stored(): Promise<HeldModel | undefined> {
    if (this.#held) return this.#held;
    const head = await this.#head();
    if (!head || !sameBytes(head.pipelineDigest, this.#options.pipeline.digest)) return undefined;
    this.#checkLength('stored length', head);
    const model = await this.#open(head);
    return model.complete ? (this.#held = this.#decode(head, model)) : undefined;
  }

  /**
   * The model that the server publishes now. What has arrived of it is kept, so that a later call goes on there.
   *
   * @throws Fault for another pipeline; what `ask` throws; FedkitError `AUTHENTICATION_FAILED`, `DECODE_FAILED` for bytes
   * that are not what the server named.
   */
  async latest(ask: (request: Request) => Promise<Response>, onBytes: (bytes: number) => void): Promise<HeldModel> {
    for (let starts = 0; starts < MOST_STARTS; starts++) {
      const publication = await this.#publication(ask);
      const held = await this.stored();
      if (held && sameBytes(held.publication.modelDigest, publication.modelDigest)) {
        return (this.#held = { ...held, publication });
      }
      const before = await this.#head();
      const head: Head = { ...publication, place: before?.place === 0 ? 1 : 0 };
      const model = await this.#open(head);
      if (!(await this.#fetch(model, ask, onBytes))) continue;
      const found = await this.#verified(publication, model);
      await this.#options.store.put(this.#key, encodeHead(head));
      this.#held = found;
      // A crash before this leaves parts that the next model of that place removes.
      if (before) await (await this.#open(before)).drop();
      return found;
    }
    return unusable(WHERE, 'a model that stays until it is fetched', `${MOST_STARTS} newer ones`);
  }

  async #publication(ask: (request: Request) => Promise<Response>): Promise<Publication> {
    const response = await ask({ kind: 'published' });
    if (response.kind === 'refused') throw refusal(response);
    if (response.kind !== 'published') return unusable(WHERE, 'what is published', response.kind);
    const { publication } = response;
    await agreeOnPipeline(WHERE, publication.pipelineDigest, this.#options.pipeline, ask);
    Fault.unless(() => this.#checkLength('length (its option maximumModelBytes)', publication));
    return publication;
  }

  #checkLength(what: string, { modelLength }: Publication): void {
    const { pipeline, maximumModelBytes } = this.#options;
    checkInteger(`${WHERE}: model: ${what}`, modelLength, 1, longestModel(pipeline, maximumModelBytes));
  }

  /** The rest of a model, part by part; whether all of it is there, which it is not once a newer one is published. */
  async #fetch(
    model: StoredModel,
    ask: (request: Request) => Promise<Response>,
    onBytes: (bytes: number) => void,
  ): Promise<boolean> {
    while (!model.complete) {
      const other = await model.fetch(ask);
      if (other?.kind === 'refused') {
        if (other.code === 'PROTOCOL_STATE') return false;
        throw refusal(other);
      }
      if (other) return unusable(WHERE, 'a part of the model', other.kind);
      onBytes(model.received);
    }
    return true;
  }

  async #verified(publication: Publication, model: StoredModel): Promise<HeldModel> {
    try {
      return this.#decode(publication, model);
    } catch (error) {
      await model.drop();
      throw error;
    }
  }

  #decode(publication: Publication, model: StoredModel): HeldModel {
    const broadcast = decodeBroadcast(
      `${WHERE}: broadcast`,
      model.verified(),
      this.#owner,
      this.#options.pipeline.size,
    );
    return { publication, broadcast };
  }

  #open(head: Head): Promise<StoredModel> {
    const { store, id } = this.#options;
    return storedModel(WHERE, store, id, head, `latest-${head.place}`);
  }

  async #head(): Promise<Head | undefined> {
    const bytes = await this.#options.store.get(this.#key);
    return bytes && decodeHead(bytes);
  }
}

function encodeHead({ place, run, round, modelDigest, modelLength, pipelineDigest }: Head): Uint8Array {
  return beginFormat(HEAD)
    .uint8(place)
    .bytes(run)
    .uint32(round)
    .bytes(modelDigest)
    .uint53(modelLength)
    .bytes(pipelineDigest)
    .finish();
}

function decodeHead(bytes: Uint8Array): Head {
  const where = `${WHERE}: stored model`;
  // A copy, since stores may use theirs again.
  const { reader } = openFormat(where, checkBytes(where, bytes).slice(), HEAD);
  const place = reader.flag() ? 1 : 0;
  const head = { place, ...readPublication(reader) } as const;
  reader.end();
  return head;
}

/** What an application gets of a held model. */
export function paramsOf(algorithm: object, { broadcast }: HeldModel, state: PlainData | undefined): PublishedParams {
  const personal = (algorithm as { personal?: unknown }).personal;
  if (typeof personal === 'function') {
    const own = personal as (broadcast: PlainData, state?: PlainData) => Float32Array;
    return { params: own(broadcast), personal: own(broadcast, state) };
  }
  const { params } = broadcast as { readonly params?: unknown };
  return { params: checkVector('federatedClient: model', params).slice() };
}

/** The parameters of a published model. */
export interface PublishedParams {
  /** Shape [d]: the global model, fresh. */
  readonly params: Float32Array;
  /** Shape [d]: this client's own, where the algorithm leaves clients one (`ditto`, `fedRep`, `fedPer`). */
  readonly personal?: Float32Array;
}
