/**
 * What an attack of the kit is, and how its outcome reads.
 *
 * @module
 */
import type { ErrorCode, FedkitError } from '@fedkit/core';
import { isFedkitError } from '@fedkit/core';
import type { Mode } from '../../config/round-config.ts';
import type { MakeClient, Rehearsal } from '../rehearsal.ts';

/** One cheat, run against real clients and a real server. */
export interface Attack {
  readonly name: string;
  /** Who cheats. */
  readonly cheat: 'server' | 'client' | 'both';
  /** Runs it in a mode. @param makeClient - Wraps or replaces the clients it is run against. */
  readonly run: (mode: Mode, makeClient?: MakeClient) => Promise<AttackOutcome>;
}

/** What came of an attack. */
export interface AttackOutcome {
  /** Codes of all refusals, sorted, each once. */
  readonly refused: readonly ErrorCode[];
  /** What the honest parties were left with, in a few words. */
  readonly left?: string;
  /** Where the attack tried to open an input: whether it could. */
  readonly recovered?: boolean;
  /** Refusals whose text shows a secret; 0 or the library is broken. */
  readonly leaks: number;
}

/** The outcome in a table's cell. */
export function describeOutcome({ refused, left, recovered }: AttackOutcome): string {
  const parts = refused.length === 0 ? [] : [`refused: ${refused.map((code) => `\`${code}\``).join(', ')}`];
  if (left !== undefined) parts.push(left);
  if (recovered !== undefined) parts.push(recovered ? '**input recovered**' : 'recovery fails');
  return parts.join('; ');
}

/** The outcome of what was rehearsed. */
export function outcomeOf(
  rehearsals: readonly Rehearsal[],
  more: { readonly left?: string; readonly recovered?: boolean; readonly errors?: readonly FedkitError[] } = {},
): AttackOutcome {
  const { errors = [], ...rest } = more;
  const codes = [
    ...rehearsals.flatMap(({ refusals }) => refusals.map(({ error }) => error.code)),
    ...errors.map(({ code }) => code),
  ];
  return {
    refused: [...new Set(codes)].sort(),
    leaks: rehearsals.reduce((count, { leaks }) => count + leaks.length, 0),
    ...rest,
  };
}

/** The typed refusals of calls that must not succeed; throws where one does, or fails without a type. */
export function refusalsOf(calls: readonly (() => unknown)[]): FedkitError[] {
  return calls.map((call, i) => {
    try {
      call();
    } catch (error) {
      if (isFedkitError(error)) return error;
      throw error;
    }
    throw new Error(`attack: expected call ${i} to be refused, got an answer`);
  });
}
