import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with `tests: N passed, N failed, N skipped`, and fails a run in which no test was executed. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
      if (module.state() === 'failed' && module.errors().length > 0) count.failed++;
    }
    console.log(`tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped`);
    if (count.passed === 0) {
      console.error('No test was executed.');
      process.exitCode = 1;
    }
  }
}
