import file from './vectors/accounting.json' with { type: 'json' };

/** One row of the vectors; `params` as its source names them. */
export interface Vector {
  readonly id: number;
  readonly kind: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- each kind has its own parameters
  readonly params: Record<string, any>;
  // oxlint-disable-next-line typescript/no-explicit-any -- a number or a list of them
  readonly value: any;
  readonly tolerance: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- further fields of some kinds
  readonly [more: string]: any;
}

const rows = file.vectors as unknown as Vector[];

export function vectors(kind: string): Vector[] {
  const found = rows.filter((row) => row.kind === kind);
  if (found.length === 0) throw new Error(`no vectors of kind ${kind}`);
  return found;
}

export function kinds(): string[] {
  return [...new Set(rows.map((row) => row.kind))];
}
