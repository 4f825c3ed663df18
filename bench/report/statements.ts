// Numbers with a unit that no command measures: limits, settings, what others published. Each with the reason.
import { type Stated, stated } from './claim.ts';

export const statements: readonly Stated[] = [...stated('docs/algorithms.md', 'a default', '`lost` of them (1 %)')];
