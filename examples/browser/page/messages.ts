/**
 * What the page and its worker say to each other.
 *
 * @module
 */
import type { Privacy } from '../federation.ts';

/** Who trains: TensorFlow.js on WebAssembly, or plain JavaScript. */
export type TrainerKind = 'tfjs' | 'plain';

/** What keeps a tab from going on, told in words by the page. */
export type Trouble = 'retrying' | 'full' | 'outdated' | 'closed-out' | 'refused' | 'fault';

/** To the worker. */
export type Order =
  | { readonly kind: 'start'; readonly privacy: Privacy; readonly trainer: TrainerKind; readonly slot?: number }
  /** A digit that the visitor drew: 784 pixels in [0, 1]. */
  | { readonly kind: 'drawn'; readonly pixels: Float32Array; readonly label: number }
  | { readonly kind: 'trainer'; readonly trainer: TrainerKind }
  /** The coordinator has published a model since. */
  | { readonly kind: 'published' }
  /** Nobody looks and nothing moves, or somebody does. */
  | { readonly kind: 'idle'; readonly idle: boolean }
  | { readonly kind: 'leave' };

/** What this tab is doing. */
export type Doing = 'waiting' | 'downloading' | 'training' | 'summing' | 'counted' | 'uncounted' | 'over' | 'left';

/** From the worker. */
export type Told =
  | {
      readonly kind: 'ready';
      readonly id: string;
      readonly slot: number;
      readonly trainer: TrainerKind;
      readonly wasm: boolean;
      /** False where the browser keeps nothing for this page. */
      readonly durable: boolean;
      readonly examples: number;
      readonly drawn: number;
    }
  /** Another tab takes part under this identity; this one takes over once that is closed. */
  | { readonly kind: 'taken'; readonly slot: number }
  | { readonly kind: 'doing'; readonly doing: Doing; readonly round?: number }
  | { readonly kind: 'trainer'; readonly trainer: TrainerKind; readonly milliseconds?: number }
  | { readonly kind: 'traffic'; readonly up: number; readonly down: number; readonly requests: number }
  /** The pictures of what was learned here, and bytes of the message that carried it. */
  | {
      readonly kind: 'seen';
      readonly round: number;
      readonly kept: Float32Array;
      readonly sent: Uint8Array;
      readonly bytes: number;
    }
  | { readonly kind: 'model'; readonly round: number; readonly params: Float32Array }
  | { readonly kind: 'drawn'; readonly drawn: number }
  | { readonly kind: 'trouble'; readonly trouble: Trouble; readonly message: string }
  | { readonly kind: 'better' };

/** Pictures of hidden units that are shown of an update. */
export const TILES = 8;
