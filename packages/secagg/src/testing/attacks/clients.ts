/**
 * Clients that do not follow the protocol, a transport that touches what it carries, and servers that compare rounds.
 *
 * @module
 */
import { seededRng } from '@fedkit/core';
import { CohortLedger } from '../../cohort-ledger.ts';
import type { Mode } from '../../config/round-config.ts';
import { HEADER_BYTES, SIGNATURE_BYTES, decodeMessage } from '../../messages/header.ts';
import { decodeShares, encodeShares } from '../../messages/shares.ts';
import { signMessage } from '../../identity.ts';
import { plainProvider } from '../../crypto/plain.ts';
import { roundConfigDigest } from '../../config/encode-config.ts';
import { SHARE_BYTES } from '../../shamir.ts';
import { type MakeClient, Rehearsal, rehearsalConfig } from '../rehearsal.ts';
import { type Attack, type AttackOutcome, outcomeOf } from './attack.ts';

function open(mode: Mode, makeClient: MakeClient | undefined): Rehearsal {
  return new Rehearsal({ config: rehearsalConfig(mode), ...(makeClient === undefined ? {} : { makeClient }) });
}

/** Replaces a client's answer by a changed one, signed again by the cheating client itself. */
function cheat(round: Rehearsal, id: string, change: (body: Uint8Array) => Uint8Array): void {
  const { config } = round;
  const answer = round.answers.get(id) as Uint8Array;
  const end = answer.length - (config.identities ? SIGNATURE_BYTES : 0);
  const body = change(answer.slice(HEADER_BYTES, end));
  const content = new Uint8Array(HEADER_BYTES + body.length);
  content.set(answer.subarray(0, HEADER_BYTES));
  content.set(body, HEADER_BYTES);
  const { identity } = round.options.get(id) as { identity?: { secretKey: Uint8Array } };
  round.answers.set(id, signMessage(plainProvider, config, roundConfigDigest(config), identity, content));
}

function left(round: Rehearsal): string {
  const pairs = new Set(round.server.suspects.map(({ holder }) => holder)).size;
  return `${round.sum === 'none' ? 'no sum' : `${round.sum} sum`}${pairs > 0 ? `, ${pairs} holder${pairs > 1 ? 's' : ''} named` : ''}`;
}

/** The same after suspects were asked to open their shares: whom the verdicts fall on. */
async function settled(round: Rehearsal): Promise<string> {
  for (const [id, request] of round.server.askOpenings()) {
    const answer = await round.offer(id, request);
    if (answer !== undefined) await round.submit(id, answer);
  }
  const verdicts = new Set(round.server.verdicts.map(({ verdict }) => verdict));
  const found = [...verdicts].map((verdict) => (verdict === 'undecided' ? ', undecided' : `, verdict: ${verdict}`));
  return left(round) + found.sort().join('');
}

/** `liars` of seven holders release wrong shares, t = 5. */
async function wrongShares(
  mode: Mode,
  makeClient: MakeClient | undefined,
  liars: readonly string[],
): Promise<AttackOutcome> {
  const round = open(mode, makeClient);
  await round.until('unmask');
  await round.answer();
  for (const id of liars) {
    cheat(round, id, (body) => body.map((byte, i) => (i >= 37 && (i - 37) % SHARE_BYTES === 0 ? byte ^ 1 : byte)));
  }
  await round.advance();
  return outcomeOf([round], { left: await settled(round) });
}

/** A dealer that commits to a seed it did not share. */
async function wrongCommitment(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const round = open(mode, makeClient);
  await round.until('share');
  await round.answer();
  cheat(round, 'c2', (body) => body.map((byte, i) => (i === 0 ? byte ^ 1 : byte)));
  await round.advance();
  await round.until('finished');
  return outcomeOf([round], { left: left(round) });
}

/** A dealer whose shares open for some of the holders alone. */
async function partialDealer(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const round = open(mode, makeClient);
  await round.until('share');
  await round.answer();
  cheat(round, 'c2', (body) => body.map((byte, i) => (i >= 36 && i < 36 + 2 * 104 ? byte ^ 1 : byte)));
  await round.advance();
  await round.until('finished');
  return outcomeOf([round], { left: await settled(round) });
}

/** Shares flipped, swapped and reflected on their way to one holder. */
async function touchedCiphertexts(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const round = open(mode, makeClient);
  await round.until('input');
  const own = decodeMessage(round.config, round.sent.get('c0') as Uint8Array);
  const pairs = decodeShares(round.config, own.body, 6).map((pair) => pair?.slice());
  pairs[0] = pairs[0]?.map((byte, i) => (i === 7 ? byte ^ 1 : byte));
  [pairs[1], pairs[2]] = [pairs[2], pairs[1]];
  const elsewhere = decodeMessage(round.config, round.sent.get('c5') as Uint8Array);
  pairs[3] = decodeShares(round.config, elsewhere.body, 6)[0]?.slice();
  round.sent.set('c0', encodeShares(round.config, own.index, pairs));
  await round.until('finished');
  return outcomeOf([round], { left: left(round) });
}

/** A masked input of another length, with bits beyond the ring, or that replaces the first. */
async function malformedInput(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const round = open(mode, makeClient);
  await round.until('input');
  await round.answer();
  const honest = round.answers.get('c1') as Uint8Array;
  const changes: ((body: Uint8Array) => Uint8Array)[] = [
    (body) => body.slice(1),
    (body) => Uint8Array.of(...body, 0),
    (body) => body.map((byte, i) => (i === body.length - 1 ? byte | 0x80 : byte)),
  ];
  for (const change of changes) {
    cheat(round, 'c1', change);
    await round.submit('c1', round.answers.get('c1') as Uint8Array);
    round.answers.set('c1', honest);
  }
  await round.submit('c1', honest);
  cheat(round, 'c1', (body) => body.map((byte, i) => (i === 0 ? byte ^ 1 : byte)));
  await round.submit('c1', round.answers.get('c1') as Uint8Array);
  round.answers.delete('c1');
  await round.advance();
  await round.until('finished');
  return outcomeOf([round], { left: left(round) });
}

/** The same inputs summed with and without one client. */
async function differencing(mode: Mode, makeClient: MakeClient | undefined, minimum?: number): Promise<AttackOutcome> {
  const ledgers = new Map<string, CohortLedger>();
  const rounds: Rehearsal[] = [];
  for (const [number, silent] of [
    [0, []],
    [1, ['c6']],
  ] as const) {
    const round = new Rehearsal({
      config: { ...rehearsalConfig(mode), round: number },
      change: (id) => {
        if (minimum === undefined) return {};
        const ledger = ledgers.get(id) ?? new CohortLedger(minimum, { ids: 'stable' });
        ledgers.set(id, ledger);
        return { ledger };
      },
      ...(makeClient === undefined ? {} : { makeClient }),
    });
    await round.until('input');
    await round.answer(silent);
    await round.advance();
    await round.until('finished', silent);
    rounds.push(round);
  }
  const [all, without] = rounds.map(({ server }) => (server.stage === 'finished' ? server.result().sums.update : []));
  const recovered = Rehearsal.input('c6').update.every((value, i) => all[i] - without[i] === value);
  return outcomeOf(rounds, { recovered });
}

/** Touched headers and truncations of every message, both ways. */
async function touchedMessages(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const round = open(mode, makeClient);
  const rng = seededRng('touched');
  const touched = (message: Uint8Array): Uint8Array[] => {
    const copy = message.slice();
    copy[rng.below(HEADER_BYTES)] ^= 1 + rng.below(255);
    return [copy, message.slice(0, rng.below(message.length))];
  };
  while (round.server.stage !== 'finished') {
    for (let i = 0; i < 25 && round.server.stage !== 'advertise'; i++) {
      for (const message of touched(round.sent.get('c0') as Uint8Array)) await round.offer('c0', message);
    }
    await round.answer();
    for (let i = 0; i < 25; i++) {
      for (const message of touched(round.answers.get('c1') as Uint8Array)) await round.submit('c1', message);
    }
    await round.advance();
  }
  return outcomeOf([round], { left: left(round) });
}

/** Clients and carriers. */
export const clientAttacks: readonly Attack[] = [
  { name: 'one wrong holder of seven, t = 5', cheat: 'client', run: (mode, make) => wrongShares(mode, make, ['c3']) },
  {
    name: 'two wrong holders of seven, t = 5',
    cheat: 'client',
    run: (mode, make) => wrongShares(mode, make, ['c0', 'c3']),
  },
  { name: 'a seed other than committed to', cheat: 'client', run: wrongCommitment },
  { name: 'shares dealt to a subset', cheat: 'client', run: partialDealer },
  { name: 'shares flipped, swapped, reflected', cheat: 'server', run: touchedCiphertexts },
  { name: 'malformed and second inputs', cheat: 'client', run: malformedInput },
  { name: 'two sums that differ by one client', cheat: 'server', run: (mode, make) => differencing(mode, make) },
  { name: 'the same, with a `CohortLedger`', cheat: 'server', run: (mode, make) => differencing(mode, make, 2) },
  { name: 'touched headers, truncated messages', cheat: 'both', run: touchedMessages },
];
