import { compression } from './compression.ts';
import { privacy } from './privacy.ts';
import { readme } from './readme.ts';
import { robust } from './robust.ts';

/** Everything that a page quotes from bench/results. */
export const claims = [...readme, ...privacy, ...compression, ...robust];
