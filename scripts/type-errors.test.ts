// What the compiler says to wrong combinations: each message has to name what is wanted.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'fedkit-type-errors-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const HEAD = `
import { centralDp, coordinateMedian, fedAvg, secureSum, softmaxRegression, uniformSelection } from '@fedkit/core';
import { eden, rotated, wrapped } from '@fedkit/compression';
import { gaussianMechanism } from '@fedkit/privacy';
import { secureAggregation } from '@fedkit/secagg';

const { layout } = softmaxRegression({ inputs: 2, classes: 2 });
const aggregation = secureAggregation({ corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey: new Uint8Array(32) });
const sum = { layout, aggregation, minimumContributors: 3, maximumWeight: 100, wrapProbability: 1e-6 } as const;
const codec = rotated(wrapped({ bits: 20, spread: 1 }));
const noise = { algorithm: fedAvg(), layout, noiseStd: 1, weighting: { kind: 'uniform' }, expectedContributors: 3 } as const;
`;

/** What is wrong, and what the message has to say. */
const WRONG: readonly (readonly [string, RegExp])[] = [
  ['secureSum({ ...sum, algorithm: fedAvg(), codec: eden({ bits: 4 }) })', /from type 'LinearCodec'/],
  ['secureSum({ ...sum, algorithm: fedAvg(), codec: { update: eden({ bits: 4 }) } })', /from type 'LinearCodec'/],
  [
    'secureSum({ ...sum, algorithm: fedAvg({ aggregate: coordinateMedian }), codec })',
    /LinearAggregator|LinearAlgorithm/,
  ],
  [
    'centralDp({ ...noise, selection: uniformSelection({ cohort: 3 }), mechanism: (given) => gaussianMechanism({ placement: "central", ...given }) })',
    /'clip' is missing/,
  ],
];

it('names what a combination lacks', async () => {
  symlinkSync(join(root, 'examples/node_modules'), join(scratch, 'node_modules'), 'junction');
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }\n');
  const files = WRONG.map(([code], i) => {
    writeFileSync(join(scratch, `wrong-${i}.ts`), `${HEAD}\nexport const wrong = ${code};\n`);
    return `wrong-${i}.ts`;
  });
  const compilerOptions = {
    noEmit: true,
    composite: false,
    isolatedDeclarations: false,
    declaration: false,
    declarationMap: false,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    noUnusedLocals: false,
    lib: ['ES2023', 'DOM'],
    types: [],
  };
  const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions, files };
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { stdout } = await promisify(execFile)(tsc, ['-p', scratch]).catch((error: { stdout: string }) => error);
  const messages = stdout.split(/^(?=\S)/m);
  WRONG.forEach(([code, said], i) => {
    const own = messages.filter((message) => message.includes(`wrong-${i}.ts`));
    expect(own.join(''), code).toMatch(said);
  });
});
