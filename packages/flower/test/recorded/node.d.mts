import type * as core from '@fedkit/core';
import type * as flower from '@fedkit/flower';
import type { FlowerNodeProgress } from '@fedkit/flower';

/** What a recorded node is made of. */
interface Parts {
  readonly core: Pick<typeof core, 'softmaxRegression' | 'plainTrainer' | 'memoryStore' | 'seededRng'>;
  readonly flower: Pick<typeof flower, 'flowerNode' | 'curveKeys'>;
  readonly p384: flower.P384;
  readonly sha256: (message: Uint8Array) => Uint8Array;
}

/** One call of a node: its path, its signature, both bodies in hex, and the time of day when it was answered. */
export interface RecordedCall {
  readonly path: string;
  readonly signature: string;
  readonly request: string;
  readonly status: number;
  readonly answer: string;
  readonly at: number;
}

/** What a SuperLink and a node said to each other, from a moment on. */
export interface Recording {
  readonly from: number;
  readonly calls: readonly RecordedCall[];
}

export function startNode(
  parts: Parts,
  world: {
    readonly url: string;
    readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
    readonly at: () => number;
    readonly pollInterval: number;
    readonly onProgress: (event: FlowerNodeProgress) => void;
  },
): { readonly ended: Promise<unknown>; stop(): void };

export function recorded(url: string, init: RequestInit, status: number, answer: Uint8Array, at: number): RecordedCall;

export function replayNode(
  parts: Parts,
  recording: Recording,
): Promise<{ readonly calls: number; readonly same: number; readonly events: readonly string[] }>;
