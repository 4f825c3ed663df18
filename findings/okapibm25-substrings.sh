#!/usr/bin/env bash
# okapibm25 1.4.1 (npm): words of a query are looked for as regular expressions within words.
#
# Guess: BM25 counts words: "cat" is in the documents that have the word cat, and a full stop in a query is a full stop.
# Seen:  "cat" counts twice in "the category of cats", which then ranks before the document about a cat; "c.t" finds what "cut" would. Where
#        no word of the query is part of another, scores are those of the formula. Retrieval on a device that takes it for a word index ranks
#        by other passages than the same formula elsewhere.
# Output: cat, by words: 0.626 0.000 0.542 0.000
#         cat, by okapibm25: 0.322 0.513 0.279 0.000
#         fish, by words and by okapibm25: 0.000 0.000 0.000 1.778
#         c.t finds 3 documents, of which none has it
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit okapibm25@1.4.1
cat >run.cjs <<'JS'
const { deepStrictEqual } = require('node:assert');
const { default: okapi } = require('okapibm25');

const documents = ['the cat sat on the mat', 'the category of cats', 'a dog and a dog and a cat', 'fish'];
const [k1, b] = [1.2, 0.75];
const words = documents.map((document) => document.split(' '));
const mean = words.reduce((sum, own) => sum + own.length, 0) / words.length;
/** Robertson's formula, with the inverse document frequency of Lucene. */
const byWords = (query) =>
  words.map((own) => {
    const holding = words.filter((other) => other.includes(query)).length;
    const count = own.filter((word) => word === query).length;
    const idf = Math.log(1 + (words.length - holding + 0.5) / (holding + 0.5));
    return (idf * count * (k1 + 1)) / (count + k1 * (1 - b + (b * own.length) / mean));
  });
const byOkapi = (query) => okapi(documents, [query], { k1, b });
const text = (scores) => scores.map((score) => score.toFixed(3)).join(' ');
console.log(`cat, by words: ${text(byWords('cat'))}`);
console.log(`cat, by okapibm25: ${text(byOkapi('cat'))}`);
console.log(`fish, by words and by okapibm25: ${text(byOkapi('fish'))}`);
console.log(`c.t finds ${byOkapi('c.t').filter((score) => score > 0).length} documents, of which none has it`);
deepStrictEqual(text(byWords('cat')), '0.626 0.000 0.542 0.000');
deepStrictEqual(text(byOkapi('cat')), '0.322 0.513 0.279 0.000');
deepStrictEqual(text(byOkapi('fish')), text(byWords('fish')));
deepStrictEqual(byOkapi('c.t').filter((score) => score > 0).length, 3);
JS
node run.cjs
