/**
 * What the page and its worker say to each other.
 *
 * @module
 */

/** To the worker. */
export type Order =
  /** The small model: the file that `pretrain.ts` made. */
  | { readonly kind: 'small'; readonly file: Uint8Array }
  /** A GGUF that the visitor picked, or the one that is kept from an earlier visit. */
  | { readonly kind: 'published'; readonly file: File | undefined }
  | { readonly kind: 'train'; readonly text: string; readonly steps: number }
  | { readonly kind: 'write'; readonly prompt: string; readonly tokens: number };

/** From the worker. */
export type Report =
  | { readonly kind: 'progress'; readonly what: string; readonly done: number; readonly all: number }
  | {
      readonly kind: 'ready';
      readonly name: string;
      readonly parameters: number;
      readonly accelerated: boolean;
      /** Bytes of weights and workspace. */
      readonly memory: number;
    }
  | {
      readonly kind: 'trained';
      /** Bits a token of the visitor's text before and after. */
      readonly before: number;
      readonly after: number;
      readonly seconds: number;
      /** Bytes that a federation would send: the update in float32, and in one bit a value. */
      readonly update: number;
      readonly encoded: number;
      readonly digest: string;
    }
  | { readonly kind: 'written'; readonly text: string; readonly done: boolean }
  /** Whether a picked model is kept here from an earlier visit. */
  | { readonly kind: 'kept'; readonly bytes: number }
  | { readonly kind: 'failed'; readonly message: string };
