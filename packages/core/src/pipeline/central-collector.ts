/**
 * The server's end of `centralDp`: decodes, clips, sums exactly, and adds the noise once it is paid for.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { isFiniteVector } from '../finite.ts';
import { ByteReader, ByteWriter } from '../bytes.ts';
import { refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import { type SecureRng, secureRng } from '../random.ts';
import type { Collected, ReportCollector, RoundFacts } from './contract.ts';
import type { Joint } from './joint.ts';
import type { CentralNoise, NoiselessSum } from './mechanisms.ts';
import type { Accounting } from './privacy.ts';
import { decodeReport } from './report-decoder.ts';
import { checkOthers, readRoster, writeRoster } from './roster.ts';
import { clientSeedOf } from './seeds.ts';
import type { SummandShape } from './rules.ts';

/** What a collector needs to know. */
export interface CentralCollectorOptions<R> {
  readonly round: number;
  readonly seed: Uint8Array;
  readonly summands: readonly SummandShape[];
  readonly codecs: readonly Codec[];
  readonly joint: Joint;
  readonly noise: CentralNoise;
  readonly accounting: Accounting;
  readonly minimumContributors: number;
  /** By slot beside the update, σ on each coordinate of its sum. */
  readonly besideStd: Readonly<Record<string, number>>;
  readonly conclude: (sums: Record<string, Float32Array>) => R;
  readonly drift: (facts: RoundFacts, contributors: number) => { readonly stateDrift?: number };
  readonly saved: Uint8Array | undefined;
  readonly rng: SecureRng | undefined;
}

const WHERE = 'centralDp.collector';

export function centralCollector<R>(options: CentralCollectorOptions<R>): ReportCollector<R> {
  const { round, seed, summands, codecs, joint, noise, accounting, minimumContributors, saved } = options;
  const before = saved === undefined ? undefined : readRoster(WHERE, saved);
  const contributors = new Set<ClientId>(before?.contributors);
  const sum = noise.createSum();
  if (before !== undefined) readSum(before.rest, sum, contributors.size);
  let closing: Promise<Collected<R>> | undefined;

  async function close(facts: RoundFacts): Promise<Collected<R>> {
    if (facts?.round !== round)
      refuse('INVALID_ARGUMENT', `${WHERE}.close: facts`, `those of round ${round}`, facts?.round);
    if (contributors.size < minimumContributors) {
      refuse('THRESHOLD_NOT_MET', `${WHERE}.close`, `at least ${minimumContributors} contributors`, contributors.size, {
        least: minimumContributors,
        got: contributors.size,
      });
    }
    await accounting.charge(facts, noise.event, [...contributors]);
    const { values } = noise.release(sum, options.rng ?? secureRng());
    const aggregate = options.conclude(joint.split(values));
    return {
      aggregate,
      contributors: [...contributors],
      noiseStd: options.besideStd,
      facts: { ...accounting.facts(), ...options.drift(facts, contributors.size) },
    };
  }

  return {
    get contributors() {
      return contributors.size;
    },
    accept(client, bytes) {
      const where = `${WHERE}.accept`;
      if (typeof client !== 'string') refuse('INVALID_ARGUMENT', `${where}: client`, 'a string', client);
      if (closing !== undefined) refuse('PROTOCOL_STATE', where, 'an open round', 'a closed one');
      if (contributors.has(client)) refuse('PROTOCOL_STATE', where, 'one report of each client', 'a second one');
      const report = decodeReport(where, bytes, { round, seed }, summands.length);
      const slots = summands.map(({ name, size: expectedSize }, i) => {
        const clientSeed = clientSeedOf(seed, name, client);
        const values = codecs[i].decode(report.slots[i], { sharedSeed: clientSeed, clientSeed, expectedSize });
        if (!isFiniteVector(values)) refuse('OUT_OF_RANGE', `${where}: ${name}`, 'finite values', 'others');
        return values;
      });
      noise.accumulate(sum, joint.join(slots, joint.weightOf(`${where}: weight`, report.weight)));
      contributors.add(client);
    },
    serialize() {
      if (sum.released) refuse('PROTOCOL_STATE', `${WHERE}.serialize`, 'a sum before its noise', 'a released one');
      return writeRoster({ contributors: [...contributors], weight: 0, rest: writeSum(sum) });
    },
    merge(bytes) {
      const where = `${WHERE}.merge`;
      if (closing !== undefined) refuse('PROTOCOL_STATE', where, 'an open round', 'a closed one');
      const other = readRoster(where, bytes);
      checkOthers(where, contributors, other.contributors);
      const from = noise.createSum();
      readSum(other.rest, from, other.contributors.length);
      for (let i = 0; i < from.values.length; i++) sum.values[i] += from.values[i];
      sum.contributions += from.contributions;
      sum.clipped += from.clipped;
      sum.quarantined += from.quarantined;
      from.values.fill(0);
      for (const client of other.contributors) contributors.add(client);
    },
    close(facts) {
      // What is refused may be tried again; what is released is released once.
      closing ??= close(facts).catch((error: unknown) => {
        if (!sum.released) closing = undefined;
        throw error;
      });
      return closing;
    },
    dispose() {
      sum.values.fill(0);
    },
  };
}

function writeSum({ values, clipped, quarantined }: NoiselessSum): Uint8Array {
  const writer = new ByteWriter().uint32(clipped).uint32(quarantined).uint32(values.length);
  return writer.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).finish();
}

function readSum(bytes: Uint8Array, into: NoiselessSum, contributions: number): void {
  const reader = new ByteReader(`${WHERE}: saved`, bytes);
  const [clipped, quarantined, size] = [reader.uint32(), reader.uint32(), reader.uint32()];
  if (size !== into.values.length) reader.refuse(`${into.values.length} coordinates`, `${size}`);
  if (clipped + quarantined > contributions) reader.refuse('counts that agree', 'others');
  into.values.set(new Float64Array(reader.bytes(8 * size).slice().buffer));
  reader.end();
  if (into.values.some((value) => !Number.isSafeInteger(value))) reader.refuse('integers', 'others');
  Object.assign(into, { contributions, clipped, quarantined });
}
