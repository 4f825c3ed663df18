export { instantiateKernels, type KernelInstance } from './instantiate.ts';
