// The primitives of the second implementation: node:crypto and BigInt, nothing of the package.
import { createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';

const PRIME = 2n ** 31n - 1n;

export const sha256 = (...parts: Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
export const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Buffer =>
  parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest();
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
export const u8 = (...values: number[]): Buffer => Buffer.from(values);
export const label = (name: string, ...parts: Uint8Array[]): Buffer => {
  const text = Buffer.from(`fedkit/secagg/v2/${name}`);
  return sha256(u32(text.length), text, ...parts.flatMap((part) => [u32(part.length), part]));
};

function privateKey(secret: Uint8Array) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
export function publicOf(secret: Uint8Array): Buffer {
  return createPublicKey(privateKey(secret)).export({ format: 'der', type: 'spki' }).subarray(12);
}
export function agree(secret: Uint8Array, peer: Uint8Array): Buffer {
  const der = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), peer]);
  return diffieHellman({
    privateKey: privateKey(secret),
    publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }),
  });
}

/** The secret behind shares at `xs`, by Lagrange interpolation in BigInt. */
export function interpolate(xs: readonly number[], shares: readonly Buffer[]): Buffer {
  let secret = 0n;
  for (let limb = 8; limb >= 0; limb--) {
    let value = 0n;
    xs.forEach((x, i) => {
      let term = BigInt(shares[i].readUInt32LE(4 * limb));
      for (const other of xs) if (other !== x) term = (term * BigInt(other) * inverse(BigInt(other - x))) % PRIME;
      value += term;
    });
    secret = (secret << 29n) + (((value % PRIME) + PRIME) % PRIME);
  }
  const bytes = Buffer.alloc(32);
  for (let i = 0; i < 32; i++) bytes[i] = Number((secret >> BigInt(8 * i)) & 255n);
  return bytes;
}

function inverse(value: bigint): bigint {
  let [a, b, x, y] = [((value % PRIME) + PRIME) % PRIME, PRIME, 1n, 0n];
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return x;
}
