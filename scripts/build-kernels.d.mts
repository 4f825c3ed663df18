export const MAX_MODULE_BYTES: number;
export interface KernelModule {
  readonly sources: string;
  readonly file: string;
}
export const kernelModules: readonly KernelModule[];
export function compileKernels(module: KernelModule): Promise<string>;
