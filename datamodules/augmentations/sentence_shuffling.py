"""Sentence shuffling: the sentences of a text in another order."""

from __future__ import annotations

import re

import numpy as np

from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams

# After these a point ends no sentence: titles, months, and a single capital ("Mr. Smith", "J. Smith").
_SHORT = r"""
Mr Ms Dr St Mrs No vs Jr Sr Co Inc Col Gen Lt Gov Sen Rep Prof Jan Feb Mar Apr Aug Sept Oct Nov Dec
"""
_NO_END = r"(?<!\b[A-Z]\.)" + "".join(rf"(?<!\b{short}\.)" for short in _SHORT.split())
# A sign that ends a sentence, the quotes that close with it, and the gap before one that begins with a letter or a
# number; in English there must be a gap, and no small letter after it.
_END = re.compile(
    r"[。！？；…]+[”’」』]*([ \t\u3000]*)(?=[“‘「『《]?\w)"
    rf"|[.!?]{_NO_END}[\"'”’)]*(\s+)(?=[\"“‘(]?[^\Wa-z])"
)
_ENDED = re.compile(r"[。！？；….!?][”’」』\"'）)]*\s*\Z")


class SentenceShuffling(Augmentation):
    """Puts the sentences of a text, English or Chinese, in a random order; a text of one sentence stays as it is.

    A last sentence with no sign at its end stays the last.
    """

    def change(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Shuffles where there are two sentences or more."""
        ends = {place: found for place, text in enumerate(texts) if (found := list(_END.finditer(text)))}
        if not ends:
            return texts
        result = list(texts)
        counts = np.array([len(found) + 1 for found in ends.values()])
        uniforms = np.split(streams.select(list(ends)).uniform_ragged(counts), np.cumsum(counts)[:-1])
        for (place, found), mine in zip(ends.items(), uniforms, strict=True):
            text = texts[place]
            inner = text.strip()
            lead = text[: text.index(inner)]
            starts = [len(lead), *(end.end() for end in found)]
            stops = [*(end.start(end.lastindex or 0) for end in found), len(lead) + len(inner)]
            sentences = [text[start:stop] for start, stop in zip(starts, stops, strict=True)]
            last = [] if _ENDED.search(text) else [sentences.pop()]
            order = _other_order(mine[: len(sentences)])
            sentences = [sentences[number] for number in order] + last
            gaps = ["", *(end[end.lastindex or 0] for end in found)]
            joined = "".join(gap + one for gap, one in zip(gaps, sentences, strict=True))
            result[place] = lead + joined + text[stops[-1] :]
        return result


def _other_order(uniforms: np.ndarray) -> list[int]:
    order = np.argsort(uniforms, kind="stable")
    if np.array_equal(order, np.arange(len(order))):
        order = np.roll(order, 1)  # the order it had would be no change
    return order.tolist()
