import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Runs tests that lie near a file before those further away, small ones first. */
export function nearestFirst(file: string): typeof BaseSequencer {
  const folders = (path: string) => dirname(path).split('/');
  const own = folders(file);
  /** Folders up and down from the file to a test. */
  const distance = (path: string): number => {
    const other = folders(path);
    const parting = own.findIndex((name, i) => name !== other[i]);
    const shared = parting < 0 ? own.length : parting;
    return own.length + other.length - 2 * shared;
  };
  return class extends BaseSequencer {
    override async sort(tests: TestSpecification[]): Promise<TestSpecification[]> {
      const places = new Map(
        tests.map((test) => [test, [distance(test.moduleId), statSync(test.moduleId).size] as const]),
      );
      const of = (test: TestSpecification) => places.get(test) ?? [0, 0];
      return tests.sort((a, b) => of(a)[0] - of(b)[0] || of(a)[1] - of(b)[1]);
    }
  };
}
