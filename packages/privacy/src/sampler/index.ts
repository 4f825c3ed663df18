export { type SamplerMethod, discreteGaussianSampler } from './discrete-gaussian.ts';
export { discreteLaplaceSampler } from './discrete-laplace.ts';
export type { IntegerSampler } from './integer-sampler.ts';
export { skellamSampler } from './skellam.ts';
