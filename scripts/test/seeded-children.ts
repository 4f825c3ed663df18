/** The environment in which processes and threads that a test starts draw from a seed. */
export const SEEDED = { NODE_OPTIONS: `--import=${new URL('seeded-process.mjs', import.meta.url).href}` };
