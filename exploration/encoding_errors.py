"""Traces of texts that were decoded, cleaned or exported wrongly."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from exploration.corpus import Corpus
from exploration.examples import Example, make_example
from exploration.flat_code_points import flatten_texts

_CP1252 = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_NEXT = f"[\u0080-\u00bf{_CP1252}]"  # what the second and later bytes of UTF-8 look like when read as Western Europe
_LATIN = (
    f"[ÂÃ]{_NEXT}|[ÄÅ][\u0080-\u00bf]|(?:[Ð-Ñ]{_NEXT}){{2,}}|(?:[Î-Ï]{_NEXT}){{2,}}|[à-ï]{_NEXT}{{2}}|ð{_NEXT}{{3}}"
)
# Characters that Chinese hardly uses, but that UTF-8 of the commonest Chinese ones shows when read as GBK.
_GBK = "[锛銆鈥鐨鏄涓鍦鍚浜璇锟鎴鍜瀛][\u0080-\uffff]{2,}"
_TAGS = "p|br|div|span|a|b|i|u|em|strong|font|img|li|ul|ol|h[1-6]|table|tr|td|script|style|html|body|blockquote"


@dataclass(frozen=True)
class EncodingErrors:
    """Texts with each kind of trace.

    Args:
        texts: By kind and split; kinds that never occur are left out.
        examples: Of each kind some texts, with what was found in them.
    """

    texts: dict[str, dict[str, int]]
    examples: dict[str, list[tuple[Example, str]]]


def find_encoding_errors(corpus: Corpus, most: int = 4) -> EncodingErrors:
    """Looks for traces in every text.

    Args:
        corpus: Whose texts; no label is looked at.
        most: Examples to keep of each kind.
    """
    counts: dict[str, dict[str, int]] = {}
    examples: dict[str, list[tuple[Example, str]]] = {}
    for split, texts in corpus.texts.items():
        for kind, places in find_traces(texts).items():
            counts.setdefault(kind, dict.fromkeys(corpus.splits, 0))[split] = len(places)
            shown = examples.setdefault(kind, [])
            for place, trace in list(places.items())[: most - len(shown)]:
                shown.append((make_example(corpus, split, place), trace))
    return EncodingErrors(counts, examples)


def find_traces(texts: Sequence[str]) -> dict[str, dict[int, str]]:
    """By kind, the places of the texts that bear a trace, each with its first one.

    >>> find_traces(["cafÃ©", "fine", "a\ufffd"])
    {'replacement characters (U+FFFD)': {2: '\ufffd'}, 'UTF-8 read as Latin-1 or Windows-1252': {0: 'Ã©'}}
    """
    ends = flatten_texts(texts).offsets[1:] + np.arange(1, len(texts) + 1)
    whole = "\n".join(texts) + "\n"  # one search over all texts rather than one each
    found: dict[str, dict[int, str]] = {}
    for kind, (pattern, is_real) in _KINDS.items():
        for start, trace in _traces(whole, pattern):
            if is_real(trace):
                found.setdefault(kind, {}).setdefault(int(np.searchsorted(ends, start, "right")), trace)
    return found


def _traces(whole: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    for match in pattern.finditer(whole):
        yield match.start(), match[0]


def _always(trace: str) -> bool:
    return True


def _is_utf8(trace: str) -> bool:
    """Whether the bytes behind the signs are UTF-8 of characters in everyday use."""
    try:
        plain = b"".join(sign.encode("cp1252" if sign in _CP1252 else "latin-1") for sign in trace).decode()
    except UnicodeError:
        return False
    return all(_EVERYDAY.match(sign) for sign in plain)


def _is_gbk_of_utf8(trace: str) -> bool:
    """Whether Chinese signs become other Chinese ones when their bytes are read as UTF-8; real Chinese never does."""
    raw = trace.encode("gb18030", "ignore")
    plain = raw.decode("utf-8", "ignore")
    everyday = "".join(_EVERYDAY.findall(plain)) + "\ufffd" * plain.count("\ufffd")
    return len(everyday) >= 2 and len(everyday.encode()) >= 0.7 * len(raw)


def _is_latin_of_gbk(trace: str) -> bool:
    try:
        plain = trace.encode("latin-1").decode("gb2312")
    except UnicodeError:
        return False
    common = sum(0xB0 <= ord(lead) <= 0xD7 for lead in trace[::2])  # the first level of GB 2312
    return not _is_utf8(trace) and common >= 0.7 * len(plain)


def _is_entity(trace: str) -> bool:
    return html.unescape(trace) != trace


_EVERYDAY = re.compile(
    "[\u00a0-\u024f\u0391-\u03c9\u0401-\u0451\u2010-\u20bf\u2122\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uff5e"
    "\U0001f300-\U0001faff]"
)
_KINDS: dict[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "replacement characters (U+FFFD)": (re.compile("\ufffd+"), _always),
    "UTF-8 read as Latin-1 or Windows-1252": (re.compile(f"(?:{_LATIN})+"), _is_utf8),
    "UTF-8 read as GBK": (re.compile(_GBK), _is_gbk_of_utf8),
    "GBK read as Latin-1": (re.compile("(?:[\u00b0-\u00f7][\u00a1-\u00fe]){2,}"), _is_latin_of_gbk),
    "control characters": (re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]+"), _always),
    "invisible characters (zero-width, bidirectional, byte order marks)": (
        re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]+"), _always,
    ),
    "halves of characters (lone surrogates)": (re.compile("[\ud800-\udfff]+"), _always),
    "HTML entities": (re.compile("&(?:[a-zA-Z]{2,8}|#[0-9]{2,6}|#[xX][0-9a-fA-F]{2,6});"), _is_entity),
    "HTML tags": (
        re.compile(rf"</?(?:{_TAGS})(?:[ \t]+[a-z-]+[ \t]*=[^<>\n]{{0,300}})?[ \t]*/?>", re.IGNORECASE), _always,
    ),
    "escapes left as text (\\u4e2d)": (re.compile(r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}"), _always),
}  # fmt: skip
