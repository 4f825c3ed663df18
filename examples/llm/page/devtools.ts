/**
 * A headless Chromium that a test drives by the DevTools protocol over two pipes: no port, no dependency.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, never>;
  readonly error?: { readonly message: string };
}

/** A page that is open. */
export class BrowserPage {
  readonly #browser: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #session: string | undefined;
  #next = 1;

  private constructor(browser: ChildProcess, profile: string) {
    this.#browser = browser;
    this.#profile = profile;
    let text = '';
    (browser.stdio[4] as Readable).setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const messages = text.split('\0');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const answer = JSON.parse(message) as Answer;
        if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
      }
    });
    browser.on('exit', () => {
      for (const settle of this.#waiting.values()) settle({ error: { message: 'the browser ended' } });
    });
  }

  /** Starts `program` and opens `url`. */
  static async open(program: string, url: string): Promise<BrowserPage> {
    const profile = mkdtempSync(join(tmpdir(), 'fedkit-page-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
    const browser = spawn(program, [...flags, '--remote-debugging-pipe', `--user-data-dir=${profile}`], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: profile },
    });
    const page = new BrowserPage(browser, profile);
    const { targetId } = await page.ask('Target.createTarget', { url });
    const { sessionId } = await page.ask('Target.attachToTarget', { targetId, flatten: true });
    page.#session = sessionId;
    return page;
  }

  /** One command of the protocol. */
  ask(method: string, params: object = {}): Promise<Record<string, never>> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        this.#waiting.delete(id);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result ?? {});
      });
      const session = this.#session === undefined ? {} : { sessionId: this.#session };
      (this.#browser.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    });
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.ask('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as unknown as { result: { value: T }; exceptionDetails?: { text: string } };
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  /** Waits until an expression is true. @throws Error with what `otherwise` is then. */
  async until(expression: string, otherwise: string, patience: number): Promise<void> {
    for (const end = Date.now() + patience; ; ) {
      if (await this.evaluate<boolean>(`Boolean(${expression})`)) return;
      if (Date.now() > end) throw new Error(`${expression} stayed false: ${await this.evaluate<string>(otherwise)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Picks a file in an input. */
  async pick(selector: string, path: string): Promise<void> {
    const { root } = (await this.ask('DOM.getDocument')) as unknown as { root: { nodeId: number } };
    const { nodeId } = await this.ask('DOM.querySelector', { nodeId: root.nodeId, selector });
    await this.ask('DOM.setFileInputFiles', { nodeId, files: [path] });
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#browser.once('exit', resolve));
    this.#browser.kill();
    await gone;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }
}
