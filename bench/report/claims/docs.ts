// Figures of other pages of docs.
import { type Claim, says } from '../claim.ts';
import { derived, figure, fixed } from '../figure.ts';

const scaling = says('docs/scaling.md');
const techniques = says('docs/techniques.md');
const models = says('docs/guides/language-models.md');
const transports = says('docs/transports.md');
const percent = fixed(0, 100);
const megabytes = fixed(0, 1e-6);

const grown = (parameters: number) => figure(`cluster-growth/grown/parameters=${parameters}/memory`, megabytes);
/** A row of the table of a round of a million. */
const million = (place: number) => ({
  hours: figure(`cluster-growth/settings/${place}/cpu`, fixed(1, 1 / 3600)),
  machines: figure(`cluster-growth/settings/${place}/machines`, fixed(2)),
  traffic: figure(`cluster-growth/settings/${place}/traffic`, fixed(0)),
});
const [plain, oneBit, adapter] = [million(0), million(1), million(3)];

const teacher = (seed: number) => figure(`llm-distill/closed/τ = 1, teacher alone/${seed}`, percent);
const half = (seed: number) => figure(`llm-distill/closed/τ = 2, half/${seed}`, percent);

const found = (arm: string) => figure(`llm-retrieval-shorthand/recall/${arm}/recall5`, fixed(1, 100));

/** The mean over three seeds. */
const above = (arm: string, digits: number) =>
  derived(
    [0, 1, 2].flatMap((seed) => [`llm-prune/found/${arm}/${seed}`, `llm-prune/found/whole/${seed}`]),
    (...[a, wholeA, b, wholeB, c, wholeC]) => (a / wholeA + b / wholeB + c / wholeC) / 3 - 1,
    fixed(digits, 100),
  );

/** A row of the table of quantized bases. */
function base(kind: string, place: number): Claim {
  const perplexity = `llm-quantized/found/${place}/perplexity`;
  const above = derived(
    [perplexity, 'llm-quantized/found/0/perplexity'],
    (own, float) => own / float - 1,
    fixed(2, 100),
  );
  const bytes = derived([`llm-quantized/found/${place}/bytes`], (value) => value / 1000, fixed(3));
  const claim = models` | ${{ ...bytes, format: (value) => fixed(3)(value).replace('.', ',') }} | ${figure(perplexity, fixed(3))} | ${above} %`;
  return { ...claim, pieces: [`| \`${kind}\`${claim.pieces[0]}`, ...claim.pieces.slice(1)] };
}

const ofNodeHttp = (kind: string) => figure(`transport/ofNodeHttp/${kind}`, fixed(2));
const samples = Array.from({ length: 20 }, (_, i) => `transport/memory/megabytes/${i}`);

export const docs: readonly Claim[] = [
  transports`authenticated and bounded reaches ${ofNodeHttp('take')} of it. One that folds them into a float32 mean reaches ${ofNodeHttp('float32')}; into a reproducible one, ${ofNodeHttp('fold')}.`,
  transports`before it acknowledges it, and reaches ${ofNodeHttp('server')}: ${figure('transport/clientsPerSecond/server', fixed(0))} clients a second and core.`,
  ...(
    [
      ['200,000 values', '200k', 1],
      ['2 million', '2m', 0],
      ['20 million', '20m', 0],
      ['2 million, the top 1 %', 'top-k', 0],
      ['one of a ring of 500 clients, 2,000 values, clients included', 'ring', 0],
    ] as const
  ).map(([update, name, digits]) => ({
    page: 'docs/transports.md',
    pieces: [`| ${update} | `, ' ms | ', ' |'],
    figures: [figure(`server-${name}/now/milliseconds`, fixed(digits)), figure(`server-${name}/ratio`, fixed(2))],
  })),
  transports`no other client waits longer than ${figure('server-stretch/now/stretch', fixed(0))} ms for a turn of the event loop, where it had waited ${figure('server-stretch/before/stretch', fixed(0))} ms. Two updates of 50 million at once take ${figure('server-50m/now/peak', megabytes)} MB at most`,
  transports`stays between ${derived(samples, Math.min, fixed(0))} and ${derived(samples, Math.max, fixed(0))} MB over 10,000 of them`,
  scaling`| measured | ${grown(1e6)} MB | ${grown(1e6)} MB | ${grown(4e6)} MB |`,
  scaling`make of it, off by ${figure('cluster-growth/worst/processor', percent)} % at most`,
  scaling`a job takes ${figure('cluster-growth/task/commands', fixed(0))} commands and ${figure('cluster-growth/task/bytes', fixed(0))} bytes`,
  scaling`says, off by ${figure('cluster-growth/worst/waiting', percent)} % at most`,
  scaling`| 10⁶ parameters | ${plain.hours} h | ${plain.machines} $ | ${plain.traffic} $ |`,
  scaling`says how far off it was: ${figure('cluster-queueing/worst', percent)} % at worst`,
  scaling`| the same, one bit a value | ${oneBit.hours} h | ${oneBit.machines} $ | ${oneBit.traffic} $ |`,
  scaling`| an adapter of 4·10⁶ | ${adapter.hours} h | ${adapter.machines} $ | ${adapter.traffic} $ |`,
  scaling`${figure('cluster-scale/most', megabytes)} MB of memory, of which ${figure('cluster-scale/before', megabytes)} MB were there before the first client`,
  techniques`${teacher(0)}, ${teacher(1)} and ${teacher(2)} % over three seeds by the teacher alone at τ = 1, and ${half(0)}, ${half(1)} and ${half(2)} % by half at τ = 2`,
  techniques`first five in ${found('BM25')} % by BM25, ${found('MiniLM')} % by MiniLM as published, ${found('federated')} % by MiniLM as eight other devices trained it, and ${found('federated and BM25')} % by that and BM25 together: ${figure('llm-retrieval-shorthand/recall/federated and BM25/gain/mean', fixed(1, 100))} ± ${figure('llm-retrieval-shorthand/recall/federated and BM25/gain/half', fixed(1, 100))} points`,
  techniques`for each hold ${figure('llm-answer/right/found', fixed(0))} of the ten answers; SmolLM2-135M read ${figure('llm-answer/right/answer', fixed(0))} of them out of its passages, and knew ${figure('llm-answer/right/alone', fixed(0))} without`,
  techniques`a device finds ${found('local')} %, and by the federation's model with the noise of ε = 8 in a cohort of 10,000, drawn here from eight, ${found('private')} %`,
  techniques`By itself it gains ${figure('llm-retrieval-shorthand/recall/federated/gain/mean', fixed(1, 100))} ± ${figure('llm-retrieval-shorthand/recall/federated/gain/half', fixed(1, 100))} points`,
  techniques`its loss is ${above('magnitude', 1)} % above the whole model's, and ${above('gradual', 1)} % where the mask shrank over the first eight. Scores of eight rounds are too few for movement: ${above('movement', 0)} % above`,
  ...['f16', 'q8_0', 'q4_1', 'q4_0', 'nf4'].map((kind, i) => base(kind, i + 1)),
];
