"""How the report looks: dark and light, wide and narrow, on paper."""

CSS = """
:root { color-scheme: light dark; --paper: #fdfcfa; --card: #fff; --ink: #1d2430; --soft: #5d6675; --rule: #e2e0da;
  --accent: #2f5fb3; --other: #c08a2d; --wrong: #c04a3a; --good: #2e7d4f; --on: #fff;
  --low: #3c8fb8; --high: #d0503c; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171c; --card: #1b1f26; --ink: #e6e8ec; --soft: #9aa3b0;
  --rule: #2f353f; --accent: #7aa5f0; --other: #dcae5a; --wrong: #e8806f; --good: #6fc795; --on: #10131a;
  --low: #58b4de; --high: #f0836e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 3rem 0 1rem; padding-bottom: 0.4rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 0 0 0.5rem; } .grid + h3 { margin-top: 2rem; }
p { margin: 0.4rem 0; max-width: 46rem; }
.lead { font-size: 1.1rem; color: var(--soft); }
.facts { color: var(--soft); font-size: 0.9rem; }
.hero { display: grid; grid-template-columns: 1fr 1.15fr; gap: 1.5rem 2.5rem; align-items: center; margin-top: 2rem; padding: 1.75rem;
  background: var(--card); border: 1px solid var(--rule); border-radius: 12px; }
.verdict { font-size: 1.45rem; line-height: 1.3; font-weight: 650; margin: 0 0 0.6rem; }
.good { color: var(--good); } .poor { color: var(--wrong); } .open { color: var(--other); }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20.5rem), 1fr)); gap: 1.25rem; }
figure { margin: 0; padding: 1.1rem; background: var(--card); border: 1px solid var(--rule); border-radius: 12px; break-inside: avoid; }
.hero figure { padding: 0; border: 0; background: none; }
figcaption { color: var(--soft); font-size: 0.85rem; line-height: 1.45; margin-top: 0.4rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; min-width: min(100%, 30rem); }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 0.82rem; }
th, td { padding: 0.36rem 1.4rem 0.36rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
td { overflow-wrap: break-word; }
.number { text-align: right; white-space: nowrap; }
.first td { font-weight: 650; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.84rem; }
code { overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 1rem; overflow-x: auto; line-height: 1.45; }
summary { cursor: pointer; color: var(--accent); padding: 0.3rem 0; }
ul { padding-left: 1.2rem; max-width: 46rem; }
.share { display: flex; gap: 2px; height: 1.1rem; border-radius: 5px; overflow: hidden; margin: 0.9rem 0 0.4rem; max-width: 46rem; }
.share i { background: var(--accent); min-width: 2px; } .share .valid { opacity: 0.5; } .share .test { background: var(--other); }
.key { display: inline-block; width: 0.7em; height: 0.7em; border-radius: 2px; background: var(--accent); }
.key.other, .key.test { background: var(--other); } .key.valid { opacity: 0.5; }
text { fill: var(--ink); font-size: 11.5px; font-family: inherit; }
.tick, .axis { fill: var(--soft); } .tick { font-size: 11px; } .word.on { fill: var(--on); font-weight: 650; }
line.grid { stroke: var(--rule); stroke-width: 1; }
.line { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; } .line.other { stroke: var(--other); }
.area { fill: var(--accent); opacity: 0.1; }
.ideal { fill: none; stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 4 4; }
.dot, .bar, .cell { fill: var(--accent); } .dot.other, .bar.other { fill: var(--other); } .bar.wrong { fill: var(--wrong); }
.interval { stroke: var(--accent); stroke-width: 2; stroke-linecap: round; } .interval.other { stroke: var(--other); } .interval.strong { stroke-width: 8; opacity: 0.35; }
.line.other { stroke: var(--other); } .line.wrong { stroke: var(--wrong); } .line.good { stroke: var(--good); } .line.strong { stroke-width: 2.6; }
.dot.wrong { fill: var(--wrong); } .dot.good { fill: var(--good); } .key.wrong { background: var(--wrong); } .key.good { background: var(--good); }
.single { fill: none; stroke: var(--accent); stroke-width: 1; opacity: 0.22; } .spot { fill: var(--accent); opacity: 0; }
.dots { fill: none; stroke: var(--accent); stroke-width: 4.4; stroke-linecap: round; opacity: 0.75; }
.dots.plain { stroke: var(--soft); } .key.plain { background: var(--soft); }
.s0 { --shade: 0%; } .s1 { --shade: 25%; } .s2 { --shade: 50%; } .s3 { --shade: 75%; } .s4 { --shade: 100%; }
.dots.s0, .dots.s1, .dots.s2, .dots.s3, .dots.s4 { stroke: color-mix(in oklab, var(--high) var(--shade), var(--low)); }
.key.s0 { background: var(--low); } .key.s4 { background: var(--high); }
.watch { margin-top: 1.25rem; padding: 1.1rem 1.75rem; background: var(--card); border: 1px solid var(--rule); border-left: 4px solid var(--other);
  border-radius: 12px; } .watch h2 { margin: 0 0 0.3rem; padding: 0; border: 0; font-size: 1rem; } .watch ul { margin: 0; max-width: 60rem; }
.watch li { margin: 0.3rem 0; }
nav { margin-top: 1.5rem; font-size: 0.9rem; line-height: 2; } nav a { color: var(--accent); text-decoration: none; margin-right: 1.1rem; white-space: nowrap; }
nav a:hover { text-decoration: underline; }
small { color: var(--soft); font-size: 0.85em; }
@media (max-width: 46rem) { main { padding: 1.5rem 1rem 3rem; } .hero { grid-template-columns: 1fr; padding: 1.2rem; } h1 { font-size: 1.7rem; }
  .stack thead { display: none; } .stack td { display: block; } .stack td:first-child { border: 0; padding-bottom: 0; color: var(--soft); } }
@media print { nav { display: none; } :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --rule: #ccc; --accent: #2f5fb3;
  --other: #b07a1d; --wrong: #b03a2a; --good: #1e6d3f; --on: #fff; } main { max-width: none; padding: 0; } body { font-size: 11pt; }
  h2, h3 { break-after: avoid; } tr { break-inside: avoid; } pre { white-space: pre-wrap; } ::details-content { content-visibility: visible; }
  * { print-color-adjust: exact; } }
"""
