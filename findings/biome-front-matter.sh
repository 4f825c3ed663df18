#!/usr/bin/env bash
# Biome 2.6.8 (November 2026): its formatter of Markdown rewrites YAML front matter into something that no YAML reader takes.
#
# Guess: a formatter that takes .md files leaves the block between two `---` at their head as it is, as others do, or says that
#        it cannot read it: site generators keep a page's title, layout and menu there.
# Seen:  the block is formatted as Markdown: nested keys lose their indentation, lists are joined into one line of text. The command
#        succeeds and says "Fixed 1 file"; the site's next build fails with a YAML error, or shows a page without its menu.
# Output: before: layout,hero,hero.name,hero.actions (2)
#         Formatted 1 file
#         after: not YAML any more
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @biomejs/biome@2.6.8 yaml@2.9.1
cat >page.md <<'MD'
---
layout: home
hero:
  name: sample
  actions:
    - text: one
      link: /one
    - text: two
      link: /two
---

# Title
MD
cat >read.cjs <<'JS'
const { readFileSync } = require('node:fs');
const { parse } = require('yaml');

const [, block] = /^---\n([\s\S]*?)\n---/.exec(readFileSync('page.md', 'utf8'));
try {
  const { layout, hero } = parse(block);
  console.log(`layout,${typeof hero === 'object' && hero !== null ? `hero,hero.name,hero.actions (${hero.actions.length})` : 'hero lost'}`);
  process.exitCode = layout === 'home' && hero?.actions?.length === 2 ? 0 : 2;
} catch {
  console.log('not YAML any more');
  process.exitCode = 3;
}
JS
echo "before: $(node read.cjs)"
npx biome format --write page.md 2>&1 | sed 's/ in .*//'
after=$(node read.cjs) && status=0 || status=$?
echo "after: $after"
[ "$status" = 3 ]
