// Accuracy against bytes, both ways, where clients talk after every step, as Sattler et al. do, and keep residuals on both sides.
// pnpm bench experiments compression-every-step
import { stc } from '@fedkit/compression';
import { bothWays, compressedDigits } from '../shared/compressed-digits.ts';

const ternary = (density: number) => bothWays(stc({ density }), { feedback: 1 });

export default compressedDigits('compression-every-step', {
  steps: 1,
  channels: { 'STC 1/25': ternary(1 / 25), 'STC 1/100': ternary(1 / 100), 'STC 1/400': ternary(1 / 400) },
});
