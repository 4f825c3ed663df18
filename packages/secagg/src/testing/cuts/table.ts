/**
 * Cuts over a table of rounds, at each condition's edge and beside it, with what the rules up to protocol version 1 gave.
 *
 * @module
 */
import { corruptClients } from '../../graph/graph-parameters.ts';
import { testingRng } from '../rng.ts';
import {
  COMPLETE_RULES,
  type CutRound,
  type CutRules,
  EARLIER_RULES,
  EARLIER_SIGNED_RULES,
  RING_RULES,
} from './model.ts';
import { searchCuts } from './search.ts';

/** A round of the table. */
export interface CutRow {
  readonly graph: 'complete' | 'ring';
  readonly clients: number;
  readonly corruptFraction: number;
  readonly degree: number;
  readonly threshold: number;
  readonly minimumClients: number;
  readonly placement: CutPlacement;
  readonly rules: 'now' | 'earlier' | 'earlier, signed' | 'without the refusal of unmasked peers';
  /** What a reader should know of it. */
  readonly note: string;
}

/**
 * Where the ⌊γn⌋ corrupt are: nowhere, drawn at random, next to each other on one side of place 0, or spread evenly, as many
 * in every half neighbourhood as can be.
 */
export type CutPlacement = 'none' | 'by chance' | 'on one side' | 'evenly';

/** A row with what the search found. */
export interface CutResult extends CutRow {
  /** Inputs of honest clients in the smallest sum that can be opened; all honest where only the intended one can. */
  readonly smallest: number;
  /** Different sums that one plan opens, at most. */
  readonly sums: number;
  readonly family: string;
}

const ring = (
  clients: number,
  degree: number,
  threshold: number,
  minimumClients: number,
  more: Partial<CutRow> & Pick<CutRow, 'note'>,
): CutRow => ({
  graph: 'ring',
  clients,
  corruptFraction: 0,
  degree,
  threshold,
  minimumClients,
  placement: 'none',
  rules: 'now',
  ...more,
});
const complete = (
  clients: number,
  threshold: number,
  minimumClients: number,
  more: Partial<CutRow> & Pick<CutRow, 'note'>,
) => ring(clients, clients - 1, threshold, minimumClients, { graph: 'complete', ...more });

/** The table. */
export const CUT_ROWS: readonly CutRow[] = [
  ring(150, 16, 9, 143, { rules: 'earlier', note: 'the default of version 1' }),
  ring(150, 24, 17, 143, { note: '`cohort`' }),
  ring(150, 24, 17, 143, { corruptFraction: 0.01, placement: 'by chance', note: '`cohort`' }),
  ring(150, 24, 17, 143, { corruptFraction: 0.01, placement: 'on one side', note: '`cohort`' }),
  ring(300, 60, 38, 270, { rules: 'earlier', note: 'the default of version 1 for γ = 0.05' }),
  ring(300, 116, 88, 270, { corruptFraction: 0.05, placement: 'by chance', note: '`cohort`' }),
  ring(1000, 30, 16, 950, { rules: 'earlier, signed', note: 'version 1 with identities' }),
  ring(1000, 30, 16, 950, { note: '`one-sum`: F = 482' }),
  ring(1000, 56, 38, 950, { note: '`cohort`' }),
  ring(28, 6, 4, 26, { note: 'one below 3t > 2k' }),
  ring(28, 6, 5, 26, { note: 'at 3t > 2k' }),
  ring(60, 12, 8, 58, { note: 'one below 3t > 2k' }),
  ring(60, 12, 9, 58, { note: 'at 3t > 2k' }),
  ring(40, 8, 4, 2, { note: 'one below t > k/2' }),
  ring(40, 8, 5, 2, { note: 'at t > k/2' }),
  ring(20, 8, 5, 2, { corruptFraction: 0.25, placement: 'evenly', note: 'one below t > k/2 + C½, C½ = 1' }),
  ring(20, 8, 6, 2, { corruptFraction: 0.25, placement: 'evenly', note: 'at t > k/2 + C½, C½ = 1' }),
  complete(100, 70, 70, { rules: 'earlier', note: 'version 1 without identities, δ = 0.3' }),
  complete(100, 70, 70, { note: 'the same now' }),
  complete(50, 30, 30, { rules: 'earlier', note: 'version 1 without identities, δ = 0.4' }),
  complete(50, 30, 30, { note: 'the same now' }),
  complete(50, 30, 30, { corruptFraction: 0.1, placement: 'by chance', note: '2t > n + γn' }),
  complete(10, 5, 5, { note: 'one below 2t > n' }),
  complete(10, 6, 6, { rules: 'without the refusal of unmasked peers', note: '2t > n' }),
  complete(10, 6, 6, { note: '2t > n' }),
];

const RULES: Record<CutRow['rules'], (row: CutRow) => CutRules> = {
  now: ({ graph }) => (graph === 'ring' ? RING_RULES : COMPLETE_RULES),
  earlier: () => EARLIER_RULES,
  'earlier, signed': () => EARLIER_SIGNED_RULES,
  'without the refusal of unmasked peers': () => ({ ...COMPLETE_RULES, refusesUnmasked: false }),
};

/** The round of a row, its corrupt clients placed. */
export function roundOf(row: CutRow): CutRound {
  const { clients, degree, threshold, graph, rules } = row;
  // What version 1 without signatures took for the count was the server's word on a ring.
  const minimumClients = graph === 'ring' && rules === 'earlier' ? 2 : row.minimumClients;
  return { clients, degree, threshold, minimumClients, corrupt: placed(row) };
}

function placed({ clients, corruptFraction, placement }: CutRow): Set<number> {
  const count = placement === 'none' ? 0 : corruptClients({ clients, corruptFraction });
  if (placement === 'on one side') return new Set(Array.from({ length: count }, (_, i) => i + 1));
  if (placement === 'evenly')
    return new Set(Array.from({ length: count }, (_, i) => Math.floor((i * clients) / count)));
  const rng = testingRng('corrupt');
  const corrupt = new Set<number>();
  while (corrupt.size < count) corrupt.add(rng.below(clients));
  return corrupt;
}

/** Searches the rows. @complexity About eight seconds for all, one for those of up to 150 clients. */
export function searchTable(rows: readonly CutRow[] = CUT_ROWS): CutResult[] {
  return rows.map((row) => {
    const round = roundOf(row);
    const cuts = searchCuts(round, RULES[row.rules](row));
    const honest = row.clients - round.corrupt.size;
    const [best] = cuts;
    const sums = Math.max(1, ...cuts.map(({ outcome }) => outcome.sums.length));
    return best === undefined
      ? { ...row, smallest: honest, sums, family: '–' }
      : { ...row, smallest: best.smallest, sums, family: best.smallest === honest ? '–' : best.family };
  });
}

/** As a Markdown table. */
export function cutTable(results: readonly CutResult[]): string {
  const lines = [
    '| graph | n | γ | k/t | minimum | rules | corrupt | smallest sum found, honest inputs | by | |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const row of results) {
    const { graph, clients, corruptFraction, degree, threshold, minimumClients, rules, placement } = row;
    const sums = row.sums > 1 ? `, ${row.sums} sums` : '';
    lines.push(
      `| ${graph} | ${clients} | ${corruptFraction} | ${degree}/${threshold} | ${minimumClients} | ${rules} | ${placement} | ${row.smallest}${sums} | ${row.family} | ${row.note} |`,
    );
  }
  return lines.join('\n');
}
