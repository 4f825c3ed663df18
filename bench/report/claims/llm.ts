// Figures of packages/llm.
import { type Claim, says } from '../claim.ts';
import { interval } from '../../llm/kept-results.ts';
import { derived, figure, fixed, quotient } from '../figure.ts';

const readme = says('packages/llm/README.md');

/** A row of the table of frameworks. */
function step(width: number, place: number): Claim {
  const at = (key: string, digits: number) => figure(`llm-frameworks/steps/${place}/${key}`, fixed(digits));
  const claim = readme` | ${at('own', 0)} ms | ${at('tfjs', 0)} ms, ${at('overTfjs', 1)} × | ${at('jax', 0)} ms, ${at('overJax', 1)} × |`;
  return { ...claim, pieces: [`| ${width}${claim.pieces[0]}`, ...claim.pieces.slice(1)] };
}

const smollm = (key: string, digits: number, times = 1) => figure(`llm-smollm-step/${key}`, fixed(digits, times));
const seconds = (key: string) => smollm(`milliseconds/${key}`, 1, 1e-3);
const mebibytes = (key: string) => smollm(`peakBytes/${key}`, 0, 2 ** -20);

/** A step of this width by PyTorch's. */
const torch = (width: number) => quotient(`llm/times/d${width}`, `llm/times/torch d${width}`, fixed(2));

/** Ours by theirs. */
const beside = (own: string, other: string, digits: number) =>
  derived([`llm-smollm-step/${own}`, `llm-smollm-step/${other}`], (a, b) => a / b, fixed(digits));

const guide = says('docs/guides/language-models.md');

/** A row of the table of what a federation keeps: mean and interval over three seeds. */
function share(row: string, name: string): Claim {
  const keys = [0, 1, 2].map((seed) => `llm-federated/shares/${name}/${seed}`);
  const of = (part: 'mean' | 'half') => derived(keys, (...shares) => interval(shares)[part], fixed(1, 100));
  const claim = guide` | ${of('mean')} ± ${of('half')} % |`;
  return { ...claim, pieces: [`${row}${claim.pieces[0]}`, ...claim.pieces.slice(1)] };
}

/** Rows of that table by the name that the record has for them. */
const kept: Readonly<Record<string, string>> = {
  'local only': '| never: every device alone | –',
  'FedAvg, moments kept, 48 × 2': '| moments kept | 2',
  'FedAvg, moments kept, 24 × 4': '| moments kept | 4',
  'FedAvg, moments kept, 24 × 4, rate 0.003': '| moments kept, rate 0.003 | 4',
  'FedAvg, moments kept, 12 × 8': '| moments kept | 8',
  'Nesterov 1÷0.2, moments kept, 24 × 4': '| moments kept, then Nesterov 1 and 0.2 | 4',
  'FedAdam 0.002, corrected, 96 × 1': '| one gradient, then FedAdam at 0.002, bias corrected | 1',
  'FedAvg, 24 × 4': '| moments anew | 4',
  'FedAdam 0.003, 24 × 4': '| moments anew, then FedAdam at 0.003 | 4',
  'Nesterov 0.3÷0.9, 12 × 8': '| moments anew, then Nesterov 0.3 and 0.9 | 8',
};

/** A row of what two threads take beside one. */
const shared = (row: number, key = 'ratio') => figure(`llm-threads/rows/${row}/${key}`, fixed(2));

const sparse = (part: 'mean' | 'half') =>
  derived(
    [0, 1, 2].map((seed) => `llm-sparseloco/shares/${seed}`),
    (...shares) => interval(shares)[part],
    fixed(1, 100),
  );

export const llm: readonly Claim[] = [
  ...[64, 128, 256].map(step),
  ...Object.entries(kept).map(([name, row]) => share(row, name)),
  guide`where two loops reach ${shared(1, 'reach')} times one. A LoRA step of SmolLM2-135M took ${shared(1)} of the time of one thread`,
  guide`A token of it took ${shared(2)}, and a step of the small model of width 256 took ${shared(0)}`,
  guide`With three seeds SparseLoCo keeps ${sparse('mean')} ± ${sparse('half')} % of`,
  readme`a step takes ${torch(64)} times its time at width 64, ${torch(128)} at 128 and ${torch(256)} at 256`,
  readme`A step took ${seconds('step')} s of processor time and the process ${mebibytes('own')} MiB at its peak; with \`checkpoint: true\` ${seconds('checkpointed')} s and ${mebibytes('checkpointed')} MiB. It wrote ${smollm('tokensASecond', 0)} tokens a processor second.`,
  readme`in float32 and on one thread, took ${seconds('torch')} s and ${mebibytes('other')} MiB. A step took ${beside('milliseconds/step', 'milliseconds/torch', 1)} times its time here, and ${beside('peakBytes/own', 'peakBytes/other', 2)} of its memory`,
  guide`SmolLM2-135M takes ${smollm('bytes/weights', 0, 2 ** -20)} MiB and ${smollm('bytes/workspace', 0, 2 ** -20)} MiB to train`,
  guide`| ${smollm('bytes/checkpointed', 0, 2 ** -20)} MiB instead of ${smollm('bytes/workspace', 0, 2 ** -20)}, a third more time`,
];
