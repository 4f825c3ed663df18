// What transport/node.ts uses of Node, so that core compiles without Node's types.
declare module 'node:http' {
  export interface IncomingMessage {
    readonly method?: string;
    readonly url?: string;
    readonly headers: {
      readonly host?: string;
      readonly 'content-length'?: string;
      readonly 'transfer-encoding'?: string;
    };
    readonly rawHeaders: readonly string[];
    readonly complete: boolean;
    on(event: 'data', listener: (chunk: Uint8Array) => void): void;
    on(event: 'end' | 'error' | 'close', listener: () => void): void;
    listenerCount(event: 'data'): number;
    pause(): void;
    resume(): void;
    destroy(): void;
  }
  export interface ServerResponse {
    readonly headersSent: boolean;
    readonly writableFinished: boolean;
    readonly destroyed: boolean;
    writeHead(status: number, headers: Record<string, string | number>): this;
    write(bytes: Uint8Array): boolean;
    end(bytes?: Uint8Array): void;
    end(characters: string, encoding: 'latin1'): void;
    on(event: 'drain' | 'close', listener: () => void): void;
    off(event: 'drain' | 'close', listener: () => void): void;
  }
  export interface Server {
    once(event: 'error', listener: (error: Error) => void): void;
    off(event: 'error', listener: (error: Error) => void): void;
    listen(port: number, host: string, listener: () => void): void;
    address(): unknown;
    close(callback: (error?: Error) => void): void;
    closeIdleConnections(): void;
    closeAllConnections(): void;
  }
  export function createServer(listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void): Server;
}

declare module 'node:https' {
  import type { IncomingMessage, Server, ServerResponse } from 'node:http';

  export function createServer(
    options: object,
    listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
  ): Server;
}
