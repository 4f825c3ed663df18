import { describe, it } from 'vitest';
import { algorithmLaws } from '../conformance/algorithm.ts';
import type { Law } from '../conformance/law.ts';
import { serverOptimizerLaws } from '../conformance/server-optimizer.ts';
import { Layout } from '../model/layout.ts';
import { serverAdagrad } from '../server/adagrad.ts';
import { serverAdam } from '../server/adam.ts';
import { serverSgd } from '../server/sgd.ts';
import { serverYogi } from '../server/yogi.ts';
import { ditto } from './ditto.ts';
import { fedAdagrad } from './fed-adagrad.ts';
import { fedAdam } from './fed-adam.ts';
import { fedAvgM } from './fed-avg-m.ts';
import { fedDyn } from './fed-dyn.ts';
import { fedNova } from './fed-nova.ts';
import { fedProx } from './fed-prox.ts';
import { fedPer, fedRep } from './fed-rep.ts';
import { fedYogi } from './fed-yogi.ts';
import { mimeLite } from './mime-lite.ts';
import { qFedAvg } from './q-fed-avg.ts';
import { scaffold } from './scaffold.ts';

function hold(name: string, laws: readonly Law[]): void {
  describe(name, () => {
    for (const law of laws) it(law.name, () => law.run());
  });
}

const learningRate = 0.3;
hold('serverSgd', serverOptimizerLaws({ optimizer: serverSgd({ learningRate }) }));
hold('serverSgd with momentum', serverOptimizerLaws({ optimizer: serverSgd({ learningRate, momentum: 0.9 }) }));
hold(
  'serverSgd, Nesterov',
  serverOptimizerLaws({ optimizer: serverSgd({ learningRate, momentum: 0.9, nesterov: true }) }),
);
for (const variant of ['paper', 'flower', 'tff'] as const) {
  hold(`serverAdam, ${variant}`, serverOptimizerLaws({ optimizer: serverAdam({ variant, learningRate }) }));
  hold(`serverYogi, ${variant}`, serverOptimizerLaws({ optimizer: serverYogi({ variant, learningRate }) }));
  hold(`serverAdagrad, ${variant}`, serverOptimizerLaws({ optimizer: serverAdagrad({ variant, learningRate }) }));
}

const layout = Layout.of([
  { name: 'body', shape: [9] },
  { name: 'head', shape: [3] },
]);
const head = layout.select(({ name }) => name === 'head');
const initial = Float32Array.from({ length: 12 }, (_, i) => Math.sqrt(i) / 7);

hold('fedAvgM', algorithmLaws({ algorithm: fedAvgM() }));
hold('fedAdam', algorithmLaws({ algorithm: fedAdam({ learningRate }) }));
hold('fedYogi', algorithmLaws({ algorithm: fedYogi({ learningRate }) }));
hold('fedAdagrad', algorithmLaws({ algorithm: fedAdagrad({ learningRate }) }));
hold('fedProx', algorithmLaws({ algorithm: fedProx({ mu: 0.5 }) }));
hold('scaffold, option I', algorithmLaws({ algorithm: scaffold({ option: 1 }) }));
hold('scaffold, option II', algorithmLaws({ algorithm: scaffold() }));
hold('fedNova', algorithmLaws({ algorithm: fedNova() }));
hold('fedNova with a proximal term', algorithmLaws({ algorithm: fedNova({ mu: 0.5 }) }));
hold('fedDyn', algorithmLaws({ algorithm: fedDyn({ alpha: 0.5 }) }));
hold('mimeLite, SGD', algorithmLaws({ algorithm: mimeLite({ base: { kind: 'sgd' } }) }));
hold('mimeLite, momentum', algorithmLaws({ algorithm: mimeLite({ base: { kind: 'momentum', beta: 0.9 } }) }));
hold('mimeLite, Adam', algorithmLaws({ algorithm: mimeLite({ base: { kind: 'adam' } }) }));
hold('qFedAvg', algorithmLaws({ algorithm: qFedAvg({ q: 1 }) }));
hold('ditto', algorithmLaws({ algorithm: ditto({ lambda: 0.5 }) }));
hold('fedRep', algorithmLaws({ algorithm: fedRep({ head, initial, headEpochs: 1 }), params: initial }));
hold('fedPer', algorithmLaws({ algorithm: fedPer({ head, initial }), params: initial }));
