/**
 * The shape of a decoder-only transformer.
 *
 * @module
 */
import { checkInteger, checkNumber, checkPositive, refuse } from '@fedkit/core/internal';

/**
 * A decoder-only transformer (Vaswani et al. 2017, pre-norm): embedding, `layers` blocks of causal attention and a feed-forward
 * network, a last norm, and a head.
 */
export interface DecoderShape {
  /** Tokens V. */
  readonly vocabulary: number;
  /** Values d of a token's state. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values, a divisor of `heads`: grouped queries (Ainslie et al. 2023) where fewer. */
  readonly keyValueHeads: number;
  /** Values of one head; even with rotary positions. */
  readonly headWidth: number;
  /** Units F of the feed-forward network. */
  readonly hidden: number;
  /** The most tokens of a window. */
  readonly context: number;
  /** RMS norm as Llama, or layer norm as GPT-2. */
  readonly norm: 'rms' | 'layer';
  /** ε of the norms. */
  readonly epsilon: number;
  /** SiLU-gated as Llama, tanh-GELU as GPT-2, or the exact GELU as BERT. */
  readonly feedForward: 'swiglu' | 'gelu' | 'gelu-erf';
  /** Rotary as Llama, or a learned vector a position as GPT-2. */
  readonly positions: 'rotary' | 'learned';
  /** θ of rotary positions. */
  readonly rotaryBase: number;
  /** Which values of a head turn together: i and i + headWidth/2, or neighbours as GGUF keeps Llama's. */
  readonly rotaryPairs: 'halves' | 'interleaved';
  /** Whether queries, keys and values have biases, as in Qwen 2. */
  readonly attentionBias: boolean;
  /** Whether all other products have biases, as in GPT-2. */
  readonly bias: boolean;
  /** Whether the head is the embedding. */
  readonly tiedEmbeddings: boolean;
}

/** The largest sizes that are taken, so that no product of two leaves what offsets reach. */
const LIMITS = { vocabulary: 1 << 20, width: 1 << 15, layers: 1 << 10, hidden: 1 << 17, context: 1 << 20 } as const;

/**
 * Checks a shape.
 *
 * @throws FedkitError `OUT_OF_RANGE` for sizes that are no integers in their range or do not go together,
 * `INVALID_ARGUMENT` for a kind that is not known.
 */
export function checkShape(where: string, shape: DecoderShape): DecoderShape {
  for (const [name, limit] of Object.entries(LIMITS)) {
    checkInteger(`${where}: ${name}`, shape[name as keyof typeof LIMITS], 1, limit);
  }
  checkInteger(`${where}: heads`, shape.heads, 1, shape.width);
  checkInteger(`${where}: keyValueHeads`, shape.keyValueHeads, 1, shape.heads);
  if (shape.heads % shape.keyValueHeads !== 0) {
    refuse('OUT_OF_RANGE', `${where}: keyValueHeads`, `a divisor of ${shape.heads} heads`, shape.keyValueHeads);
  }
  checkInteger(`${where}: headWidth`, shape.headWidth, 1, LIMITS.width);
  if (shape.positions === 'rotary' && shape.headWidth % 2 !== 0) {
    refuse('OUT_OF_RANGE', `${where}: headWidth`, 'an even number with rotary positions', shape.headWidth);
  }
  checkNumber(`${where}: epsilon`, shape.epsilon, 0, 1);
  checkPositive(`${where}: rotaryBase`, shape.rotaryBase);
  oneOf(where, 'norm', shape.norm, ['rms', 'layer']);
  oneOf(where, 'feedForward', shape.feedForward, ['swiglu', 'gelu', 'gelu-erf']);
  oneOf(where, 'positions', shape.positions, ['rotary', 'learned']);
  oneOf(where, 'rotaryPairs', shape.rotaryPairs, ['halves', 'interleaved']);
  return shape;
}

function oneOf(where: string, name: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) refuse('INVALID_ARGUMENT', `${where}: ${name}`, known.join(' or '), value);
}
