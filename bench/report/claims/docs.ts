// Figures of other pages of docs.
import { type Claim, says } from '../claim.ts';
import { derived, figure, fixed } from '../figure.ts';

const scaling = says('docs/scaling.md');
const techniques = says('docs/techniques.md');
const models = says('docs/guides/language-models.md');
const transports = says('docs/transports.md');
const percent = fixed(0, 100);
const megabytes = fixed(0, 1e-6);

const teacher = (seed: number) => figure(`llm-distill/closed/τ = 1, teacher alone/${seed}`, percent);
const half = (seed: number) => figure(`llm-distill/closed/τ = 2, half/${seed}`, percent);

const found = (arm: string) => figure(`llm-retrieval-shorthand/recall/${arm}/recall5`, fixed(1, 100));

const above = (arm: string, digits: number) =>
  derived([`llm-prune/found/${arm}/0`, 'llm-prune/found/whole/0'], (own, whole) => own / whole - 1, fixed(digits, 100));

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
  transports`stays between ${derived(samples, Math.min, fixed(0))} and ${derived(samples, Math.max, fixed(0))} MB over 10,000 of them`,
  scaling`the reproducible mean took ${figure('cluster-speed/cpu', fixed(2, 1e-3))} s of processor time for 128 updates`,
  scaling`${figure('cluster-scale/most', megabytes)} MB of memory, of which ${figure('cluster-scale/before', megabytes)} MB were there before the first client`,
  techniques`${teacher(0)}, ${teacher(1)} and ${teacher(2)} % over three seeds by the teacher alone at τ = 1, and ${half(0)}, ${half(1)} and ${half(2)} % by half at τ = 2`,
  techniques`first five in ${found('BM25')} % by BM25, ${found('MiniLM')} % by MiniLM as published, ${found('federated')} % by MiniLM as eight other devices trained it, and ${found('federated and BM25')} % by that and BM25 together: ${figure('llm-retrieval-shorthand/recall/federated and BM25/gain/mean', fixed(1, 100))} ± ${figure('llm-retrieval-shorthand/recall/federated and BM25/gain/half', fixed(1, 100))} points`,
  techniques`its loss is ${above('magnitude', 1)} % above the whole model's, and ${above('gradual', 1)} % where the mask shrank over the first eight. Scores of eight rounds are too few for movement: ${above('movement', 0)} % above`,
  ...['f16', 'q8_0', 'q4_1', 'q4_0', 'nf4'].map((kind, i) => base(kind, i + 1)),
];
