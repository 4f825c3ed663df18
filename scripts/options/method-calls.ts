/**
 * How to call every method that takes options, with a name that none has.
 *
 * @module
 */
import { postgres, redis } from '../../packages/bullmq/src/index.ts';
import { storeBlobs, inlineTasks } from '../../packages/core/src/engine/index.ts';
import {
  fedAvg,
  federatedClient,
  federatedServer,
  memoryStore,
  plainTrainer,
  plainUpdates,
  secureRng,
  softmaxRegression,
} from '../../packages/core/src/index.ts';
import { fetchHandler } from '../../packages/core/src/transport/fetch/index.ts';
import { memoryTransport } from '../../packages/core/src/transport/memory/index.ts';
import { mqttServer } from '../../packages/core/src/transport/mqtt/index.ts';
import { serve } from '../../packages/core/src/transport/node/index.ts';
import { AdaptedEncoder } from '../../packages/llm/src/encoder/adapted.ts';
import { LanguageEncoder, LocalIndex, MovementScores } from '../../packages/llm/src/index.ts';
import { event, pldAccountant, skellamMechanism } from '../../packages/privacy/src/index.ts';
import { SecAggClient } from '../../packages/secagg/src/index.ts';

/** What looks like options and is none, or is the matter of others, with the reason. */
export const OTHER_METHODS: Readonly<Record<string, string>> = {
  'Database.worker': "BullMQ's own",
  'ExchangingClient.counted': 'between a pipeline and its device',
  'ExchangingClient.enter': 'between a pipeline and its device',
  'ExchangingClient.input': 'between a pipeline and its device',
  'ExchangingClient.keeping': 'between a pipeline and its device',
  'LinearCodec.decodeSum': 'the context of a sum, as a pipeline has it',
  'LinearStage.sum': 'the context of a sum, as a pipeline has it',
  'OpenTask.federation': "between an experiment's task and who runs it",
  'ReportCollector.accept': 'between a pipeline and its server',
  'ReportingClient.encode': 'between a pipeline and its device',
  'SecureAggregation.client': 'between secure aggregation and a pipeline',
  'SecureAggregation.server': 'between secure aggregation and a pipeline',
  'ServerRound.deal': 'a message',
  'ServerRound.dealSeed': 'a message',
  'UpdateList.add': 'a contribution',
};

const UNKNOWN = { surelyUnknown: 1 } as never;

/** Options come first, so that it does not matter that the instance is none. */
const bare = (owner: { readonly prototype: object }, method: string, ...given: unknown[]): unknown =>
  (owner.prototype as Record<string, (...given: unknown[]) => unknown>)[method].call({}, ...given, UNKNOWN);

const model = softmaxRegression({ inputs: 2, classes: 2 });
const pipeline = plainUpdates({ algorithm: fedAvg(), layout: model.layout });
const initial = new Float32Array(model.layout.size);
const server = () =>
  federatedServer({ pipeline, initial, cohort: 1, store: memoryStore(), clock: Date.now, rng: secureRng() });
const trainer = plainTrainer(model, { inputs: Float32Array.of(1, 2), labels: Uint8Array.of(1) });
const client = async () =>
  federatedClient({
    id: 'a',
    pipeline,
    trainer,
    local: () => ({ epochs: 1, batchSize: 1, learningRate: 1 }),
    exchange: memoryTransport(await server(), 'a'),
    store: memoryStore(),
  });
/** A broker that takes everything. */
const broker = {
  connected: true,
  publish: (...[, , , done]: [string, never, object, () => void]) => done(),
  subscribe: (...[, , done]: [string, object, (error: null) => void]) => done(null),
  unsubscribe: (...[, done]: [string, () => void]) => done(),
  on: () => {},
  removeListener: () => {},
};
const onBroker = async () => mqttServer(await server(), { client: broker as never, insecure: true });
const onNode = async <T>(use: (served: Awaited<ReturnType<typeof serve>>) => Promise<T>): Promise<T> => {
  const served = await serve(async () => new Response(null), { port: 0, host: '127.0.0.1' });
  try {
    return await use(served);
  } finally {
    await served.close();
  }
};
const mechanism = () =>
  skellamMechanism({
    size: 4,
    clip: 1,
    noiseStd: 1,
    bits: 20,
    minimumSurvivors: 2,
    maximumContributors: 4,
    expectedWeight: 1,
  } as never);
const accountant = () => pldAccountant({ neighboring: 'add-or-remove' });
const gaussian = () => event.gaussian({ noiseStd: 1, recordNorm: 1 });

export const METHOD_CALLS: Readonly<Record<string, () => unknown>> = {
  'AdaptedEncoder.embed': () => bare(AdaptedEncoder, 'embed', initial, []),
  'Database.store': () => redis({ url: 'redis://127.0.0.1:1' }).store(UNKNOWN),
  'Database.store of PostgreSQL': () => postgres({ url: 'postgres://127.0.0.1:1/none' }).store(UNKNOWN),
  'DistributedMechanism.decodeSum': () => mechanism().decodeSum(new Int32Array(4), UNKNOWN),
  'FederatedClient.model': async () => (await client()).model(UNKNOWN),
  'FederatedServer.close': async () => (await server()).close(UNKNOWN),
  'FederatedServer.drain': async () => (await server()).drain(UNKNOWN),
  'FetchHandler.drain': async () => fetchHandler(await server(), { authenticate: () => 'a' }).drain(UNKNOWN),
  'LanguageEncoder.embed': () => bare(LanguageEncoder, 'embed', []),
  'LocalIndex.move': () => bare(LocalIndex, 'move', {}),
  'MovementScores.mask': () => bare(MovementScores, 'mask'),
  'MqttServer.close': async () => (await onBroker()).close(UNKNOWN),
  'MqttServer.drain': async () => (await onBroker()).drain(UNKNOWN),
  'NodeServer.close': () => onNode((served) => served.close(UNKNOWN)),
  'NodeServer.drain': () => onNode((served) => served.drain(UNKNOWN)),
  'PldAccountant.epsilonBounds': () => accountant().epsilonBounds(1e-5, UNKNOWN),
  'RoundClient.setInput': () => bare(SecAggClient, 'setInput', {}),
  'TaskEngine.run': () =>
    inlineTasks({ blobs: storeBlobs(memoryStore()), handlers: {} }).run({ id: 'a', tasks: [] }, UNKNOWN),
  'Trainer.batches': () => trainer.batches?.(UNKNOWN),
  'Trainer.train': () => trainer.train(initial, {}, UNKNOWN),
  'event.discreteGaussian': () => event.discreteGaussian(UNKNOWN),
  'event.discreteLaplace': () => event.discreteLaplace(UNKNOWN),
  'event.distributedDiscreteGaussian': () => event.distributedDiscreteGaussian(UNKNOWN),
  'event.epsilonDelta': () => event.epsilonDelta(UNKNOWN),
  'event.exponential': () => event.exponential(UNKNOWN),
  'event.gaussian': () => event.gaussian(UNKNOWN),
  'event.laplace': () => event.laplace(UNKNOWN),
  'event.mixtureOfGaussians': () => event.mixtureOfGaussians(UNKNOWN),
  'event.randomizedResponse': () => event.randomizedResponse(UNKNOWN),
  'event.sampledWithoutReplacement': () => event.sampledWithoutReplacement(UNKNOWN, gaussian()),
  'event.skellam': () => event.skellam(UNKNOWN),
  'event.treeAggregation': () => event.treeAggregation(UNKNOWN),
  'event.truncatedPoissonSampled': () => event.truncatedPoissonSampled(UNKNOWN, gaussian()),
  'event.zcdp': () => event.zcdp(UNKNOWN),
};
