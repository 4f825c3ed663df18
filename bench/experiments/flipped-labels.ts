// Rules on MNIST where six of 30 clients train honestly on flipped labels, five seeds. pnpm bench experiments flipped-labels
import { robustRules } from '../robust-evidence/experiment.ts';

export default robustRules('flipped-labels', { byzantine: 6, by: 'labels' });
