/**
 * Records of a privacy ledger and the hash chain that joins them.
 *
 * Each record has a public body, whose SHA-256 is the record's digest and which names the digest before it, and may have private
 * facts, to which the body commits by the SHA-256 of their text and a random salt. So the public bodies can be handed out and
 * checked without the facts, and the facts cannot be found by trying out numbers.
 *
 * The chain shows edits, reordering, removal from the middle and foreign records. It cannot show that the end was cut off and a
 * new one written by someone who holds the store: keep the head digest elsewhere (with the model's checkpoints, or published),
 * and give it when opening.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import { FedkitError } from '@fedkit/core';
import { checkClientId, type OptionNames, refuse, sha256Hex, utf8Decode, utf8Encode } from '@fedkit/core/internal';
import { readEvent } from '../event/parse-event.ts';
import type { DpEvent } from '../event/types.ts';
import type { NoisyStatistics } from '../mechanism/statistics.ts';
import { checkNeighboring, type Neighboring } from '../neighboring.ts';

/** ε at δ, both of them upper limits. */
export interface PrivacyBudget {
  readonly epsilon: number;
  readonly delta: number;
}

/** What never changes within one ledger. */
export interface LedgerIdentity {
  /** Names the training run. */
  readonly run: string;
  /** Whom a unit of the guarantee is: all of a user's data, or one example. */
  readonly unit: 'user' | 'example';
  readonly neighboring: Neighboring;
  /**
   * What ε is of. Absent: of every release together, whoever took part. `own-rounds`: of the one client that has paid most,
   * each for the releases it took part in, which every charge must name. That is what an observer learns who sees who takes
   * part, as the server does.
   */
  readonly composition?: 'own-rounds';
  /**
   * How events come about. `adaptive`: a later one may depend on what earlier ones have shown, and a Rényi filter decides.
   * `fixed`: on its owner's word all were fixed in advance, and the accountant decides. Absent: the accountant decides, and
   * `filter` says what that rests on.
   */
  readonly events?: 'fixed' | 'adaptive';
  /** No client may take part more often. */
  readonly maxParticipations?: number;
  /** No client may take part twice within this many rounds. */
  readonly minSeparation?: number;
}

/** What of it is an option of a ledger. @internal */
export const IDENTITY: OptionNames<Omit<LedgerIdentity, 'neighboring'>> = {
  run: true,
  unit: true,
  composition: true,
  events: true,
  maxParticipations: true,
  minSeparation: true,
};

/** Facts about a round that depend on private data or on who was there: never part of what is published. */
export interface RealizedRound {
  /** The run of rounds that it belongs to, where a ledger serves several. */
  readonly run?: string;
  /** Clients invited, and those whose report was used. */
  readonly invited?: number;
  readonly reported?: number;
  /** Who took part. */
  readonly participants?: readonly ClientId[];
  /** Standard deviation of the noise that was really in the release. */
  readonly noiseStd?: number;
}

/** A charge as it stands on record. */
export interface ChargedRelease {
  readonly event: DpEvent;
  readonly count: number;
  readonly round: number;
  readonly realized?: RealizedRound;
}

/** The public body of a record. */
export type LedgerBody = { readonly index: number; readonly previous: string; readonly commitment?: string } & (
  | ({ readonly kind: 'open'; readonly budget: PrivacyBudget } & LedgerIdentity)
  | { readonly kind: 'budget'; readonly budget: PrivacyBudget }
  | {
      readonly kind: 'charge';
      readonly event: DpEvent;
      readonly count: number;
      readonly round?: number;
      readonly statistics?: NoisyStatistics;
    }
  | { readonly kind: 'observe'; readonly round?: number }
);

/** A record as it is stored: exact texts, for digests are of texts. */
export interface LedgerRecord {
  readonly digest: string;
  readonly body: LedgerBody;
  readonly bodyText: string;
  /** Absent in what is published, and where there are no facts. */
  readonly realized?: RealizedRound;
  readonly realizedText?: string;
}

/**
 * What a record will hold of the facts of a round: a copy, as a restart reads it.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for what are no facts, or participants that are no list of clients.
 */
export function copyOfFacts(where: string, realized: RealizedRound): RealizedRound {
  if (typeof realized !== 'object' || realized === null) {
    refuse('INVALID_ARGUMENT', `${where}: realized`, 'facts of a round', realized);
  }
  const { participants } = realized;
  if (participants !== undefined) {
    if (!Array.isArray(participants)) {
      refuse('INVALID_ARGUMENT', `${where}: realized.participants`, 'a list of clients', participants);
    }
    for (const client of participants) checkClientId(`${where}: realized.participants`, client);
  }
  return JSON.parse(JSON.stringify(realized)) as RealizedRound;
}

/** A record after `previous`, its facts salted with `salt`. */
export function makeRecord(body: LedgerBody, realized: RealizedRound | undefined, salt: string): LedgerRecord {
  if (realized === undefined) {
    const bodyText = JSON.stringify(body);
    return { digest: sha256Hex(bodyText), body, bodyText };
  }
  const realizedText = JSON.stringify({ salt, realized });
  const committed = { ...body, commitment: sha256Hex(realizedText) };
  const bodyText = JSON.stringify(committed);
  return { digest: sha256Hex(bodyText), body: committed, bodyText, realized, realizedText };
}

/** One line of the stored form: digest, body and, unless left out, the facts. */
export function recordLine(record: LedgerRecord, withFacts: boolean): string {
  const facts = withFacts && record.realizedText !== undefined ? [record.realizedText] : [];
  return JSON.stringify([record.digest, record.bodyText, ...facts]);
}

/**
 * The record of a line, checked on its own and against the one before.
 *
 * @throws FedkitError `DECODE_FAILED` for what is no record, `AUTHENTICATION_FAILED` for one that was edited or is out of order.
 */
export function readRecord(line: string, index: number, previous: string): LedgerRecord {
  const where = `ledger record ${index}`;
  const [digest, bodyText, realizedText, ...rest] = parse(where, line) as unknown[];
  if (typeof digest !== 'string' || typeof bodyText !== 'string' || rest.length > 0) {
    refuse('DECODE_FAILED', where, 'a digest, a body and at most one text of facts', line);
  }
  if (sha256Hex(bodyText) !== digest)
    refuse('AUTHENTICATION_FAILED', where, 'the body that was hashed', 'an edited one');
  let body = parse(where, bodyText) as LedgerBody;
  if (body.index !== index || body.previous !== previous) {
    refuse(
      'AUTHENTICATION_FAILED',
      where,
      'the record that follows the one before',
      'another: records were reordered or removed',
    );
  }
  if ((body.kind === 'open') !== (index === 0)) refuse('DECODE_FAILED', where, 'one opening record, at 0', body.kind);
  if (body.kind === 'open') checkNeighboring(`${where}: neighboring`, body.neighboring);
  if (body.kind === 'charge') body = { ...body, event: readEvent(`${where}: event`, body.event) };
  if (realizedText === undefined) return { digest, body, bodyText };
  if (typeof realizedText !== 'string' || sha256Hex(realizedText) !== body.commitment) {
    refuse('AUTHENTICATION_FAILED', where, 'the facts that were committed to', 'edited ones');
  }
  const { realized } = parse(where, realizedText) as { realized: RealizedRound };
  return { digest, body, bodyText, realized, realizedText };
}

const format = 'fedkit-privacy-ledger';
const version = 1;
/** A ledger of a million plain records; more is not one. */
const largestBytes = 2 ** 29;

/** All records as bytes; without facts it can be published. */
export function encodeLedger(records: readonly LedgerRecord[], withFacts: boolean): Uint8Array {
  const head = records[records.length - 1].digest;
  const header = JSON.stringify({ format, version, records: records.length, head });
  return utf8Encode([header, ...records.map((record) => recordLine(record, withFacts))].join('\n'));
}

/**
 * The records of {@link encodeLedger}, the whole chain checked.
 *
 * @throws FedkitError `DECODE_FAILED` for what is no ledger of this version, `AUTHENTICATION_FAILED` for one that was edited,
 * truncated or reordered.
 */
export function decodeLedger(bytes: Uint8Array): LedgerRecord[] {
  if (!(bytes instanceof Uint8Array) || bytes.length > largestBytes) {
    refuse('DECODE_FAILED', 'ledger', `at most ${largestBytes} bytes`, bytes);
  }
  const [first, ...lines] = utf8Decode(bytes).split('\n');
  const header = parse('ledger header', first) as {
    format?: unknown;
    version?: unknown;
    records?: unknown;
    head?: unknown;
  };
  if (header.format !== format || header.version !== version) {
    refuse('DECODE_FAILED', 'ledger header', `${format} of version ${version}`, header.version);
  }
  if (header.records !== lines.length) {
    refuse('AUTHENTICATION_FAILED', 'ledger', `the ${String(header.records)} records it had`, lines.length);
  }
  const records = readChain(lines);
  if (records[records.length - 1]?.digest !== header.head) {
    refuse('AUTHENTICATION_FAILED', 'ledger', 'the head it had', 'another: records were replaced');
  }
  return records;
}

/** A chain out of lines, from the opening record on. */
export function readChain(lines: readonly string[]): LedgerRecord[] {
  const records: LedgerRecord[] = [];
  for (const line of lines) records.push(readRecord(line, records.length, records[records.length - 1]?.digest ?? ''));
  return records;
}

function parse(where: string, text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', `${where}: expected JSON, got something else`, { cause });
  }
  if (typeof value !== 'object' || value === null) refuse('DECODE_FAILED', where, 'a JSON object or array', value);
  return value;
}
