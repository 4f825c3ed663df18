// What the training runs compare: how updates travel up and down, and how long clients train between rounds.
import { eden, sparseLoCo, stc, topK, uniform } from '@fedkit/compression';
import type { Codec } from '@fedkit/core/codec';

export interface Scheme {
  readonly name: string;
  /** Local steps between rounds. All schemes take equally many steps in all. */
  readonly steps: number;
  /** Codec of the clients' updates; without one they are raw float32. */
  readonly up?: Codec;
  /** Codec of the server's updates, always with the server's residual; without one clients download the model. */
  readonly down?: Codec;
  /** Error feedback on the clients, and its decay. */
  readonly feedback?: number;
}

const FEDAVG_STEPS = 25;
const fedAvg = (name: string, up: Codec, down: Codec, feedback?: number): Scheme => ({
  name,
  steps: FEDAVG_STEPS,
  up,
  down,
  ...(feedback !== undefined && { feedback }),
});
/** Sattler et al. communicate after every step and keep residuals on both sides. */
const ternary = (name: string, density: number): Scheme => ({
  name,
  steps: 1,
  up: stc({ density }),
  down: stc({ density }),
  feedback: 1,
});
/** Down goes one message to all: the smallest error, its bias taken up by the residual. */
const edenBoth = (bits: number): Scheme => fedAvg(`EDEN ${bits}`, eden({ bits }), eden({ bits, scale: 'min-mse' }));

export const SCHEMES: readonly Scheme[] = [
  { name: 'none', steps: FEDAVG_STEPS },
  { name: 'none, every step', steps: 1 },
  fedAvg('FedAvg int8', uniform({ bits: 8 }), uniform({ bits: 8 })),
  ternary('STC 1/25', 1 / 25),
  ternary('STC 1/100', 1 / 100),
  ternary('STC 1/400', 1 / 400),
  edenBoth(4),
  edenBoth(2),
  edenBoth(1),
  edenBoth(0.5),
  fedAvg('top-k 1/100', topK({ density: 0.01 }), topK({ density: 0.01 })),
  fedAvg('top-k 1/100, error feedback', topK({ density: 0.01 }), topK({ density: 0.01 }), 1),
  fedAvg('SparseLoCo', sparseLoCo(), sparseLoCo(), 0.95),
];
