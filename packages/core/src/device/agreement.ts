/**
 * Whether a device and a server mean the same by a task.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { sameBytes } from '../bytes.ts';
import { checkInteger, refuse } from '../check.ts';
import type { ClientHalf, PipelineTerms } from '../pipeline/contract.ts';
import { decodeTerms, differenceOf, digestOfTerms } from '../pipeline/terms.ts';
import type { Request, Response, RoundTask } from '../protocol/message.ts';
import { Fault } from './fault.ts';

/** What a device holds a task against. */
export interface Agreement {
  readonly pipeline: PipelineTerms;
  readonly maximumModelBytes?: number;
}

/**
 * Checks a task before anything of it is downloaded.
 *
 * @throws Fault for another pipeline and for a model above the device's own limit: neither changes by itself.
 * @throws FedkitError What the pipeline's half refuses: a later task may have other terms.
 */
export function checkTask(
  where: string,
  task: RoundTask,
  { pipeline, maximumModelBytes }: Agreement,
  half: ClientHalf<Update>,
): void {
  const longest = longestModel(pipeline, maximumModelBytes);
  Fault.unless(() => {
    if (!sameBytes(task.pipelineDigest, pipeline.digest)) refuseAnother(where);
    const more = maximumModelBytes === undefined ? '' : ' (its option maximumModelBytes)';
    checkInteger(`${where}: task: modelLength${more}`, task.modelLength, 1, longest);
  });
  half.check(task);
}

/** The most bytes of a broadcast. */
export function longestModel({ size }: PipelineTerms, maximum: number | undefined): number {
  return maximum ?? 64 * size + 65_536;
}

/** As {@link checkTask}; where the server's pipeline is another, it is asked what differs. */
export async function agree(
  where: string,
  task: RoundTask,
  own: Agreement,
  half: ClientHalf<Update>,
  ask: (request: Request) => Promise<Response>,
): Promise<void> {
  await agreeOnPipeline(where, task.pipelineDigest, own.pipeline, ask);
  checkTask(where, task, own, half);
}

/** @throws Fault where the server's pipeline, by its digest, is another: by the first term that differs. */
export async function agreeOnPipeline(
  where: string,
  theirs: Uint8Array,
  { digest, terms }: PipelineTerms,
  ask: (request: Request) => Promise<Response>,
): Promise<void> {
  if (sameBytes(theirs, digest)) return;
  const response = await ask({ kind: 'terms' });
  if (response.kind === 'terms') {
    const other = decodeTerms(response.bytes);
    if (sameBytes(digestOfTerms(other), theirs)) {
      throw new Fault(differenceOf({ where: `${where}: pipeline`, own: terms, other, named: 'the server' }));
    }
  }
  Fault.unless(() => refuseAnother(where));
}

function refuseAnother(where: string): never {
  return refuse('SHAPE_MISMATCH', `${where}: pipeline`, "the server's, to the last option", 'another');
}
