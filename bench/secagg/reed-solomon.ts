// Decoding secrets of which some shares are wrong: the same holders wrong for all, and others for each.
// pnpm bench secagg reed-solomon [secrets, default 1000] [r, default 700] [t, default 667] [wrong, default 5]
import { seededRng } from '@fedkit/core';
import { PRIME } from '../../packages/secagg/src/field31.ts';
import { ShareDecoder } from '../../packages/secagg/src/share-decoder.ts';
import { SHARE_BYTES, dealShares, shareWords } from '../../packages/secagg/src/shamir.ts';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';

const [secrets = 1000, r = 700, t = 667, errors = 5] = process.argv.slice(2).map(Number);
const rng = seededRng('reed-solomon');
const abscissas = Uint32Array.from({ length: r }, (_, i) => i + 1);
const dealt = Array.from({ length: secrets }, () => {
  const secret = rng.fill(new Uint8Array(32));
  const [bytes] = dealShares([secret], t, abscissas, rng);
  const shares = Array.from({ length: r }, (_, i) =>
    shareWords(bytes.subarray(i * SHARE_BYTES, (i + 1) * SHARE_BYTES)),
  );
  return { secret, shares };
});
const places = new Uint32Array(r);

function spoil(each: boolean): { spoiled: Uint32Array[][]; wrong: number[][] } {
  const same = Array.from({ length: errors }, (_, i) => 13 * i + 2);
  const wrong = dealt.map((_, k) => (each ? same.map((place) => (place + 17 * k) % r).sort((a, b) => a - b) : same));
  const spoiled = dealt.map(({ shares }, k) =>
    shares.map((share, i) => (wrong[k].includes(i) ? share.map((word) => (word + 1) % PRIME) : share)),
  );
  return { spoiled, wrong };
}

function decodeAll(each: boolean): number {
  const { spoiled, wrong } = spoil(each);
  const before = process.cpuUsage();
  const decoder = new ShareDecoder(abscissas, t);
  const decoded = spoiled.map((shares) => decoder.decode(shares, places, rng));
  const { user, system } = process.cpuUsage(before);
  decoded.forEach((found, k) => {
    const right =
      found?.wrong.join() === wrong[k].join() && found.secret.every((byte, i) => byte === dealt[k].secret[i]);
    if (!right) throw new Error(`secret ${k}: expected it rebuilt and ${errors} shares named, got otherwise`);
  });
  return (user + system) / 1000;
}

const machine = yardstick();
const runs = [0, 1, 2, 3, 4];
const same = median(runs.map(() => decodeAll(false)));
const each = median(runs.map(() => decodeAll(true)));
console.log(`${secrets} secrets of 32 bytes, r = ${r}, t = ${t}, ${errors} wrong shares each; CPU, median of 5\n`);
console.log(
  table(
    ['what', 'ms'],
    [
      ['the same holders wrong for every secret', same.toFixed(0)],
      ['others for every secret', each.toFixed(0)],
    ],
  ),
);
writeResults('secagg-reed-solomon', { secrets, r, t, errors, sameHolders: same, othersEach: each }, machine());
