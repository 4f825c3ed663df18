export const MAX_MODULE_BYTES: number;
export const kernelPackages: readonly string[];
export function compileKernels(name: string): Promise<string>;
export function embeddedFile(name: string): string;
