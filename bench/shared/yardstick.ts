// How fast this machine is while something is measured on it: rates that depend on the machine alone, taken before and
// after. On shared machines they change by a factor of two to three within minutes.
import { execFileSync } from 'node:child_process';
import { diffieHellman, generateKeyPairSync } from 'node:crypto';

/** Rates by processor time. */
export interface Rates {
  /** `openssl speed -evp aes-128-ctr` on 64 KiB blocks, in gigabytes a second; absent where there is no openssl. */
  readonly aesGigabytes?: number;
  /** X25519 derivations a second by `node:crypto`. */
  readonly x25519: number;
  /** Copying 64 MiB, which no cache holds, in gigabytes a second. */
  readonly copyGigabytes: number;
  /** Millions of steps a second of a loop in JavaScript whose every step waits for the one before. */
  readonly javascript: number;
}

/** The rates before and after. */
export interface Yardstick {
  readonly before: Rates;
  readonly after: Rates;
}

/** Bytes a second of `openssl speed`, of one algorithm, on blocks of so many bytes. */
export function opensslSpeed(algorithm: string, block: number): number | undefined {
  try {
    const text = execFileSync('openssl', ['speed', '-mr', '-seconds', '1', '-bytes', `${block}`, '-evp', algorithm], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const rate = /^\+F:\d+:[^:]+:([\d.]+)$/m.exec(text)?.[1];
    return rate === undefined ? undefined : Number(rate);
  } catch {
    return undefined;
  }
}

/** Times `work` a second of processor time, `repeats` runs of it. */
function rateOf(work: () => void, repeats: number): number {
  work();
  const start = process.cpuUsage();
  for (let i = 0; i < repeats; i++) work();
  const { user, system } = process.cpuUsage(start);
  return repeats / ((user + system) / 1e6);
}

/** The rates now; some two seconds of work. */
export function rates(): Rates {
  const { privateKey } = generateKeyPairSync('x25519');
  const { publicKey } = generateKeyPairSync('x25519');
  const [from, to] = [new Uint8Array(2 ** 26).fill(1), new Uint8Array(2 ** 26)];
  const two = (value: number) => Number(value.toPrecision(3));
  const aes = opensslSpeed('aes-128-ctr', 65_536);
  return {
    ...(aes === undefined ? {} : { aesGigabytes: two(aes / 1e9) }),
    x25519: Math.round(rateOf(() => diffieHellman({ privateKey, publicKey }), 4000)),
    copyGigabytes: two((rateOf(() => to.set(from), 10) * 2 ** 26) / 1e9),
    javascript: two(
      rateOf(() => {
        let state = 1;
        for (let i = 0; i < 1e7; i++) {
          state ^= state << 13;
          state ^= state >>> 17;
          state ^= state << 5;
        }
        if (state === 0) throw new Error('xorshift: expected a state, got zero');
      }, 10) * 10,
    ),
  };
}

/** Starts a measurement; the function it returns ends it, and prints both. */
export function yardstick(): () => Yardstick {
  const before = rates();
  return () => {
    const after = rates();
    const text = ({ aesGigabytes, x25519, copyGigabytes, javascript }: Rates) =>
      `${aesGigabytes === undefined ? '' : `openssl speed aes-128-ctr ${aesGigabytes} GB/s, `}X25519 ${x25519}/s, copy ${copyGigabytes} GB/s, JavaScript ${javascript} M/s`;
    console.log(`\nmachine before: ${text(before)}; after: ${text(after)}`);
    return { before, after };
  };
}

/** How quiet a machine was: the slower of before and after, all rates together. */
export function quietness({ before, after }: Yardstick): number {
  const [one, other] = [before, after].map(
    ({ aesGigabytes = 1, x25519, copyGigabytes, javascript }) => aesGigabytes * x25519 * copyGigabytes * javascript,
  );
  return Math.min(one, other);
}
