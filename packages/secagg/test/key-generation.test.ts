import * as crypto from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeProvider } from '../src/crypto/node.ts';

afterEach(() => vi.restoreAllMocks());

describe('generated keys', () => {
  // Node 20 hangs where a garbage collection starts while it makes the JWK of a key and frees the job that generated it: once
  // in some ten thousand keys, so that waiting for it is no test.
  it('are never made into a JWK', () => {
    const generated = new Set<unknown>();
    const refuse = (key: unknown) => {
      if (generated.has(key)) throw new Error('a public key, and so a JWK, from a generated key');
    };
    const watched = {
      ...crypto,
      generateKeyPairSync() {
        const { privateKey, publicKey } = crypto.generateKeyPairSync('x25519');
        for (const key of [privateKey, publicKey]) {
          generated.add(key);
          const original = key.export.bind(key) as unknown as (options: { format: string }) => Buffer;
          Object.assign(key, {
            export(options: { format: string }) {
              if (options.format === 'jwk') refuse(key);
              return original(options);
            },
          });
        }
        return { privateKey, publicKey };
      },
      createPublicKey(key: crypto.KeyObject) {
        refuse(key);
        return crypto.createPublicKey(key);
      },
    };
    const builtIn = process.getBuiltinModule.bind(process) as (name: string) => object;
    vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) =>
      name === 'node:crypto' ? watched : builtIn(name),
    );
    const provider = nodeProvider();
    const made = provider?.generate?.();
    expect(generated.size).toBeGreaterThan(0);
    const imported = provider?.agreement(made?.secretKey as Uint8Array);
    expect(made?.agreement.publicKey).toEqual((imported as { publicKey: Uint8Array }).publicKey);
  });
});
