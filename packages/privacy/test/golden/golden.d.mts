import type { seededRng } from '@fedkit/core';
import type * as privacy from '../../src/index.ts';

interface Modules {
  readonly privacy: typeof privacy;
  readonly seededRng: typeof seededRng;
}

export function privacyGolden(modules: Modules): Readonly<Record<string, string>>;
