// Runs on the VM: the golden digests, the transcripts of secure aggregation, whole federations, and a node of Flower. One line of JSON
// each.
import { added } from './platform.js';
import * as core from '@fedkit/core';
import * as kernels from '@fedkit/core/kernels';
import * as math from '@fedkit/core/math';
import * as simulation from '@fedkit/core/simulation';
import * as flower from '@fedkit/flower';
import * as llm from '@fedkit/llm';
import * as privacy from '@fedkit/privacy';
import { sha256 } from '@noble/hashes/sha2.js';
import { golden } from './golden.mjs';
import { languageGolden } from './language-golden.mjs';
import { privacyGolden } from './privacy-golden.mjs';
import { replayNode } from './node.mjs';
import { replayEdges, replayRounds } from './replay-rounds.mjs';
import curveEdges from './curve-edges.json';
import superlink from './superlink.json';
import transcripts from './transcripts.json';
import { federations } from './federations.mjs';
import { withTimers } from './timers.js';
import { scenario } from './scenario';

// @noble/curves encodes text as it loads: React Native has what that takes since 0.74, the VM has not. The rest runs without.
function curveOfFlower() {
  globalThis.TextEncoder ??= class {
    encode(text) {
      return Uint8Array.from(text, (character) => character.charCodeAt(0));
    }
  };
  return require('@noble/curves/nist.js').p384;
}

async function main() {
  const digests = {
    ...(await golden({ core, math, kernels, simulation })),
    ...privacyGolden({ privacy, seededRng: core.seededRng }),
    ...(await languageGolden({ core, llm })),
  };
  print(JSON.stringify({ added, digests }));
  print(JSON.stringify({ rounds: [...(await replayRounds(transcripts)), await replayEdges(curveEdges)] }));
  print(JSON.stringify({ models: await federations() }));
  print(JSON.stringify({ app: await scenario() }));
  const node = await withTimers(() => replayNode({ core, flower, p384: curveOfFlower(), sha256 }, superlink));
  print(JSON.stringify({ node }));
}

main().catch((error) => print(JSON.stringify({ failure: `${error}\n${error.stack}` })));
