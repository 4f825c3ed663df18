// Figures of packages/privacy/README.md.
import { type Claim, says } from '../claim.ts';
import { line } from '../experiment-lines.ts';
import { figure, type Format, fixed, significant } from '../figure.ts';

const PAGE = 'packages/privacy/README.md';
const page = says(PAGE);
const two = significant(2);
const ms = (i: number) => figure(`accounting/questions/${i}/milliseconds`, two);
const peer = (i: number, format: Format = fixed(0)) => figure(`accounting/questions/${i}/peerMilliseconds`, format);
const ratio = (i: number) => figure(`accounting/questions/${i}/ratio`, two);
const seconds = fixed(1, 1e-3);
const mechanism = (name: string) => figure(`mechanisms/milliseconds/${name}`, fixed(0));

export const privacy: readonly Claim[] = [
  page`each at its default; ours 1.9e-4 above | ${ms(0)} ms | ${peer(0)} ms | ${ratio(0)} |`,
  page`upper bounds equal to 2e-6 | ${ms(1)} ms | ${peer(1)} ms | ${ratio(1)} |`,
  page`each at its default; ours 1.2e-4 above | ${ms(2)} ms | ${peer(2)} ms | ${ratio(2)} |`,
  page`upper bounds equal to 3e-6 | ${ms(3)} ms | ${peer(3)} ms | ${ratio(3)} |`,
  page`each at its default; ours 0.0017 below | ${ms(4)} ms | ${peer(4)} ms | ${ratio(4)} |`,
  page`q = 1e-4, 10,000 steps on one interval of 1e-4 | ${ms(5)} ms | ${peer(5)} ms | ${ratio(5)} |`,
  page`noise for ε = 2, to 1e-4 | ${ms(6)} ms | ${peer(6, seconds)} s | ${ratio(6)} |`,
  page`RDP ε against Opacus | ${ms(7)} ms | ${peer(7, fixed(1))} ms | ${ratio(7)} |`,
  page`Discrete Gaussian noise takes ${mechanism('gaussianTable')} ms by table and ${mechanism('gaussianRejection')} ms by rejection, Skellam ${mechanism('skellam')} ms, Box-Muller in floating point ${mechanism('boxMuller')} ms. To clip, round, sum and add noise takes ${mechanism('mechanism')} ms in integers, and ${mechanism('naive')} ms naively in floats.`,
  ...[100, 1000, 6000].map((clients, place) => {
    const rows = [0, 1, 2, 3].map((channel) => 4 * place + channel);
    return line({ page: PAGE, experiment: 'dp-utility', name: `${clients}`, rows, digits: 1, times: 100 });
  }),
];
