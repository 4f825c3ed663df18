/**
 * What a pipeline's server announces for a round: `66 6b 70`, version 1, the pipeline's number, the round (uint32), 32 bytes
 * of seed, and the configuration of secure aggregation after its 32-bit length, empty where there is none.
 *
 * @module
 */
import { checkInteger } from '../check.ts';
import { beginFormat, openFormat } from '../format.ts';
import { secureRng } from '../random.ts';
import type { PipelineTask } from './contract.ts';
import { SEED_BYTES } from './seeds.ts';

const KINDS = ['plain-updates', 'secure-sum', 'central-dp', 'distributed-dp'] as const;

export type PipelineKind = (typeof KINDS)[number];

const FORMAT = { letter: 0x70, what: 'parameters of a pipeline', version: 1 };
/** After magic, version, kind and round. */
const SEED_AT = 9;

export interface Parameters {
  readonly round: number;
  /** 32 bytes, fresh for the round. */
  readonly seed: Uint8Array;
  /** Of secure aggregation; empty where there is none. */
  readonly configuration: Uint8Array;
}

/** Parameters of a new round, with a fresh seed. */
export function announceParameters(
  kind: PipelineKind,
  round: number,
  configuration: Uint8Array = new Uint8Array(0),
): Uint8Array {
  checkInteger(`${kind}.announce: round`, round, 1, 0xffffffff);
  return beginFormat(FORMAT)
    .uint8(KINDS.indexOf(kind))
    .uint32(round)
    .bytes(secureRng().fill(new Uint8Array(SEED_BYTES)))
    .long(configuration)
    .finish();
}

/** The same parameters with another seed: for simulations, which must repeat. */
export function withSeed(parameters: Uint8Array, seed: Uint8Array): Uint8Array {
  const copy = parameters.slice();
  copy.set(seed, SEED_AT);
  return copy;
}

/**
 * Reads what {@link announceParameters} wrote for this pipeline and round.
 *
 * @throws FedkitError `DECODE_FAILED` for anything else.
 */
export function readParameters(kind: PipelineKind, task: Pick<PipelineTask, 'round' | 'parameters'>): Parameters {
  const { reader } = openFormat(`${kind}: parameters`, task.parameters, FORMAT);
  const found = KINDS[reader.uint8()];
  if (found !== kind) reader.refuse(`parameters of ${kind}`, `those of ${found ?? 'an unknown pipeline'}`);
  const round = reader.uint32();
  if (round !== task.round) reader.refuse(`parameters of round ${task.round}`, `those of round ${round}`);
  const seed = reader.bytes(SEED_BYTES).slice();
  const configuration = reader.long().slice();
  reader.end();
  return { round, seed, configuration };
}
