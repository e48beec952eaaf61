"""Escapes control and invisible characters of printed data, such as labels, so that they cannot affect a terminal."""

from __future__ import annotations

import re

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)


def escape_control_characters(text: str) -> str:
    r"""Replaces each control or invisible character by its code point; tabs and line ends stay.

    >>> escape_control_characters("a\x1b[2J")
    'a⟨U+001B⟩[2J'
    """
    return _INVISIBLE.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)
