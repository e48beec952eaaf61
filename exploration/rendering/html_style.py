"""Style sheet of the page, for desktop, phone and paper."""

STYLE = """
:root { --font: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "PingFang SC",
  "Microsoft YaHei", "Hiragino Sans", "Source Han Sans SC", "Droid Sans Fallback", sans-serif; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; font: 16px/1.5 var(--font); color: #1c1c1c;
  background: #fff; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .6rem; padding-top: .6rem; border-top: 1px solid #ddd; }
header + main > section:first-child > h2 { margin-top: 1.2rem; }
p { margin: .4rem 0; max-width: 50rem; overflow-wrap: anywhere; }
small, .quiet, footer { color: #5c5c5c; }
small, .quiet { font-size: .85em; }
footer { margin-top: 3rem; border-top: 1px solid #ddd; font-size: .88rem; }
a { color: #23558f; }
nav { margin: 1.6rem 0 0; padding: .6rem .9rem; background: #f3f4f6; border-radius: 4px; font-size: .92rem; }
.scroll { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: 0 0 .3rem; }
th, td { text-align: left; vertical-align: top; padding: .28rem 1rem .28rem 0; border-bottom: 1px solid #eaeaea; }
th { font-weight: 600; vertical-align: bottom; border-bottom: 1.5px solid #999; }
td { overflow-wrap: break-word; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.number { white-space: normal; }
.bars { width: 100%; }
.bars td { padding-top: .14rem; padding-bottom: .14rem; border: 0; vertical-align: middle; }
.bars td:first-child { min-width: 8.6rem; max-width: 16rem; overflow-wrap: anywhere; line-height: 1.25; }
.bars td:nth-child(2) { width: 60%; white-space: nowrap; font-variant-numeric: tabular-nums; }
.bar { display: inline-block; height: .95rem; margin-right: .4rem; vertical-align: -.12rem; background: #31629e;
  border-radius: 1px; min-width: 1px; width: calc((100% - 4.2rem) * var(--ratio)); }
.text { overflow-wrap: anywhere; white-space: pre-line; }
td .text { display: inline-block; max-width: 34rem; }
td small { display: block; }
mark { background: #ffe9a8; }
figure { margin: .8rem 0; }
figcaption { color: #5c5c5c; font-size: .88rem; max-width: 50rem; }
.plots { display: flex; flex-wrap: wrap; gap: .5rem 1rem; }
.plot { display: block; flex: 1 1 20rem; min-width: 0; max-width: 30rem; height: auto; }
code { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: #f3f4f6; padding: .05rem .2rem;
  border-radius: 3px; white-space: nowrap; }
.command { white-space: normal; }
.command span { white-space: nowrap; }
.advice { padding-left: 1.7rem; }
.advice li { margin: .6rem 0; max-width: 50rem; }
.advice a { font-size: .85em; white-space: nowrap; }
.advice .command { display: block; margin-top: .3rem; padding: .25rem .6rem; width: fit-content; max-width: 100%;
  overflow-x: auto; }
.clean { padding-left: 1.2rem; margin: .4rem 0; }
.terms span { white-space: nowrap; }
.terms { display: inline-block; min-width: 12rem; }
summary { cursor: pointer; }
@media (max-width: 36rem) {
  body { padding: 1.1rem .9rem 3rem; font-size: 15px; }
  td .text { min-width: 14rem; }
  .bars th:nth-child(3), .bars td:nth-child(3) { display: none; }
  .bars tr { display: flex; flex-wrap: wrap; }
  .bars th:first-child, .bars td:first-child { flex: 0 0 100%; max-width: none; padding: .3rem 0 0; border: 0; }
  .bars th:nth-child(2), .bars td:nth-child(2) { flex: 1 1 8rem; width: auto; }
  .bars .number { flex: 0 0 4.6rem; padding-right: .2rem; }
  th, td { padding-right: .55rem; }
}
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } nav { display: none; }
  h2 { break-after: avoid; } tr, figure, li { break-inside: avoid; } .scroll { overflow: visible; }
  .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; text-decoration: none; } }
"""
