// A name that is spelled wrong would be as if it had not been given, and nobody would say so.
import { describe, expect, it } from 'vitest';
import { METHOD_CALLS, OTHER_METHODS } from './method-calls.ts';
import { publicMethods } from './public-methods.ts';
import { type PublicOptions, publicOptions } from './public-options.ts';

/** What looks like options and is none, with the reason. */
const OTHERS: Readonly<Record<string, string>> = {
  CreationError: "an error's: what went wrong must not be hidden by another error",
  FedkitError: "an error's: what went wrong must not be hidden by another error",
  accumulation: "a trainer's own options, which checkTrainOptions has seen",
  assemble: 'roles, which withRoles made',
  authenticationOf: "a transport's own options, which the transport has checked",
  cellName: 'a cell of a grid',
  checkOptions: 'the check itself',
  checkRoundInfo: 'what a round says of itself',
  clientOfSums: 'those of secureSum or secureSumClient, which check them',
  clientOfUpdates: 'those of plainUpdates or plainUpdatesClient, which check them',
  codecsOfUpdates: 'those of plainUpdates or plainUpdatesClient, which check them',
  completeRetryOptions: "a transport's own options, which the transport has checked",
  corruptClients: 'a part of the assumptions that roundConfig checks',
  describeOutcome: 'what an attack came to',
  floorVariances: 'roles, which withRoles made',
  joinHalves: 'two halves of a model',
  leastCompleteThreshold: 'a part of the assumptions that roundConfig checks',
  leastInOneSum: 'parameters of a graph',
  localBatches: "a trainer's own options, which checkTrainOptions has seen",
  localSteps: "a trainer's own options, which checkTrainOptions has seen",
  localUpdate: "are checked by the trainer that it hands them to, with an algorithm's own beside them",
  modelFile: 'those of the reader of a format, which checks them',
  modelOf: "a pipeline's own options, which the pipeline has checked",
  playPlan: 'a plan',
  roundMachine: "a server's own options, which federatedServer has checked",
  rolesSlots: 'roles, which withRoles made',
  secureKeeping: "a client's own, which federatedClient puts together",
  verifyEvidence: 'messages',
};

const found = publicOptions();

/** What a function says of a name that no options have, with nothing else given. */
async function refusal({ file, name, isClass, position }: PublicOptions): Promise<string> {
  const module = (await import(file)) as Record<string, new (...given: unknown[]) => unknown>;
  const given = [...Array<undefined>(position), { surelyUnknown: 1 }];
  try {
    const made = isClass
      ? new module[name](...given)
      : (module[name] as unknown as (...given: unknown[]) => unknown)(...given);
    // A generator begins when it is asked.
    const next = (made as Partial<AsyncIterator<unknown>> | undefined)?.next;
    const result = typeof next === 'function' ? next.call(made as AsyncIterator<unknown>) : made;
    // One that waits for something has not looked.
    await Promise.race([result, new Promise((resolve) => setTimeout(resolve, 200))]);
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}

const checked = found.filter(({ name }) => !Object.hasOwn(OTHERS, name));

describe('a name that no options have is refused, before anything else is looked at, by', () => {
  it.each(checked)('$name of $module', async (one) => {
    expect(await refusal(one)).toMatch(
      /: expected .*, got (?:the unknown option surelyUnknown|"surelyUnknown")$|no such member/s,
    );
  });

  it.each(Object.entries(METHOD_CALLS))('%s', async (_name, call) => {
    // What is thrown and what is rejected with are the same to who awaits.
    const refused = await (async () => call())().catch((error: Error) => error.message);
    expect(refused).toMatch(/: expected .*, got the unknown option surelyUnknown$/s);
  });
});

it('finds the options of every package, and names no function that is gone', () => {
  expect(new Set(checked.map(({ module }) => module.split('/', module.startsWith('@') ? 2 : 1).join('/'))).size).toBe(
    9,
  );
  expect(checked.length).toBeGreaterThan(220);
  const names = new Set(found.map(({ name }) => name));
  expect(Object.keys(OTHERS).filter((name) => !names.has(name))).toEqual([]);
});

it('finds every method with options, and names none that is gone', () => {
  const found = publicMethods();
  const named = [...Object.keys(METHOD_CALLS), ...Object.keys(OTHER_METHODS)].map((name) => name.split(' ')[0]);
  expect(found.filter((name) => !named.includes(name))).toEqual([]);
  expect(named.filter((name) => !found.includes(name))).toEqual([]);
});
