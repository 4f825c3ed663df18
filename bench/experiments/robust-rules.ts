// Rules under attacks on MNIST, five seeds, each told that six of 30 clients may lie, and six do. pnpm bench experiments robust-rules
import { robustRules } from '../robust-evidence/experiment.ts';

export default robustRules('robust-rules', { byzantine: 6, by: 'updates' });
