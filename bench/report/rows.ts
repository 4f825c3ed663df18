// What the report runs: each row a command that ends in three minutes on a quiet machine, which a test holds, and records what pages quote.

export interface Row {
  readonly name: string;
  /** Words after `pnpm bench`. */
  readonly command: readonly string[];
  /** Files of bench/results that it writes. */
  readonly records: readonly string[];
  /** Whether it measures a package beside us that it installs, or Python's: run with `--peers` only. */
  readonly peer?: true;
}

const secagg = (name: string, ...words: string[]): Row => ({
  name: `secagg ${[name, ...words].join(' ')}`,
  command: ['secagg', name, ...words],
  records: [`secagg-${name}`],
});

export const rows: readonly Row[] = [
  { name: 'mean', command: ['mean'], records: ['mean'], peer: true },
  { name: 'robust', command: ['robust'], records: ['robust'], peer: true },
  { name: 'accounting', command: ['accounting', '5'], records: ['accounting'], peer: true },
  { name: 'mechanisms', command: ['mechanisms'], records: ['mechanisms'] },
  { name: 'compression speed', command: ['compression', 'speed'], records: ['compression-speed'], peer: true },
  { name: 'compression rate', command: ['compression', 'rate'], records: ['compression-rate'] },
  secagg('client'),
  secagg('server'),
  secagg('masks'),
  secagg('malicious-client'),
  { ...secagg('malicious'), records: ['secagg-malicious-round'] },
  secagg('reed-solomon'),
  { ...secagg('ring', '1000', '5'), records: ['secagg-ring-1000-5-semi-honest'] },
  { ...secagg('ring', '1000', '30'), records: ['secagg-ring-1000-30-semi-honest'] },
  // The page sets these beside those of 1,000: of one machine, or the ratio is one of machines.
  { ...secagg('ring', '10000', '5'), records: ['secagg-ring-10000-5-semi-honest'] },
  { ...secagg('ring', '1000', '30', 'semi-malicious'), records: ['secagg-ring-1000-30-semi-malicious'] },
  secagg('expansion'),
  { ...secagg('flower', '--peers'), peer: true },
  { name: 'upload', command: ['upload'], records: ['upload'] },
  { name: 'transport', command: ['transport'], records: ['transport'] },
  ...['200k', '2m', '20m', 'top-k', 'ring', 'stretch', '50m'].map((setting) => ({
    name: `server ${setting}`,
    command: ['server', setting],
    records: [`server-${setting}`],
  })),
  { name: 'tfjs', command: ['tfjs'], records: ['tfjs'] },
  { name: 'tfjs-conv', command: ['tfjs-conv'], records: ['tfjs-conv'] },
  { name: 'cluster speed', command: ['cluster', 'speed'], records: ['cluster-speed'] },
  { name: 'cluster queueing', command: ['cluster', 'queueing'], records: ['cluster-queueing'] },
  { name: 'cluster growth', command: ['cluster', 'growth'], records: ['cluster-growth'] },
  { name: 'cluster scale', command: ['cluster', 'scale'], records: ['cluster-scale'] },
  { name: 'experiments mnist-lr', command: ['experiments', 'mnist-lr', '--fresh'], records: ['experiments-mnist-lr'] },
  { name: 'simulation clients', command: ['simulation', 'clients'], records: ['simulation-clients'] },
  { name: 'simulation overhead', command: ['simulation', 'overhead', '15'], records: ['simulation-overhead'] },
  { name: 'simulation pfl', command: ['simulation', 'pfl'], records: ['simulation-pfl'], peer: true },
  { name: 'simulation flower', command: ['simulation', 'flower'], records: ['simulation-flower'], peer: true },
  { name: 'llm frameworks', command: ['llm', 'frameworks', '5'], records: ['llm-frameworks'], peer: true },
  { name: 'llm quantized', command: ['llm', 'quantized'], records: ['llm-quantized'] },
];

/** Records of runs that take minutes to hours: their own commands make them, when what they measure changes. */
export const longRecords: readonly string[] = [
  'cluster',
  'experiments-compression',
  'experiments-compression-every-step',
  'experiments-contrastive',
  'experiments-dp-utility',
  'experiments-fedprox-synthetic',
  'experiments-fedprox-synthetic-alike',
  'experiments-flower-table',
  'experiments-flipped-labels',
  'experiments-flipped-labels-30',
  'experiments-gradient-differences',
  'experiments-newer-algorithms',
  'experiments-robust-rules',
  'experiments-robust-rules-30',
  'experiments-scaffold',
  'robust-evidence',
  'llm',
  'llm-answer',
  'llm-distill',
  'llm-federated',
  'llm-prune',
  'llm-retrieval-shorthand',
  'llm-smollm-step',
  'llm-sparseloco',
  'llm-threads',
];

/** The rows of some names; all without one. Throws for a name that no row has. */
export function named(names: readonly string[]): readonly Row[] {
  const unknown = names.find((name) => rows.every((row) => row.name !== name));
  if (unknown !== undefined)
    throw new Error(`no row "${unknown}": expected one of ${rows.map(({ name }) => name).join(', ')}`);
  return names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name));
}
