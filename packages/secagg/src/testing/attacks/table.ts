/**
 * All attacks of the kit, and their outcomes as a table.
 *
 * @module
 */
import { MODES, type Mode } from '../../config/round-config.ts';
import type { MakeClient } from '../rehearsal.ts';
import { type Attack, type AttackOutcome, describeOutcome } from './attack.ts';
import { clientAttacks } from './clients.ts';
import { keyAttacks } from './keys.ts';
import { maskAttacks } from './masks.ts';
import { survivorAttacks } from './survivors.ts';

/** Every cheat of the kit. */
export const attacks: readonly Attack[] = [...survivorAttacks, ...keyAttacks, ...clientAttacks, ...maskAttacks];

/** One attack in one mode. */
export interface AttackResult {
  readonly attack: string;
  readonly mode: Mode;
  readonly outcome: AttackOutcome;
}

/** Runs every attack in every mode against clients and server. @param makeClient - Other clients than this package's. */
export async function runAttacks(makeClient?: MakeClient): Promise<AttackResult[]> {
  const results: AttackResult[] = [];
  for (const attack of attacks) {
    for (const mode of MODES) results.push({ attack: attack.name, mode, outcome: await attack.run(mode, makeClient) });
  }
  return results;
}

/** The results as a Markdown table, a line for each attack; modes with the same outcome stand together. */
export function attackTable(results: readonly AttackResult[]): string {
  const lines: string[] = ['| attack | mode | outcome |', '| --- | --- | --- |'];
  for (const name of new Set(results.map(({ attack }) => attack))) {
    const byOutcome = new Map<string, Mode[]>();
    for (const { attack, mode, outcome } of results) {
      if (attack !== name) continue;
      const text = describeOutcome(outcome);
      byOutcome.set(text, [...(byOutcome.get(text) ?? []), mode]);
    }
    const modes = [...byOutcome.values()].map((list) => (list.length === MODES.length ? 'all' : list.join(', ')));
    lines.push(`| ${name} | ${modes.join('<br>')} | ${[...byOutcome.keys()].join('<br>')} |`);
  }
  return lines.join('\n');
}
