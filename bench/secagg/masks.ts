// Mask expansion and addition: against `openssl speed`, and by engine.
// pnpm bench secagg masks [entries, default 100000] [rounds, default 30]
import { type CryptoProvider, nodeProvider, plainProvider, webProvider } from '@fedkit/secagg';
import { CHUNK_BYTES, VectorSum } from '../../packages/secagg/src/sum/vector-sum.ts';
import { wordMemory } from '../../packages/secagg/src/kernels/words.ts';
import { interleave, median, table, type Timed, writeResults } from '../shared/measure.ts';
import { opensslSpeed, yardstick } from '../shared/yardstick.ts';

const [entries = 100_000, rounds = 30] = process.argv.slice(2).map(Number);
const bytes = entries * 4;
const key = new Uint8Array(16).fill(3);
const REPEATS = 100;

/** CPU since `start`, as `openssl speed` counts it; WebCrypto's threads included. */
function milliseconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** The keystream of one mask, in the pieces in which it is added. */
function expand(provider: CryptoProvider, suite: 'aes-128-ctr' | 'chacha20', repeats: number): Timed {
  const longKey = suite === 'chacha20' ? new Uint8Array(32).fill(3) : key;
  return async () => {
    const start = process.cpuUsage();
    for (let i = 0; i < repeats; i++) {
      const next = await provider.keystream(suite, longKey, bytes);
      for (let at = 0; at < bytes; at += CHUNK_BYTES) {
        const piece = next(Math.min(CHUNK_BYTES, bytes - at));
        const got = piece instanceof Uint8Array ? piece : await piece;
        provider.discard?.(got);
      }
    }
    return milliseconds(start) / repeats;
  };
}

/** Only the addition, on words that are there already. */
function add(kind: 'simd' | 'plain'): Timed {
  const memory = wordMemory(2 * bytes + 64, kind);
  const target = Math.ceil(bytes / 16) * 16;
  return () => {
    const start = process.cpuUsage();
    for (let i = 0; i < REPEATS; i++) memory.add32(target, 0, entries);
    return milliseconds(start) / REPEATS;
  };
}

/** A whole mask into a sum: expansion, copy and addition. */
function whole(provider: CryptoProvider, kind: 'simd' | 'plain', repeats: number): Timed {
  const sum = new VectorSum([{ name: 'v', length: entries, bits: 26 }], kind);
  return async () => {
    const start = process.cpuUsage();
    for (let i = 0; i < repeats; i++) {
      const keystream = await provider.keystream('aes-128-ctr', key, bytes);
      await sum.addMasks(0, [{ keystream, sign: 1 }], provider.discard);
    }
    return milliseconds(start) / repeats;
  };
}

const node = nodeProvider();
const web = webProvider();
const candidates: Record<string, Timed> = {
  ...(node && { 'AES-128-CTR, node:crypto': expand(node, 'aes-128-ctr', REPEATS) }),
  ...(web && { 'AES-128-CTR, WebCrypto': expand(web, 'aes-128-ctr', 4) }),
  'AES-128-CTR, plain': expand(plainProvider, 'aes-128-ctr', 1),
  ...(node && { 'ChaCha20, node:crypto': expand(node, 'chacha20', REPEATS) }),
  'ChaCha20, plain': expand(plainProvider, 'chacha20', 1),
  'addition, SIMD': add('simd'),
  'addition, plain': add('plain'),
  ...(node && { 'whole mask, node:crypto and SIMD': whole(node, 'simd', REPEATS) }),
  ...(web && { 'whole mask, WebCrypto and SIMD': whole(web, 'simd', 4) }),
  'whole mask, plain and plain': whole(plainProvider, 'plain', 1),
};
const machine = yardstick();
// In blocks, each between two runs of openssl, so that both meet the same machine; the middle ratio counts.
const BLOCKS = 5;
const AES = 'AES-128-CTR, ';
const blocks: { times: Record<string, number>; openssl: number | undefined }[] = [];
for (let block = 0, before = opensslSpeed('aes-128-ctr', 16_384); block < BLOCKS; block++) {
  const times = await interleave(candidates, Math.ceil(rounds / BLOCKS));
  const after = opensslSpeed('aes-128-ctr', 16_384);
  blocks.push({ times, openssl: before === undefined || after === undefined ? undefined : (before + after) / 2e3 });
  before = after;
}
const names = Object.keys(candidates);
const times = Object.fromEntries(names.map((name) => [name, median(blocks.map((block) => block.times[name]))]));
const openssl = blocks[0].openssl === undefined ? undefined : median(blocks.map((block) => block.openssl as number));
const ratios =
  openssl === undefined
    ? {}
    : Object.fromEntries(
        names
          .filter((name) => name.startsWith(AES))
          .map((name) => [name, median(blocks.map((block) => bytes / block.times[name] / (block.openssl as number)))]),
      );
const perEntry = (name: string) => (name.startsWith('addition') ? 12 : 4) * entries;
console.log(`${entries} entries of 32 bits, CPU, medians of ${rounds}:\n`);
console.log(
  table(
    ['', 'CPU ms', 'GB/s', 'of openssl speed'],
    Object.entries(times).map(([name, time]) => [
      name,
      time.toFixed(4),
      (perEntry(name) / time / 1e6).toFixed(2),
      ratios[name]?.toFixed(3) ?? '',
    ]),
  ),
);
if (openssl !== undefined) {
  console.log(`\nopenssl speed -evp aes-128-ctr: ${(openssl / 1e6).toFixed(2)} GB/s, middle of ${BLOCKS}`);
}
console.log('goals: node:crypto ≥ 0.5 of openssl speed; SIMD addition ≤ 0.03 ms per 100,000 entries');
writeResults('secagg-masks', { entries, times, ratios, opensslBytesPerMillisecond: openssl }, machine());
