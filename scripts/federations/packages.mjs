// The packages as they are published, for engines that find no names from here. Run after `pnpm build`.
import * as compression from '../../packages/compression/dist/index.js';
import * as core from '../../packages/core/dist/index.js';
import * as privacy from '../../packages/privacy/dist/index.js';
import * as secagg from '../../packages/secagg/dist/index.js';

export const packages = { compression, core, privacy, secagg };
