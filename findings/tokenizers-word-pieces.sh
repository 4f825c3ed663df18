#!/usr/bin/env bash
# tokenizers 0.23.3: training WordPiece twice on the same texts gives the same pieces under other numbers; so does Unigram in its file.
#
# Guess: training has no chance in it: the same texts and settings give the same tokenizer.json on every node, as they do for BPE and
#        WordLevel.
# Seen:  WordPiece numbers its pieces of one letter (##a, ##b) in a random order, and ties among later ones too: the same set of pieces, the
#        same cuts, other ids, from call to call in one process. Nodes that each train the tokenizer on a shared corpus, instead of
#        being sent one, average embeddings of different pieces, with equal shapes and vocabularies. A Unigram's scores differ in the
#        last digits, so a digest of its file differs. Send the file, not the recipe.
# Output: BPE: 1 of 4 files, WordLevel: 1 of 4 files, WordPiece: 4 of 4 files, Unigram: 4 of 4 files
#         WordPiece: same pieces True, same cuts of all texts True, same ids of all texts False
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check tokenizers==0.23.3
"$scratch/venv/bin/python" - <<'PY'
import random
import sys
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

chance = random.Random(1)
words = ["".join(chance.choice("abcdefghij") for _ in range(chance.randint(2, 9))) for _ in range(3000)]
texts = [" ".join(chance.choice(words) for _ in range(20)) for _ in range(1500)]


def train(name):
    settings = {} if name == "Unigram" else {"unk_token": "[UNK]"}
    tokenizer = Tokenizer(getattr(models, name)(**settings))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = getattr(trainers, {"BPE": "Bpe"}.get(name, name) + "Trainer")
    tokenizer.train_from_iterator(texts, trainer(vocab_size=500, show_progress=False, special_tokens=["[UNK]"]))
    return tokenizer


files = {}
for name in ("BPE", "WordLevel", "WordPiece", "Unigram"):
    trained = [train(name) for _ in range(4)]
    files[name] = len({tokenizer.to_str() for tokenizer in trained})
    if name == "WordPiece":
        first, second = trained[:2]
print(", ".join(f"{name}: {count} of 4 files" for name, count in files.items()))
pieces = set(first.get_vocab()) == set(second.get_vocab())
pairs = [(first.encode(text), second.encode(text)) for text in texts]
cuts = all(left.tokens == right.tokens for left, right in pairs)
ids = all(left.ids == right.ids for left, right in pairs)
print(f"WordPiece: same pieces {pieces}, same cuts of all texts {cuts}, same ids of all texts {ids}")
right = files["BPE"] == files["WordLevel"] == 1 and files["WordPiece"] > 1 and files["Unigram"] > 1
sys.exit(0 if right and pieces and cuts and not ids else 1)
PY
