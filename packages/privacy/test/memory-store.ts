import type { Store } from '@fedkit/core';

/** A store in memory; `values` is open to tampering, and `failNext` to crashes. */
export class TestStore implements Store {
  readonly values = new Map<string, Uint8Array>();
  failNext = false;

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.values.get(key)?.slice());
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    if (this.failNext) {
      this.failNext = false;
      return Promise.reject(new Error('the disk is full'));
    }
    this.values.set(key, bytes.slice());
    return Promise.resolve();
  }

  async create(key: string, bytes: Uint8Array): Promise<boolean> {
    if (this.values.has(key)) return false;
    await this.put(key, bytes);
    return true;
  }

  delete(key: string): Promise<void> {
    this.values.delete(key);
    return Promise.resolve();
  }

  keys(prefix: string): AsyncIterable<string> {
    const found = [...this.values.keys()].filter((key) => key.startsWith(prefix));
    return { [Symbol.asyncIterator]: () => asAsync(found[Symbol.iterator]()) };
  }
}

function asAsync(iterator: Iterator<string>): AsyncIterator<string> {
  return { next: () => Promise.resolve(iterator.next()) };
}
