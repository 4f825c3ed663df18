export { instantiateKernels, instantiateTogether, type KernelFamily, type KernelInstance } from './instantiate.ts';
export { clipL2, dot, l1Norm, l2Norm, maxNorm, scale } from './vector.ts';
