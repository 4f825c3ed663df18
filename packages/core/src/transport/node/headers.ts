/**
 * Web-standard `Headers` around those of `node:http`, made when more than single ones are asked for: making them costs as much as
 * the rest of a short request.
 *
 * @module
 */

/** A name as HTTP has them; what is wrong with another `Headers` says. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** A value that `Headers` would trim or refuse. */
const UNUSUAL = /^[\t ]|[\t ]$|[\0\r\n]/;
const METHODS = ['append', 'delete', 'entries', 'forEach', 'getSetCookie', 'has', 'keys', 'set', 'values'] as const;

class LazyHeaders {
  /** Names and values by turns, as they came. */
  readonly #raw: readonly string[];
  #whole: Headers | undefined;

  static {
    Object.setPrototypeOf(LazyHeaders.prototype, Headers.prototype);
    for (const name of [...METHODS, Symbol.iterator] as const) {
      Object.defineProperty(LazyHeaders.prototype, name, {
        value(this: LazyHeaders, ...words: unknown[]) {
          const whole = this.#all();
          return (whole[name] as (...words: unknown[]) => unknown).apply(whole, words);
        },
      });
    }
  }

  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    const found = this.#whole === undefined ? this.#single(name) : undefined;
    return found === undefined ? this.#all().get(name) : found;
  }

  /** The value of a header that came once, or not at all; `undefined` where `Headers` has more to say. */
  #single(name: unknown): string | null | undefined {
    if (typeof name !== 'string' || !NAME.test(name)) return undefined;
    const asked = name.toLowerCase();
    const raw = this.#raw;
    let found: string | null = null;
    for (let i = 0; i < raw.length; i += 2) {
      if (raw[i].length !== asked.length || raw[i].toLowerCase() !== asked) continue;
      if (found !== null || UNUSUAL.test(raw[i + 1])) return undefined;
      found = raw[i + 1];
    }
    return found;
  }

  #all(): Headers {
    if (this.#whole === undefined) {
      const whole = new Headers();
      for (let i = 0; i < this.#raw.length; i += 2) whole.append(this.#raw[i], this.#raw[i + 1]);
      this.#whole = whole;
    }
    return this.#whole;
  }
}

/** @param raw - `rawHeaders` of a message of `node:http`. */
export function lazyHeaders(raw: readonly string[]): Headers {
  return new LazyHeaders(raw) as unknown as Headers;
}
