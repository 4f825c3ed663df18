#!/usr/bin/env bash
# edfjs 0.6.0 (npm, recordings of sleep and brains in EDF+): every data record adds an event without a name.
#
# Guess: the annotations are those that somebody made. Each data record of EDF+ begins with a time-keeping list, which names when the record
#        starts and annotates nothing; readers of EDF+ leave it out.
# Seen:  it comes as an event at the record's start, labelled ''. A night of one-second records has 28,800 of them beside its sleep stages:
#        counted, drawn or learnt from, most of a night's events are none.
# Output: 3 records with 2 annotations give 5 events:
#         0 [""], 0.25 ["Sleep stage N1"], 1 [""], 2 [""], 2.5 ["Arousal"]
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit edfjs@0.6.0
cat >run.cjs <<'JS'
const { deepStrictEqual } = require('node:assert');
const { EDF } = require('edfjs');

// EDF+: https://www.edfplus.info/specs/edfplus.html, sections 2.2.2 and 2.2.4.
const lists = [
  '+0\x14\x14\0+0.25\x150.5\x14Sleep stage N1\x14\0',
  '+1\x14\x14\0',
  '+2\x14\x14\0+2.5\x14Arousal\x14\0',
];
const [eeg, notes] = [4, 30];
const fields = (width, ...values) => values.map((value) => String(value).padEnd(width)).join('');
const head = [
  fields(8, 0) + fields(80, 'X X X X', 'Startdate 01-JAN-2020 X X X') + fields(8, '01.01.20', '22.00.00', 768),
  fields(44, 'EDF+C') + fields(8, lists.length, 1) + fields(4, 2),
  fields(16, 'EEG Fpz-Cz', 'EDF Annotations') + fields(80, '', '') + fields(8, 'uV', '', -100, -1, 100, 1),
  fields(8, -2048, -32768, 2047, 32767) + fields(80, '', '') + fields(8, eeg, notes) + fields(32, '', ''),
].join('');
const records = lists.flatMap((list) => [Buffer.alloc(2 * eeg), Buffer.concat([Buffer.from(list)], 2 * notes)]);
const file = new Uint8Array(Buffer.concat([Buffer.from(head, 'latin1'), ...records]));

const edf = new EDF();
edf.read_buffer(file.buffer);
const events = edf.annotations.map(({ onset, label }) => `${onset} ${JSON.stringify(label)}`);
console.log(`${lists.length} records with 2 annotations give ${events.length} events:`);
console.log(events.join(', '));
deepStrictEqual(events, ['0 [""]', '0.25 ["Sleep stage N1"]', '1 [""]', '2 [""]', '2.5 ["Arousal"]']);
JS
node run.cjs
