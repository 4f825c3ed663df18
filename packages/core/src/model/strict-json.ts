/**
 * JSON as typed readers take it. `JSON.parse` keeps the last of two equal keys, takes `1.0` for an integer and passes
 * lone surrogates on; a header that two readers understand differently is worse than none.
 *
 * @module
 */
import { FedkitError } from '../errors.ts';
import { isWellFormed } from '../utf8.ts';

/**
 * The value of `text`, in which no object has a key twice, every number is written as an integer ≥ 0 and every string
 * is well-formed. O(length).
 *
 * @param where - What is read, for the message.
 * @throws FedkitError `DECODE_FAILED` for anything else.
 */
export function parseStrictJson(where: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', `${where}: expected JSON, got other text`, { cause });
  }
  // The syntax is known to be right; what is left is to look at the tokens.
  const keys: (Set<string> | undefined)[] = [];
  let string = '';
  for (let i = 0; i < text.length; ) {
    const character = text[i];
    const end = character === '"' ? endOfString(text, i) : isDigit(character) ? endOfNumber(text, i) : i + 1;
    if (character === '{') keys.push(new Set());
    else if (character === '[') keys.push(undefined);
    else if (character === '}' || character === ']') keys.pop();
    else if (character === '"') {
      string = JSON.parse(text.slice(i, end));
      if (!isWellFormed(string)) malformed(where, 'well-formed text', text.slice(i, end));
    } else if (character === ':') {
      const names = keys[keys.length - 1] as Set<string>;
      if (names.has(string)) malformed(where, 'keys that differ', JSON.stringify(string));
      names.add(string);
    } else if (isDigit(character)) {
      const number = text.slice(i, end);
      if (!/^\d{1,16}$/.test(number)) malformed(where, 'integers ≥ 0, written as such', number);
    }
    i = end;
  }
  return value;
}

/** Behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}

function endOfNumber(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && /[-+.eE0-9]/.test(text[i])) i++;
  return i;
}

function isDigit(character: string): boolean {
  return character === '-' || (character >= '0' && character <= '9');
}

function malformed(where: string, expected: string, token: string): never {
  const got = token.length <= 64 ? token : `a token of ${token.length} characters`;
  throw new FedkitError('DECODE_FAILED', `${where}: expected ${expected}, got ${got}`);
}
