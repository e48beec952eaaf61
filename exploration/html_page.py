"""The page: one HTML file with everything in it, which asks nothing of any network."""

from __future__ import annotations

from exploration.advice import Advice
from exploration.data_report import DataReport
from exploration.html_elements import escape_html
from exploration.html_statistics_sections import SECTIONS

_STYLE = """
:root { --font: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "PingFang SC",
  "Microsoft YaHei", "Hiragino Sans", "Source Han Sans SC", "Droid Sans Fallback", sans-serif; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2rem 1.25rem 5rem; max-width: 60rem; font: 16px/1.55 var(--font); color: #1c1c1c;
  background: #fff; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 3rem 0 .6rem; padding-top: .6rem; border-top: 1px solid #ddd; }
h3 { font-size: 1rem; margin: 1.6rem 0 .3rem; }
p { margin: .5rem 0; max-width: 46rem; }
small, .quiet { color: #5c5c5c; }
small { font-size: .82em; }
nav ol { columns: 16rem; padding-left: 1.4rem; margin: .8rem 0; }
nav a, .about { color: #23558f; }
.scroll { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: 0 0 .3rem; }
th, td { text-align: left; vertical-align: top; padding: .28rem .9rem .28rem 0; border-bottom: 1px solid #eaeaea; }
th { font-weight: 600; vertical-align: bottom; border-bottom: 1.5px solid #999; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.text { overflow-wrap: anywhere; white-space: pre-line; }
td .text { display: inline-block; max-width: 34rem; }
td small { display: block; }
mark { background: #ffe9a8; }
figure { margin: 1rem 0; }
figcaption { color: #5c5c5c; font-size: .88rem; }
.picture { display: block; width: 100%; max-width: 52rem; height: auto; }
.picture.small { max-width: 34rem; }
code { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: #f3f4f6; padding: .1rem .35rem;
  border-radius: 3px; overflow-wrap: anywhere; }
.advice li { margin: .8rem 0; max-width: 46rem; }
.advice code { display: block; margin-top: .3rem; padding: .35rem .6rem; width: fit-content; max-width: 100%; }
.terms span { white-space: nowrap; }
.terms { display: inline-block; min-width: 12rem; }
td { overflow-wrap: break-word; }
th.number { white-space: normal; }
@media (max-width: 36rem) { body { padding: 1.1rem .9rem 3rem; font-size: 15px; } td .text { min-width: 14rem; } }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } nav { display: none; } 
  h2 { break-after: avoid; } tr, figure, li { break-inside: avoid; } .scroll { overflow: visible; }
  a { color: inherit; text-decoration: none; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # even a slip in escaping could run nothing


def render_page(found: DataReport, advised: list[Advice], command: str) -> str:
    """The whole HTML.

    Args:
        found: What to show.
        advised: What to do about it.
        command: How the page was made.
    """
    texts = found.classes.texts
    kind = "several labels a text" if found.task == "multi_label" else "one label a text"
    rows = ", ".join(f"{count:,} {split}" for split, count in texts.items())
    shown = [(anchor, title, body) for anchor, title, make in SECTIONS if (body := make(found))]
    links = [f"<li><a href='#{anchor}'>{escape_html(title)}</a></li>" for anchor, title, _ in shown]
    titles = {anchor: title for anchor, title, _ in shown}
    return "\n".join(
        [
            "<!doctype html>",
            "<html lang='en'><head><meta charset='utf-8'>",
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            "<meta name='viewport' content='width=device-width, initial-scale=1'>",
            f"<title>{escape_html(found.source)}: a look before training</title>",
            f"<style>{_STYLE}</style></head><body>",
            f"<header><h1>{escape_html(found.source)}</h1>",
            f"<p>{rows} texts · {len(found.classes.names):,} classes, {kind}</p>",
            f"<p class='quiet'>Made by <code>{escape_html(command)}</code></p>",
            "<p class='quiet'>Labels of the test split were read for counts, duplicates and conflicts only; its texts "
            "for what does not look at labels.</p>",
            *(f"<p>{escape_html(note)}</p>" for note in found.notes),
            f"</header><nav><ol>{''.join(links)}<li><a href='#advice'>What to do</a></li></ol></nav><main>",
            *(f"<section id='{anchor}'><h2>{escape_html(title)}</h2>{body}</section>" for anchor, title, body in shown),
            f"<section id='advice'><h2>What to do</h2>{_advice(advised, titles)}</section>",
            "</main></body></html>\n",
        ]
    )


def _advice(advised: list[Advice], titles: dict[str, str]) -> str:
    lines = ["<p>The options are for <code>python train.py</code>, beside those that chose the data.</p>"]
    lines.append("<ol class='advice'>")
    for piece in advised:
        about = ""
        if piece.about in titles:
            about = f" <a class='about' href='#{piece.about}'>{escape_html(titles[piece.about])}</a>"
        options = "".join(f"<code>{escape_html(option)}</code>" for option in piece.options)
        lines.append(f"<li>{escape_html(piece.text)}<small>{about}</small>{options}</li>")
    return "\n".join([*lines, "</ol>"])
