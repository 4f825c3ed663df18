/**
 * The page: what is seen. Everything that takes time is the worker's.
 *
 * @module
 */
import { DIGITS, initialModel, PIXELS } from '../network.ts';
import { unpacked } from '../shards.ts';
import type { Status } from '../status.ts';
import { drawCurve } from './curve.ts';
import { type FeedEvents, startFeed, STILL } from './feed.ts';
import { Guesses } from './guesses.ts';
import type { Doing, Order, Told, TrainerKind, Trouble } from './messages.ts';
import { padOn } from './pad.ts';
import { drawBytes, drawWeights, entropy } from './pictures.ts';
import { showRound } from './round.ts';
import { keepForOffline } from './offline.ts';
import { together } from './together.ts';
import { bytes, DOING, percent, shortName, TROUBLE } from './words.ts';

const $ = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const query = new URLSearchParams(location.search);
const build = document.querySelector<HTMLMetaElement>('meta[name=build]')?.content ?? '';

function log(text: string): void {
  const item = document.createElement('li');
  const time = document.createElement('time');
  time.textContent = new Date().toLocaleTimeString();
  item.append(time, text);
  $('log').prepend(item);
  while ($('log').children.length > 60) $('log').lastChild?.remove();
}

/** What stands across the page: the gravest of what is wrong, and nothing when all is well. */
const troubles = new Map<string, string>();
function trouble(of: string, words: string | undefined): void {
  const known = troubles.has(of) || [...troubles.values()].includes(words ?? '');
  if (words === undefined) troubles.delete(of);
  else troubles.set(of, words);
  // Once: how long it takes is told by what stands across the page.
  if (words !== undefined && !known) log(words);
  // Of several, the one that a reload mends: an old page may fail in other ways too.
  const first = troubles.get('build') ?? [...troubles.values()][0];
  $('banner').hidden = first === undefined;
  if ($('banner').textContent !== (first ?? '')) $('banner').textContent = first ?? '';
}

function startPage(): void {
  document.body.classList.toggle('small', query.has('small'));
  let worker: Worker | undefined;
  let status: Status | undefined;
  let params = initialModel();
  let me: Extract<Told, { kind: 'ready' }> | undefined;
  let doing: Doing | undefined;
  let trainer: TrainerKind = query.get('trainer') === 'plain' ? 'plain' : 'tfjs';
  let milliseconds: number | undefined;
  let traffic = { up: 0, down: 0, requests: 0 };
  let published = -1;
  let drawn = 0;
  const tell = (order: Order) => worker?.postMessage(order);

  const guesses = new Guesses($('guesses'));
  const guess = () => {
    const found = guesses.show(pad.read(), params);
    $('verdict').textContent = found
      ? `Untrained it reads a ${found.before}; now a ${found.now}, ${percent(found.probability)} sure.`
      : 'Nothing is drawn yet.';
  };
  const pad = padOn($<HTMLCanvasElement>('pad'), guess);
  guess();

  function showFacts(): void {
    const facts: [string, string][] = [
      ['name', me ? shortName(me.id) : 'not yet known'],
      ['doing', doing ? DOING[doing] : 'getting ready'],
      ['digits', me ? `${me.examples}${drawn > 0 ? ` and ${drawn} of yours` : ''}` : '–'],
      ['sent', `${bytes(traffic.up)} in ${traffic.requests} requests`],
      ['received', bytes(traffic.down)],
      [
        'trains in',
        `${trainer === 'tfjs' ? 'TensorFlow.js on WebAssembly' : 'plain JavaScript'}${milliseconds === undefined ? '' : `, ${Math.round(milliseconds)} ms a round`}`,
      ],
    ];
    $('facts').replaceChildren(
      ...facts.flatMap(([term, text]) => {
        const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
        dt.textContent = term;
        dd.textContent = text;
        return [dt, dd];
      }),
    );
    const plain = $<HTMLButtonElement>('trainer');
    plain.setAttribute('aria-pressed', String(trainer === 'plain'));
    plain.disabled = me !== undefined && !me.wasm;
    $('leave').textContent = doing === 'left' ? 'Come back' : 'Leave in the middle';
    document.body.dataset.doing = doing ?? '';
  }

  function hear(told: Told): void {
    if (told.kind === 'ready') {
      me = told;
      ({ trainer, drawn } = told);
      trouble('identity', undefined);
      log(`This tab takes part as ${shortName(told.id)}.`);
      if (!told.wasm)
        log('The policy of this page forbids WebAssembly: everything runs in plain JavaScript, to the same bytes.');
      if (!told.durable)
        log('Without HTTPS this browser keeps nothing for the page: this tab is forgotten when it is closed.');
    } else if (told.kind === 'taken') {
      trouble(
        'identity',
        `Another tab takes part as participant ${told.slot}. This one waits, and takes over once that is closed.`,
      );
    } else if (told.kind === 'doing') {
      if (told.doing !== doing && (told.doing === 'counted' || told.doing === 'uncounted' || told.doing === 'left')) {
        log(`${told.round === undefined ? '' : `Round ${told.round}: `}${DOING[told.doing]}.`);
      }
      doing = told.doing;
    } else if (told.kind === 'trainer') {
      trainer = told.trainer;
      milliseconds = told.milliseconds ?? milliseconds;
    } else if (told.kind === 'traffic') traffic = told;
    else if (told.kind === 'drawn') drawn = told.drawn;
    else if (told.kind === 'model') {
      ({ params } = told);
      $('after-head').textContent = told.round === 0 ? 'now' : `after round ${told.round}`;
      document.body.dataset.model = `${told.round}`;
      guess();
    } else if (told.kind === 'seen') showSeen(told);
    else if (told.kind === 'trouble') trouble('worker', troubleWords(told.trouble));
    else trouble('worker', undefined);
    showFacts();
  }

  const troubleWords = (kind: Trouble) =>
    kind === 'retrying' && !navigator.onLine
      ? 'This device is offline. What this tab has done is kept, and it goes on once there is a network.'
      : TROUBLE[kind];

  function showSeen({ kept, sent, bytes: count, round }: Extract<Told, { kind: 'seen' }>): void {
    drawWeights($<HTMLCanvasElement>('kept'), kept);
    drawBytes($<HTMLCanvasElement>('sent'), sent);
    $('sent-words').textContent =
      `as many of the ${bytes(count)} that carried it: ${entropy(sent).toFixed(2)} bits of noise in every 8.`;
    $('seen-note').textContent =
      `Round ${round}. Only when the numbers of all tabs are added do the masks cancel, and then only the sum can be read.`;
    document.body.dataset.seen = `${round}`;
  }

  function start(privacy: Status['privacy']): void {
    worker = new Worker('worker.js', { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Told>) => hear(data);
    worker.onerror = () => trouble('worker', TROUBLE.fault);
    const slot = query.get('participant');
    tell({ kind: 'start', privacy, trainer, ...(slot !== null && { slot: Number(slot) }) });
  }

  const feed: FeedEvents = {
    onStatus(now) {
      const first = status === undefined;
      trouble('coordinator', undefined);
      const old = now.build !== build;
      trouble('build', old ? TROUBLE.outdated : undefined);
      trouble('fault', now.fault && `The coordinator cannot go on: ${now.fault}. It tries again by itself.`);
      $('connection').textContent = old ? 'out of date' : now.phase === 'finished' ? 'finished' : 'in touch';
      $('connection').dataset.state = old ? 'bad' : 'good';
      for (const round of first ? [] : now.history.slice(status?.history.length)) {
        log(
          round.outcome === 'published'
            ? `Round ${round.round}: ${round.contributors.length} tabs added up, ${percent(round.accuracy)} right.${round.lost > 0 ? ` ${round.lost} vanished; the round went on without.` : ''}`
            : `Round ${round.round} came to nothing: too few tabs were left for a sum.`,
        );
      }
      status = now;
      showRound(now, me?.id);
      drawCurve($('curve'), now);
      const latest = now.history.filter(({ outcome }) => outcome === 'published').length;
      if (latest !== published) tell({ kind: 'published' });
      published = latest;
      if (first) start(now.privacy);
    },
    onLost(wait) {
      $('connection').textContent = navigator.onLine ? 'no answer' : 'offline';
      $('connection').dataset.state = 'bad';
      trouble(
        'coordinator',
        navigator.onLine
          ? `The coordinator does not answer. What this tab has done is kept; it asks again every ${Math.max(1, Math.round(wait / 1000))} s.`
          : troubleWords('retrying'),
      );
    },
    onIdle: (idle) => tell({ kind: 'idle', idle }),
  };
  startFeed(feed, Number(query.get('still') ?? STILL));

  new ResizeObserver(() => status && drawCurve($('curve'), status)).observe($('curve'));
  $('clear').onclick = () => pad.clear();
  let samples: ReturnType<typeof unpacked> | undefined;
  let sample = 0;
  $('sample').onclick = async () => {
    samples ??= unpacked(new Uint8Array(await (await fetch('/unseen')).arrayBuffer()));
    pad.show(samples.inputs.slice(sample * PIXELS, (sample + 1) * PIXELS));
    sample = (sample + 1) % samples.labels.length;
  };
  $('trainer').onclick = () => tell({ kind: 'trainer', trainer: trainer === 'plain' ? 'tfjs' : 'plain' });
  $('leave').onclick = () => {
    if (doing === 'left') location.reload();
    else tell({ kind: 'leave' });
  };
  for (let label = 0; label < DIGITS; label++) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = `${label}`;
    button.onclick = () => {
      const pixels = pad.read();
      if (!pixels) return;
      tell({ kind: 'drawn', pixels, label });
      log(`Your ${label} is kept in this tab, and in its training from the next round on.`);
      pad.clear();
    };
    $('teach').append(button);
  }
  showFacts();
  keepForOffline();
}

if (document.body.classList.contains('together')) together(query);
else startPage();
