// Figures of docs/robust-rules.md.
import { type Claim, says } from '../claim.ts';
import { figure, type Figure, fixed, significant } from '../figure.ts';

const page = says('docs/robust-rules.md');
const ms = (name: string): Figure => figure(`robust/milliseconds/${name}`, fixed(0));
const ratio = (name: string): Figure => figure(`robust/ratios/${name}`, fixed(1));

export const robust: readonly Claim[] = [
  page`| \`coordinateMedian\` | ${ms('coordinateMedian')} | \`np.median(axis=0)\`: ${ms('numpyMedian')} ms | ${ratio('coordinateMedian ÷ np.median')} |`,
  page`| \`trimmedMean\`, 20 % from each end | ${ms('trimmedMean')} | \`np.partition\` and mean: ${ms('numpyPartition')} ms | ${ratio('trimmedMean ÷ np.partition')} |`,
  page`| \`krum\` | ${ms('krum')} | the loop of norms that Flower runs: ${ms('numpyNorms')} ms | ${ratio('krum ÷ loop of norms, as Flower')} |`,
  page`| \`coordinateMedian\` | ${ms('coordinateMedian')} | \`np.sort\` and the two middle rows: ${ms('numpyMedianBySort')} ms | ${ratio('coordinateMedian ÷ np.sort')} |`,
  page`| \`krum\` | ${ms('krum')} | a float32 Gram matrix: ${ms('numpyGram')} ms | ${ratio('krum ÷ float32 Gram matrix')} |`,
  page`the float32 Gram form was off by up to ${figure('robust/errors/gramFloat32Models/largestRelativeError', significant(2, 100))} %.`,
];
