// Figures of docs/robust-rules.md.
import { type Claim, quoted, says } from '../claim.ts';
import { estimate } from '../experiment-lines.ts';
import { derived, figure, type Figure, fixed, significant } from '../figure.ts';

const PAGE = 'docs/robust-rules.md';
const page = says(PAGE);
const ms = (name: string): Figure => figure(`robust/milliseconds/${name}`, fixed(0));
const ratio = (name: string): Figure => figure(`robust/ratios/${name}`, fixed(1));

/** In the order of the records. */
const RULES = [
  'mean',
  'norm bounding',
  'coordinate median',
  'trimmed mean',
  'mean around median',
  'geometric median',
  'centered clipping',
  'Krum',
  'Multi-Krum',
  'Bulyan',
  'FLTrust',
  'mixing, coordinate median',
  'mixing, trimmed mean',
  'mixing, Krum',
  'buckets of 2, coordinate median',
  'ARC, trimmed mean',
  'H+',
];
/** They need more than 30 clients to withstand nine. */
const TOO_FEW = ['Bulyan', 'buckets of 2, coordinate median'];
const ATTACKS = ['honest', 'sign flip × 5', 'a little is enough', 'inner product', 'Gaussian'];

/** A line of a table: accuracies in percent under every attack, the worst of them, and among six liars what the rule costs. */
function accuracies(rule: string, place: number, rules: readonly string[], byzantine: number): Claim {
  const [forged, flipped] =
    byzantine === 6 ? ['robust-rules', 'flipped-labels'] : ['robust-rules-30', 'flipped-labels-30'];
  const cells = ATTACKS.map((_, attack) => ({ experiment: forged, row: attack * rules.length + place }));
  cells.splice(4, 0, { experiment: flipped, row: place });
  const means = cells.map(({ experiment, row }) => `experiments-${experiment}/rows/${row}/final/mean`);
  const cost = figure(`robust-evidence/rules/rule=${rule}/costMilliseconds`, fixed(0));
  return quoted(
    PAGE,
    `| ${rule} | ${byzantine} `,
    ...cells.flatMap(({ experiment, row }) => ['| ', ...estimate(experiment, row, 1, 100), ' ']),
    '| ',
    derived(means, (...values) => Math.min(...values), fixed(1, 100)),
    ' |',
    ...(byzantine === 6 ? [' ', cost, ' |'] : []),
  );
}
const withstanding = RULES.filter((rule) => !TOO_FEW.includes(rule));

export const robust: readonly Claim[] = [
  ...RULES.map((rule, place) => accuracies(rule, place, RULES, 6)),
  ...withstanding.map((rule, place) => accuracies(rule, place, withstanding, 9)),
  page`| \`coordinateMedian\` | ${ms('coordinateMedian')} | \`np.median(axis=0)\`: ${ms('numpyMedian')} ms | ${ratio('coordinateMedian ÷ np.median')} |`,
  page`| \`trimmedMean\`, 20 % from each end | ${ms('trimmedMean')} | \`np.partition\` and mean: ${ms('numpyPartition')} ms | ${ratio('trimmedMean ÷ np.partition')} |`,
  page`| \`krum\` | ${ms('krum')} | the loop of norms that Flower runs: ${ms('numpyNorms')} ms | ${ratio('krum ÷ loop of norms, as Flower')} |`,
  page`| \`coordinateMedian\` | ${ms('coordinateMedian')} | \`np.sort\` and the two middle rows: ${ms('numpyMedianBySort')} ms | ${ratio('coordinateMedian ÷ np.sort')} |`,
  page`| \`krum\` | ${ms('krum')} | a float32 Gram matrix: ${ms('numpyGram')} ms | ${ratio('krum ÷ float32 Gram matrix')} |`,
  page`the float32 Gram form was off by up to ${figure('robust/errors/gramFloat32Models/largestRelativeError', significant(2, 100))} %.`,
];
