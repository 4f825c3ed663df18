// Accuracy against bytes, both ways, where clients train 25 steps between rounds. pnpm bench experiments compression
import { eden, sparseLoCo, topK, uniform } from '@fedkit/compression';
import { bothWays, compressedDigits } from '../shared/compressed-digits.ts';

/** Down goes one message to all: the smallest error, its bias taken up by the residual. */
const edenBoth = (bits: number) => bothWays(eden({ bits }), { down: eden({ bits, scale: 'min-mse' }) });

export default compressedDigits('compression', {
  steps: 25,
  channels: {
    int8: bothWays(uniform({ bits: 8 })),
    'EDEN 4': edenBoth(4),
    'EDEN 2': edenBoth(2),
    'EDEN 1': edenBoth(1),
    'EDEN 0.5': edenBoth(0.5),
    'top-k 1/100': bothWays(topK({ density: 0.01 })),
    'top-k 1/100, error feedback': bothWays(topK({ density: 0.01 }), { feedback: 1 }),
    SparseLoCo: bothWays(sparseLoCo(), { feedback: 0.95 }),
  },
});
