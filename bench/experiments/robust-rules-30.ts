// The same where nine of 30 lie, by the rules that can be told so. pnpm bench experiments robust-rules-30
import { robustRules } from '../robust-evidence/experiment.ts';

export default robustRules('robust-rules-30', { byzantine: 9, by: 'updates' });
