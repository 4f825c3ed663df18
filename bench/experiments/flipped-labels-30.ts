// The same where nine of 30 do, by the rules that can be told so. pnpm bench experiments flipped-labels-30
import { robustRules } from '../robust-evidence/experiment.ts';

export default robustRules('flipped-labels-30', { byzantine: 9, by: 'labels' });
