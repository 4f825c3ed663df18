// Seeded mutations of every codec's messages: each must decode to finite values or be refused by name.
import { fuzz } from '../../packages/compression/test/fuzz.ts';
import { CODECS } from '../../packages/compression/test/support.ts';
import { table } from '../shared/measure.ts';

const mutations = Number(process.argv[3] ?? 1_000_000);
const rows: string[][] = [];
for (const [name, codec] of Object.entries(CODECS)) {
  const start = performance.now();
  const { accepted, refused } = fuzz(codec, mutations, `bench ${name}`);
  rows.push([name, `${refused}`, `${accepted}`, ((performance.now() - start) / 1000).toFixed(1)]);
}
const peak = (process.resourceUsage().maxRSS / 1024).toFixed(0);
console.log(`${mutations} mutations a codec, no other outcome. Peak memory ${peak} MiB.\n`);
console.log(table(['codec', 'refused', 'decoded', 'seconds'], rows));
