import { algorithms } from './algorithms.ts';
import { compression } from './compression.ts';
import { docs } from './docs.ts';
import { llm } from './llm.ts';
import { privacy } from './privacy.ts';
import { readme } from './readme.ts';
import { robust } from './robust.ts';
import { secagg } from './secagg.ts';

/** Everything that a page quotes from bench/results. */
export const claims = [...readme, ...privacy, ...compression, ...secagg, ...robust, ...llm, ...algorithms, ...docs];
