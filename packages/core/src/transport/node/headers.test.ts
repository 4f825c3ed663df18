import { describe, expect, it } from 'vitest';
import { lazyHeaders } from './headers.ts';

const RAW: readonly (readonly string[])[] = [
  ['Content-Type', 'text/plain', 'X-One', 'a', 'x-one', 'b', 'Cookie', 'a=1', 'cookie', 'b=2'],
  ['authorization', 'Bearer x', 'AUTHORIZATION', 'Bearer y'],
  ['padded', ' \ta b\t', 'empty', '', 'latin', '\u00a0é\u00a0'],
  [],
];
const NAMES = ['content-type', 'CONTENT-TYPE', 'x-one', 'cookie', 'authorization', 'padded', 'empty', 'latin', 'none'];

/** The engine's own of the same. */
function own(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let i = 0; i < raw.length; i += 2) headers.append(raw[i], raw[i + 1]);
  return headers;
}

describe('lazyHeaders', () => {
  it.each(RAW.map((raw) => [raw]))('says what Headers says of %j', (raw) => {
    const headers = lazyHeaders(raw);
    expect(NAMES.map((name) => headers.get(name))).toEqual(NAMES.map((name) => own(raw).get(name)));
    expect(NAMES.map((name) => headers.has(name))).toEqual(NAMES.map((name) => own(raw).has(name)));
    expect([...headers]).toEqual([...own(raw)]);
    expect([...new Headers(headers)]).toEqual([...own(raw)]);
    expect(headers).toBeInstanceOf(Headers);
  });

  it('refuses the names and values that Headers refuses', () => {
    for (const name of ['', 'a b', 'é', 'a:']) expect(() => lazyHeaders(['a', 'b']).get(name)).toThrow(TypeError);
    expect(() => lazyHeaders(['a', 'b\0c']).get('a')).toThrow(TypeError);
  });

  it('can be changed', () => {
    const headers = lazyHeaders(['a', '1', 'b', '2']);
    expect(headers.get('a')).toBe('1');
    headers.set('a', '3');
    headers.append('b', '4');
    headers.delete('none');
    expect([headers.get('a'), headers.get('b'), headers.get('none')]).toEqual(['3', '2, 4', null]);
    const all: string[] = [];
    headers.forEach((value, name) => all.push(`${name} ${value}`));
    expect(all).toEqual(['a 3', 'b 2, 4']);
  });
});
