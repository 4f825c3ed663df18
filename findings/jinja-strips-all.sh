#!/usr/bin/env bash
# @huggingface/jinja 0.5.11 beside Jinja2 3.1.6: one chat template, two prompts, and no error.
#
# Guess: a template that JavaScript renders at all gives the text that Python gives; what is lacking throws, as `loop.cycle` does. A model
#        that is tuned on devices and on servers sees the same prompts.
# Seen:  strip, lstrip and rstrip ignore which characters to strip and take all white space: `content.lstrip('\n')`, as templates
#        of reasoning models have it, also takes the indentation of an answer that begins with code. Two equal lists are not equal, so
#        `message.content == []` is never true. none prints as nothing, also as a default, true as "true", the 1.0 in a tool's
#        schema becomes 1, and the remainder of a negative number has the other sign. Render prompts in one language, or compare them.
# Output: strips          Python "    return x"   JavaScript "return x"
#         equal lists     Python True             JavaScript false
#         none            Python "None"           JavaScript ""
#         default of none Python "None"           JavaScript ""
#         tool schema     Python {"default": 1.0} JavaScript {"default": 1}
#         remainder       Python 2                JavaScript -1
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @huggingface/jinja@0.5.11
python3 -m venv venv
venv/bin/python -m pip install -q --no-compile --disable-pip-version-check jinja2==3.1.6
cat >cases.json <<'JSON'
{
  "context": { "content": "\n    return x", "schema": { "default": 1.0 } },
  "templates": {
    "strips": "\"{{ content.lstrip('\\n') }}\"",
    "equal lists": "{{ [1, 2] == [1, 2] }}",
    "none": "\"{{ none }}\"",
    "default of none": "\"{{ none | default('x') }}\"",
    "tool schema": "{{ schema | tojson }}",
    "remainder": "{{ -7 % 3 }}"
  }
}
JSON
cat >run.py <<'PY'
import json
from jinja2.sandbox import ImmutableSandboxedEnvironment

# The environment of `apply_chat_template` in transformers.
environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
cases = json.load(open("cases.json"))
print(json.dumps([environment.from_string(template).render(cases["context"]) for template in cases["templates"].values()]))
PY
venv/bin/python run.py >python.json
cat >run.mjs <<'JS'
import { strictEqual, throws } from 'node:assert';
import { readFileSync } from 'node:fs';
import { Template } from '@huggingface/jinja';

const { context, templates } = JSON.parse(readFileSync('cases.json', 'utf8'));
const python = JSON.parse(readFileSync('python.json', 'utf8'));
const javascript = Object.values(templates).map((template) => new Template(template).render(context));
Object.keys(templates).forEach((name, index) => {
  console.log(`${name.padEnd(15)} Python ${python[index].padEnd(16)} JavaScript ${javascript[index]}`);
});
// What is lacking does throw.
throws(() => new Template("{% for x in [1] %}{{ loop.cycle('a', 'b') }}{% endfor %}").render({}));
strictEqual(python.join('; '), '"    return x"; True; "None"; "None"; {"default": 1.0}; 2');
strictEqual(javascript.join('; '), '"return x"; false; ""; ""; {"default": 1}; -1');
JS
node run.mjs
