// The names that the project began with stay importable from the main entries, beside better ones where they came.
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

it.each(Object.entries(FIRST))('%s exports what it began with', (name, names) => {
  const text = readFileSync(join(import.meta.dirname, `../packages/${name}/src/index.ts`), 'utf8');
  const exported = new Set(
    [...text.matchAll(/export (?:type )?(?:\* as (\w+)|\{([^}]*)\})/g)].flatMap(([, whole, list = '']) =>
      [whole, ...list.split(',').map((one) => one.trim().replace(/^type |.* as /g, ''))].filter(Boolean),
    ),
  );
  expect(names.split(/\s+/).filter((one) => !exported.has(one))).toEqual([]);
});
