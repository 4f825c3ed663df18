// Mask expansion and addition: against `openssl speed`, and by engine.
// pnpm bench secagg masks [entries, default 100000] [rounds, default 30]
import { execFileSync } from 'node:child_process';
import { type CryptoProvider, nodeProvider, plainProvider, webProvider } from '@fedkit/secagg';
import { CHUNK_BYTES, VectorSum } from '../../packages/secagg/src/sum/vector-sum.ts';
import { wordMemory } from '../../packages/secagg/src/kernels/words.ts';
import { interleave, table, type Timed, writeResults } from '../shared/measure.ts';

const [entries = 100_000, rounds = 30] = process.argv.slice(2).map(Number);
const bytes = entries * 4;
const key = new Uint8Array(16).fill(3);
const REPEATS = 20;

/** The keystream of one mask, in the pieces in which it is added. */
function expand(provider: CryptoProvider, suite: 'aes-128-ctr' | 'chacha20', repeats: number): Timed {
  const longKey = suite === 'chacha20' ? new Uint8Array(32).fill(3) : key;
  return async () => {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) {
      const next = await provider.keystream(suite, longKey, bytes);
      for (let at = 0; at < bytes; at += CHUNK_BYTES) {
        const chunk = next(Math.min(CHUNK_BYTES, bytes - at));
        if (!(chunk instanceof Uint8Array)) await chunk;
      }
    }
    return (performance.now() - start) / repeats;
  };
}

/** Only the addition, on words that are there already. */
function add(kind: 'simd' | 'plain'): Timed {
  const memory = wordMemory(2 * bytes + 64, kind);
  const target = Math.ceil(bytes / 16) * 16;
  return () => {
    const start = performance.now();
    for (let i = 0; i < REPEATS; i++) memory.add32(target, 0, entries);
    return (performance.now() - start) / REPEATS;
  };
}

/** A whole mask into a sum: expansion, copy and addition. */
function whole(provider: CryptoProvider, kind: 'simd' | 'plain', repeats: number): Timed {
  const sum = new VectorSum([{ name: 'v', length: entries, bits: 26 }], kind);
  return async () => {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) await sum.addMask(0, await provider.keystream('aes-128-ctr', key, bytes), 1);
    return (performance.now() - start) / repeats;
  };
}

/** Bytes a millisecond of `openssl speed` on 16 KiB blocks, CPU time, or of nothing where it is missing. */
function opensslSpeed(): number | undefined {
  try {
    const text = execFileSync('openssl', ['speed', '-mr', '-seconds', '1', '-bytes', '16384', '-evp', 'aes-128-ctr'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const rate = /^\+F:\d+:[^:]+:([\d.]+)$/m.exec(text)?.[1];
    return rate === undefined ? undefined : Number(rate) / 1000;
  } catch {
    return undefined;
  }
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
const before = opensslSpeed();
const times = await interleave(candidates, rounds);
const after = opensslSpeed();
const openssl = before === undefined || after === undefined ? undefined : (before + after) / 2;
const perEntry = (name: string) => (name.startsWith('addition') ? 12 : 4) * entries;
console.log(`${entries} entries of 32 bits, medians of ${rounds}:\n`);
console.log(
  table(
    ['', 'ms', 'GB/s', 'of openssl speed'],
    Object.entries(times).map(([name, time]) => [
      name,
      time.toFixed(4),
      (perEntry(name) / time / 1e6).toFixed(2),
      openssl !== undefined && name.startsWith('AES') ? (bytes / time / openssl).toFixed(3) : '',
    ]),
  ),
);
if (openssl !== undefined) {
  console.log(
    `\nopenssl speed -evp aes-128-ctr: ${(openssl / 1e6).toFixed(2)} GB/s, mean of one run before and one after`,
  );
}
console.log('goals: node:crypto ≥ 0.5 of openssl speed; SIMD addition ≤ 0.03 ms per 100,000 entries');
writeResults('secagg-masks', { entries, times, opensslBytesPerMillisecond: openssl });
