"""Characters that cannot be seen, or that steer what shows them, made visible."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)


def escape_control_characters(text: str) -> str:
    r"""The text with each such character as its number; tabs and line ends stay.

    >>> escape_control_characters("a\x1b[2J")
    'a⟨U+001B⟩[2J'
    """
    return _UNSEEN.sub(lambda sign: f"⟨U+{ord(sign[0]):04X}⟩", text)
