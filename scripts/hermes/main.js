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
import { p384 } from '@noble/curves/nist.js';
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

async function main() {
  const digests = {
    ...(await golden({ core, math, kernels, simulation })),
    ...privacyGolden({ privacy, seededRng: core.seededRng }),
    ...(await languageGolden({ core, llm })),
  };
  print(JSON.stringify({ added, digests }));
  print(JSON.stringify({ rounds: [...(await replayRounds(transcripts)), await replayEdges(curveEdges)] }));
  print(JSON.stringify({ models: await federations() }));
  const node = await withTimers(() => replayNode({ core, flower, p384, sha256 }, superlink));
  print(JSON.stringify({ node }));
  print(JSON.stringify({ app: await scenario() }));
}

main().catch((error) => print(JSON.stringify({ failure: `${error}\n${error.stack}` })));
