// The names that the project began with stay importable from the main entries, beside better ones where they came; and the page of
// names names what is there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const FIRST: Readonly<Record<string, string>> = {
  core: `Aggregator bucketing bulyan centeredClipping Contribution coordinateMedian decodeSafetensors ditto encodeSafetensors fedAdagrad
    fedAdam fedAsync fedAvg fedAvgM fedBuff fedDyn fedNova fedProx fedRep fedYogi flTrust geometricMedian krum Layout LocalObjective
    LocalResult mean meanAroundMedian mimeLite multiKrum nearestNeighborMixing normBounded qFedAvg record SamplingScheme scaffold
    serverAdagrad serverAdam ServerOptimizer serverSgd serverYogi Store sum Trainer trimmedMean weightedMean`,
  compression: `eden encodeToBudget errorFeedback float16 natural pipe qsgd randomK rotated signSgd stc ternary threshold topK uniform`,
  privacy: `Accountant adaptiveClipping analyticGaussianSigma auditOneRun calibrateNoiseStd clipL2 event gaussianMechanism Neighboring
    pldAccountant PldAccountant privacyLedger rdpAccountant skellamMechanism treeAggregationMechanism`,
  secagg: 'graphParameters SecAggClient SecAggServer',
};

/** The names that a source exports. */
function namesOf(text: string): string[] {
  return [...text.matchAll(/export (?:type )?(?:\* as (\w+)|\{([^}]*)\})/g)].flatMap(([, whole, list = '']) =>
    [whole, ...list.split(',').map((one) => one.trim().replace(/^type |.* as /g, ''))].filter(Boolean),
  );
}

it.each(Object.entries(FIRST))('%s exports what it began with', (name, names) => {
  const text = readFileSync(join(import.meta.dirname, `../packages/${name}/src/index.ts`), 'utf8');
  const exported = new Set(namesOf(text));
  expect(names.split(/\s+/).filter((one) => !exported.has(one))).toEqual([]);
});

/** What a source exports, as it is written there or in the files that it hands on. */
function exportedBy(module: string): Set<string> {
  const [, folder, path = ''] = /^@fedkit\/([\w-]+)(.*)$/.exec(module) as RegExpExecArray;
  const directory = join(import.meta.dirname, '../packages', folder);
  const { exports } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly '@fedkit/source': string }>>;
  };
  return new Set(namesOf(readFileSync(join(directory, exports[`.${path}`]['@fedkit/source']), 'utf8')));
}

it('has a page of names that packages export, each word once', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/names.md'), 'utf8');
  const rows = [...page.matchAll(/^\| ([^|]+?) +\| [^|]+ \| (`[^|]+) +\|$/gm)];
  expect(rows.length).toBeGreaterThan(40);
  const told = rows.flatMap(([, , code]) =>
    [...code.matchAll(/((?:`\w+`(?:, )?)+) of `([^`]+)`/g)].flatMap(([, names, module]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => ({ name, module })),
    ),
  );
  expect(told.length).toBeGreaterThan(rows.length);
  expect(told.filter(({ name, module }) => !exportedBy(module).has(name))).toEqual([]);
  const words = rows.map(([, word]) => word);
  expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([]);
});
