import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Says, a line of JSON each, which files begin and end, and what fails in them: what `scripts/mutants.mjs` reads. */
export default class Failures implements Reporter {
  onTestModuleQueued({ moduleId }: TestModule): void {
    say({ begins: moduleId });
  }

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    if (state === 'failed') say({ file: test.module.moduleId, test: test.fullName, why: errors[0]?.message ?? '' });
  }

  onTestModuleEnd(module: TestModule): void {
    const [error] = module.errors();
    if (error !== undefined) say({ file: module.moduleId, why: error.message });
    say({ ends: module.moduleId });
  }
}

function say(event: Readonly<Record<string, string>>): void {
  // A test may have left its line unfinished.
  console.log(`\nfailures: ${JSON.stringify(event)}`);
}
