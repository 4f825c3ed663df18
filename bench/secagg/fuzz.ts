// Mutated messages on both sides, as many as wanted: only typed errors, nothing changed by a refused one.
// pnpm bench secagg fuzz [mutations, default 1000000] [seed, default 1]
import { fuzzConfigs, fuzzRound, signedFuzzConfigs } from '../../packages/secagg/test/fuzz.ts';
import { writeResults } from '../shared/measure.ts';

const mutations = Number(process.argv[2] ?? 1_000_000);
const seed = process.argv[3] ?? '1';
const BATCH = 2000;
const configs = [...fuzzConfigs(), ...signedFuzzConfigs()];
const began = process.cpuUsage();
let refused = 0;
let accepted = 0;
for (let batch = 0; refused + accepted < mutations; batch++) {
  const counts = await fuzzRound(configs[batch % configs.length], BATCH, `${seed}/${batch}`);
  refused += counts.refused;
  accepted += counts.accepted;
  if (batch % 25 === 24) console.log(`${refused + accepted} mutations: ${refused} refused, ${accepted} accepted`);
}
const { user, system } = process.cpuUsage(began);
console.log(
  `${refused + accepted} mutations: ${refused} refused by type, ${accepted} legitimate; every honest sum was right; ${Math.round((user + system) / 1e6)} s CPU`,
);
if (refused + accepted >= 1_000_000) {
  writeResults('secagg-fuzz', {
    mutations: refused + accepted,
    refused,
    accepted,
    seed,
    cpuSeconds: (user + system) / 1e6,
  });
}
