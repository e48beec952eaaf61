"""Encoding errors and markup left in texts: wrong decoding, control characters, HTML entities and tags."""

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
_NEXT = f"[\u0080-\u00bf{_CP1252}]"  # continuation bytes of UTF-8, decoded as Latin-1 or Windows-1252
_LATIN = (
    f"[ÂÃ]{_NEXT}|[ÄÅ][\u0080-\u00bf]|(?:[Ð-Ñ]{_NEXT}){{2,}}|(?:[Î-Ï]{_NEXT}){{2,}}|[à-ï]{_NEXT}{{2}}|ð{_NEXT}{{3}}"
)
# Rare Chinese characters that result from decoding the UTF-8 bytes of the most frequent ones as GBK.
_GBK = "[锛銆鈥鐨鏄涓鍦鍚浜璇锟鎴鍜瀛][\u0080-\uffff]{2,}"
_TAGS = "p|br|div|span|a|b|i|u|em|strong|font|img|li|ul|ol|h[1-6]|table|tr|td|script|style|html|body|blockquote"


@dataclass(frozen=True)
class EncodingErrors:
    """Texts with encoding errors, by type of error.

    Args:
        texts: Number of texts by type and split; only types that occur.
        examples: By type, some texts with the erroneous characters.
    """

    texts: dict[str, dict[str, int]]
    examples: dict[str, list[tuple[Example, str]]]


def find_encoding_errors(corpus: Corpus, max_examples: int = 4) -> EncodingErrors:
    """Searches every text for encoding errors.

    Args:
        corpus: The texts; labels are not used.
        max_examples: Number of examples to keep of each type.
    """
    counts: dict[str, dict[str, int]] = {}
    examples: dict[str, list[tuple[Example, str]]] = {}
    for split, texts in corpus.texts.items():
        for kind, matches in find_errors_by_kind(texts).items():
            counts.setdefault(kind, dict.fromkeys(corpus.splits, 0))[split] = len(matches)
            shown = examples.setdefault(kind, [])
            for row, found in list(matches.items())[: max_examples - len(shown)]:
                shown.append((make_example(corpus, split, row), found))
    return EncodingErrors(counts, examples)


def find_errors_by_kind(texts: Sequence[str]) -> dict[str, dict[int, str]]:
    """Returns by type of error the rows of the texts that have it, each with the first match.

    >>> find_errors_by_kind(["cafÃ©", "fine", "a\ufffd"])
    {'replacement characters (U+FFFD)': {2: '\ufffd'}, 'UTF-8 read as Latin-1 or Windows-1252': {0: 'Ã©'}}
    """
    ends = flatten_texts(texts).offsets[1:] + np.arange(1, len(texts) + 1)
    joined = "\n".join(texts) + "\n"  # one search over all texts is faster than one per text
    errors: dict[str, dict[int, str]] = {}
    for kind, (pattern, is_error) in _KINDS.items():
        for start, match in _iterate_matches(joined, pattern):
            if is_error(match):
                errors.setdefault(kind, {}).setdefault(int(np.searchsorted(ends, start, "right")), match)
    return errors


def _iterate_matches(joined: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yields the position and the text of each match."""
    for match in pattern.finditer(joined):
        yield match.start(), match[0]


def _accept_any(match: str) -> bool:
    """Accepts every match, for patterns without a further check."""
    return True


def _is_utf8(match: str) -> bool:
    """Checks that the bytes behind the characters are UTF-8 of common characters."""
    try:
        plain = b"".join(char.encode("cp1252" if char in _CP1252 else "latin-1") for char in match).decode()
    except UnicodeError:
        return False
    return all(_COMMON.match(char) for char in plain)


def _is_gbk_of_utf8(match: str) -> bool:
    """Checks that the GBK bytes of Chinese characters decode to Chinese as UTF-8; real Chinese never does."""
    raw = match.encode("gb18030", "ignore")
    plain = raw.decode("utf-8", "ignore")
    common = "".join(_COMMON.findall(plain)) + "\ufffd" * plain.count("\ufffd")
    return len(common) >= 2 and len(common.encode()) >= 0.7 * len(raw)


def _is_latin_of_gbk(match: str) -> bool:
    """Checks that the Latin-1 bytes decode to mostly common Chinese characters as GB 2312."""
    try:
        plain = match.encode("latin-1").decode("gb2312")
    except UnicodeError:
        return False
    num_common = sum(0xB0 <= ord(lead) <= 0xD7 for lead in match[::2])  # the first level of GB 2312
    return not _is_utf8(match) and num_common >= 0.7 * len(plain)


def _is_entity(match: str) -> bool:
    """Checks that an HTML entity of this name exists."""
    return html.unescape(match) != match


_COMMON = re.compile(
    "[\u00a0-\u024f\u0391-\u03c9\u0401-\u0451\u2010-\u20bf\u2122\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uff5e"
    "\U0001f300-\U0001faff]"
)
_KINDS: dict[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "replacement characters (U+FFFD)": (re.compile("\ufffd+"), _accept_any),
    "UTF-8 read as Latin-1 or Windows-1252": (re.compile(f"(?:{_LATIN})+"), _is_utf8),
    "UTF-8 read as GBK": (re.compile(_GBK), _is_gbk_of_utf8),
    "GBK read as Latin-1": (re.compile("(?:[\u00b0-\u00f7][\u00a1-\u00fe]){2,}"), _is_latin_of_gbk),
    "control characters": (re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]+"), _accept_any),
    "invisible characters (zero-width, bidirectional, byte order marks)": (
        re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]+"), _accept_any,
    ),
    "lone surrogates (halves of characters)": (re.compile("[\ud800-\udfff]+"), _accept_any),
    "HTML entities": (re.compile("&(?:[a-zA-Z]{2,8}|#[0-9]{2,6}|#[xX][0-9a-fA-F]{2,6});"), _is_entity),
    "HTML tags": (
        re.compile(rf"</?(?:{_TAGS})(?:[ \t]+[a-z-]+[ \t]*=[^<>\n]{{0,300}})?[ \t]*/?>", re.IGNORECASE), _accept_any,
    ),
    "escape sequences (\\u4e2d)": (re.compile(r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}"), _accept_any),
}  # fmt: skip
