// What runs in the page: the golden digests, the transcripts, and requests to the server that the page came from.
import * as core from '@fedkit/core';
import * as kernels from '@fedkit/core/kernels';
import * as math from '@fedkit/core/math';
import * as simulation from '@fedkit/core/simulation';
import * as llm from '@fedkit/llm';
import * as privacy from '@fedkit/privacy';
import { fetchExchange } from '@fedkit/core/transport/fetch';
import { wasmHex } from '/packages/core/dist/kernels/module.wasm.js';
import { golden } from '/packages/core/test/golden/golden.mjs';
import { languageGolden } from '/packages/llm/test/golden/golden.mjs';
import { privacyGolden } from '/packages/privacy/test/golden/golden.mjs';
import { replayEdges, replayRounds } from '/packages/secagg/test/replay-rounds.mjs';
import { exchanges } from '/scripts/exchanges.mjs';

export async function report() {
  const engine = kernels.instantiateKernels(wasmHex, 1) === undefined ? 'plain' : 'WebAssembly';
  const digests = {
    ...(await golden({ core, math, kernels, simulation })),
    ...privacyGolden({ privacy, seededRng: core.seededRng }),
    ...(await languageGolden({ core, llm })),
  };
  const vectors = async (name) => (await fetch(`/packages/secagg/test/vectors/${name}.json`)).json();
  const rounds = [
    ...(await replayRounds(await vectors('transcripts'))),
    await replayEdges(await vectors('curve-edges')),
  ];
  const exact = await exchanges(fetchExchange, `${location.origin}/fedkit`);
  return { kernels: engine, digests, rounds, exact };
}
