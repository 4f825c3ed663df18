/**
 * Who may see the page and use the API: whoever knows the password, for twelve hours a time or with each request.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SESSION = 12 * 3_600_000;
const MOST_SESSIONS = 100;
/** Wrong passwords a minute, after which nobody is let in until it has passed. */
const WRONG = 10;
const MINUTE = 60_000;

/** What a request is. */
export type Access = 'granted' | 'denied' | 'too many';

/** Passwords and sessions. */
export class Login {
  readonly #password: Buffer;
  readonly #secure: boolean;
  readonly #now: () => number;
  /** Digests of session names, and when they end. */
  readonly #sessions = new Map<string, number>();
  #wrong: number[] = [];

  /** @param secure - Whether browsers come over TLS, so that their cookies may too. */
  constructor(password: string, secure: boolean, now: () => number = () => performance.now()) {
    this.#password = digest(password);
    this.#secure = secure;
    this.#now = now;
  }

  /** By `Authorization: Bearer`, or by the cookie of a session. */
  access(request: Request): Access {
    const header = request.headers.get('authorization');
    if (header !== null) return this.#check(header.replace(/^Bearer /i, ''));
    const cookie = /(?:^|;\s*)fedkit=([0-9a-f]{64})(?:;|$)/.exec(request.headers.get('cookie') ?? '')?.[1];
    const ends = cookie === undefined ? undefined : this.#sessions.get(digest(cookie).toString('hex'));
    return ends !== undefined && ends > this.#now() ? 'granted' : 'denied';
  }

  /** The cookie of a new session, or why there is none. */
  begin(password: string): { readonly cookie: string } | Exclude<Access, 'granted'> {
    const access = this.#check(password);
    if (access !== 'granted') return access;
    const name = randomBytes(32).toString('hex');
    this.#sessions.set(digest(name).toString('hex'), this.#now() + SESSION);
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= MOST_SESSIONS) break;
      this.#sessions.delete(oldest);
    }
    return { cookie: this.#cookie(name, SESSION / 1000) };
  }

  /** Ends every session. @returns A cookie that takes the browser's away. */
  end(): string {
    this.#sessions.clear();
    return this.#cookie('', 0);
  }

  #check(password: string): Access {
    const now = this.#now();
    this.#wrong = this.#wrong.filter((time) => now - time < MINUTE);
    if (this.#wrong.length >= WRONG) return 'too many';
    // Digests have one length, and their comparison one time.
    if (timingSafeEqual(digest(password), this.#password)) return 'granted';
    this.#wrong.push(now);
    return 'denied';
  }

  #cookie(value: string, seconds: number): string {
    const secure = this.#secure ? '; Secure' : '';
    return `fedkit=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
