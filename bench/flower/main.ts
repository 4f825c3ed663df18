// Flower beside us, on a real flwr that is installed outside the tree.
// pnpm bench flower [nodes, default 20] [rounds, default 4] [values of each of 12 tensors, default 500000]
// pnpm bench flower versions [1.42.0] strategies, kills, TLS with node authentication, on flwr 1.40.0 and the newest
// pnpm bench flower keys [1.42.0]     by keys over TLS: nodes of Python under our server, one killed, and ours under theirs; likewise
// pnpm bench flower record           a SuperLink's side of two rounds, for engines without a network
// pnpm bench flower mnist [seeds 5]  accuracies of NumPy's nodes alone and beside ours, and once of PyTorch's
import { relative } from 'node:path';
import { makeEnvironment, NEWEST } from '../../packages/flower/test/flwr/venv.ts';
import { table, writeResults } from '../shared/measure.ts';
import { ofFleet, ofSuperLink } from './figures.ts';
import { apart, mnist } from './mnist.ts';
import { record } from './record.ts';
import { taken } from './taken.ts';
import { checkKeys, checkVersion } from './versions.ts';

// What was started ends with this process, and so it must end as such.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const [word = '20', rounds = '4', values = '500000'] = process.argv.slice(2);
const environment = makeEnvironment(NEWEST);
if (environment === undefined) {
  console.error('Skipped: a Python of 3.10 or newer is needed, and flwr for it.');
  process.exitCode = 1;
} else if (word === 'versions' || word === 'keys') {
  const rows: string[][] = [];
  for (const version of process.argv[3] === undefined ? ['1.40.0', NEWEST] : [rounds]) {
    const made = makeEnvironment(version);
    if (made === undefined) rows.push([version, '', 'could not be installed']);
    else {
      const seen = word === 'keys' ? await checkKeys(made) : await checkVersion(made);
      for (const [what, saw] of seen) rows.push([version, what, saw]);
      // Each by itself: a busy machine may do them in two doses.
      writeResults(`flower-${word}-${version}`, { ...taken(), flwr: version, seen });
    }
  }
  console.log(table(['flwr', 'what', 'seen'], rows));
  if (rows.some(([, , seen]) => seen.startsWith('NOT'))) process.exitCode = 1;
} else if (word === 'record') {
  console.log(`Written: ${relative(process.cwd(), await record(environment))}`);
} else if (word === 'mnist') {
  const seeds = Array.from({ length: process.argv[3] === undefined ? 5 : Number(rounds) }, (_, i) => i + 1);
  const kinds = await mnist(environment, makeEnvironment(NEWEST, ['torch']), seeds);
  const { difference, error } = apart(kinds[0], kinds[1]);
  const percent = (value: number) => `${(100 * value).toFixed(2)} %`;
  console.log(
    table(
      ['nodes', 'test accuracy by seed'],
      kinds.map(({ nodes, accuracies }) => [nodes, accuracies.map(percent).join(' ')]),
    ),
  );
  const errors = Math.abs(difference) / error;
  console.log(`NumPy alone is ${percent(difference)} better: ${errors.toFixed(2)} standard errors, of 2 allowed.`);
  writeResults('flower-mnist', { ...taken(), flwr: NEWEST, kinds, difference, error });
  if (errors > 2) process.exitCode = 1;
} else {
  const load = { nodes: Number(word), rounds: Number(rounds), tensors: 12, values: Number(values) };
  const ours = await ofFleet(environment, load);
  const theirs = await ofSuperLink(environment, load);
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const ratio = (name: 'cpu' | 'memory' | 'seconds' | 'sent' | 'taken') => (ours[name] / theirs[name]).toFixed(3);
  console.log(
    table(
      [
        `a round of ${load.nodes} nodes, ${megabytes(48 * load.values)}`,
        'flowerFleet',
        `SuperLink ${NEWEST}`,
        'ratio',
        'goal',
      ],
      [
        [
          'processor time of the server',
          `${ours.cpu.toFixed(2)} s`,
          `${theirs.cpu.toFixed(2)} s`,
          ratio('cpu'),
          '≤ 0.5',
        ],
        ['most memory of the server', megabytes(ours.memory), megabytes(theirs.memory), ratio('memory'), '≤ 0.4'],
        ['bytes its nodes send', megabytes(ours.sent), megabytes(theirs.sent), ratio('sent'), '0.99 to 1.01'],
        ['bytes its nodes take', megabytes(ours.taken), megabytes(theirs.taken), ratio('taken'), '0.99 to 1.01'],
        ['time', `${ours.seconds.toFixed(1)} s`, `${theirs.seconds.toFixed(1)} s`, ratio('seconds'), ''],
      ],
    ),
  );
  console.log(`First parameter after each round: ${ours.first.join(' ')} here, ${theirs.first.join(' ')} there.`);
  writeResults('flower', { ...taken(), flwr: NEWEST, load, ours, theirs });
}
