/**
 * How reports look, in light and in dark, without a font or a file from elsewhere.
 *
 * @module
 */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --dim: #60646c; --line: #e0e1e6; --page: #fcfcfd; --first: #0b6bcb; --second: #c4560a; --central: #7c7f86; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #edeef0; --dim: #a0a4ab; --line: #2e3135; --page: #111113; --first: #70b8ff; --second: #ff9b52; --central: #8b8f96; }
}
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 40px 20px 80px; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 0.4em; }
h2 { font-size: 1.05rem; margin: 2.4em 0 0.6em; }
p { color: var(--dim); margin: 0.4em 0; max-width: 68ch; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--dim); }
svg .label { font-weight: 600; }
.grid { stroke: var(--line); }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
polyline.first { stroke: var(--first); } circle.first, svg .label.first { fill: var(--first); }
polyline.second { stroke: var(--second); } circle.second, svg .label.second { fill: var(--second); }
.level { stroke: var(--central); stroke-dasharray: 5 4; } svg .label.central { fill: var(--dim); font-weight: 400; }
figure { margin: 1.2em 0; } figcaption { color: var(--dim); font-size: 0.9rem; margin-top: 0.4em; }
img { width: 100%; image-rendering: pixelated; border: 1px solid var(--line); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--dim); font-weight: 600; font-size: 0.85rem; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
table.words td { text-align: left; white-space: normal; vertical-align: top; } table.words th { text-align: left; }
summary { cursor: pointer; color: var(--dim); margin-top: 2em; }
code { font-size: 0.8rem; overflow-wrap: anywhere; }
`;
