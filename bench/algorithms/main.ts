// pnpm bench algorithms <experiment>: what published experiments say about the algorithms, run here. Each prints a
// table and writes bench/results/algorithms-<experiment>.json and .svg.
const experiments: Readonly<Record<string, { about: string; load: () => Promise<{ main: () => Promise<void> }> }>> = {
  'flower-table': {
    about: 'FedAvg, FedProx, SCAFFOLD and FedNova on a CNN and Dirichlet(0.5) clients; about 5 minutes',
    load: () => import('./flower-table.ts'),
  },
};

const name = process.argv[2] ?? '';
if (Object.hasOwn(experiments, name)) {
  await (await experiments[name].load()).main();
} else {
  console.error('usage: pnpm bench algorithms <experiment>\n');
  for (const [key, { about }] of Object.entries(experiments)) console.error(`  ${key.padEnd(18)} ${about}`);
  process.exitCode = 1;
}
export {};
