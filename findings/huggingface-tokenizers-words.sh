#!/usr/bin/env bash
# @huggingface/tokenizers 0.2.0 beside tokenizers 0.23.3: words of most languages are cut where JavaScript's \w and \d see none.
#
# Guess: the same tokenizer.json cuts text alike in both, or is refused in JavaScript: the `Whitespace` pre-tokenizer (the one of the guide
#        to training a tokenizer) keeps words whole, `Digits` cuts off every digit.
# Seen:  in Python a word is made of letters and digits of every script, in JavaScript of a-z, A-Z, 0-9 and _: "über" becomes two pieces,
#        a Greek word sticks to the comma after it. `Digits` cuts off 0-9 only. The words of a vocabulary that was trained in Python
#        are not found in the browser: they turn into unknown tokens, training goes on without an error, and English text shows
#        nothing. `Split` with \p{L} and \p{N}, as newer models have it, is right in both.
# Output: Whitespace, English:   Python the|price|,|42      JavaScript the|price|,|42
#         Whitespace, German:    Python über|fünf           JavaScript ü|ber|f|ü|nf
#         Whitespace, Greek:     Python γη|,|νερό          JavaScript γη,|νερό
#         Digits, Arabic:        Python ن|٤|٢               JavaScript ن٤٢
#         characters that cut a word in JavaScript alone: more than 50,000
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @huggingface/tokenizers@0.2.0
python3 -m venv venv
venv/bin/python -m pip install -q --no-compile --disable-pip-version-check tokenizers==0.23.3
cat >run.py <<'PY'
import json
from tokenizers import Tokenizer, models, pre_tokenizers

texts = [
    ("Whitespace", "English", "the price, 42"),
    ("Whitespace", "German", "über fünf"),
    ("Whitespace", "Greek", "γη, νερό"),
    ("Digits", "Arabic", "ن٤٢"),
]
# Everything of the basic plane between two letters, but surrogates.
between = [f"a{chr(code)}b" for code in range(1, 0x10000) if not 0xD800 <= code < 0xE000]
tokenizers = {}
for name, pre_tokenizer in [("Whitespace", pre_tokenizers.Whitespace()), ("Digits", pre_tokenizers.Digits(individual_digits=True))]:
    tokenizers[name] = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizers[name].pre_tokenizer = pre_tokenizer
pieces = lambda name, text: [piece for piece, _ in tokenizers[name].pre_tokenizer.pre_tokenize_str(text)]
print(json.dumps({
    "files": {name: json.loads(tokenizer.to_str()) for name, tokenizer in tokenizers.items()},
    "texts": [[name, language, text, pieces(name, text)] for name, language, text in texts],
    "whole": [text for text in between if len(pieces("Whitespace", text)) == 1],
}))
PY
venv/bin/python run.py >python.json
cat >run.mjs <<'JS'
import { ok, strictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

const { files, texts, whole } = JSON.parse(readFileSync('python.json', 'utf8'));
const pieces = (name, text) => new Tokenizer(files[name], {}).pre_tokenizer.pre_tokenize(text);
const seen = texts.map(([name, language, text, python]) => {
  const javascript = pieces(name, text).join('|');
  console.log(`${`${name}, ${language}:`.padEnd(22)} Python ${python.join('|').padEnd(18)} JavaScript ${javascript}`);
  return [python.join('|'), javascript];
});
const tokenizer = new Tokenizer(files.Whitespace, {});
const cut = whole.filter((text) => tokenizer.pre_tokenizer.pre_tokenize(text).length > 1).length;
console.log(`characters that cut a word in JavaScript alone: ${cut}`);
strictEqual(seen[0][0], seen[0][1]);
strictEqual(seen[1].join(' '), 'über|fünf ü|ber|f|ü|nf');
strictEqual(seen[2].join(' '), 'γη|,|νερό γη,|νερό');
strictEqual(seen[3].join(' '), 'ن|٤|٢ ن٤٢');
ok(cut > 50_000);
JS
node run.mjs
