"""Sentence shuffling: the sentences of a text in random order."""

from __future__ import annotations

import re

import numpy as np

from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams

# A point after these ends no sentence: titles, months, and a single capital ("Mr. Smith", "J. Smith").
_ABBREVIATIONS = r"""
Mr Ms Dr St Mrs No vs Jr Sr Co Inc Col Gen Lt Gov Sen Rep Prof Jan Feb Mar Apr Aug Sept Oct Nov Dec
"""
_NO_END = r"(?<!\b[A-Z]\.)" + "".join(rf"(?<!\b{short}\.)" for short in _ABBREVIATIONS.split())
# A mark that ends a sentence, the quotes that close with it, and the gap before one that begins with a letter or a
# number; in English there must be a gap, and no lowercase letter after it.
_END = re.compile(
    r"[。！？；…]+[”’」』]*([ \t\u3000]*)(?=[“‘「『《]?\w)"
    rf"|[.!?]{_NO_END}[\"'”’)]*(\s+)(?=[\"“‘(]?[^\Wa-z])"
)
_ENDS_WITH_MARK = re.compile(r"[。！？；….!?][”’」』\"'）)]*\s*\Z")


class SentenceShuffling(Augmentation):
    """Shuffles the sentences of a text, English or Chinese; a text of one sentence stays as it is.

    A last sentence without a final punctuation mark stays the last.
    """

    def transform(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Shuffles the sentences of texts with two or more."""
        ends_by_text = {i: matches for i, text in enumerate(texts) if (matches := list(_END.finditer(text)))}
        if not ends_by_text:
            return texts
        result = list(texts)
        counts = np.array([len(matches) + 1 for matches in ends_by_text.values()])
        uniforms = np.split(streams.select(list(ends_by_text)).uniform_ragged(counts), np.cumsum(counts)[:-1])
        for (i, matches), keys in zip(ends_by_text.items(), uniforms, strict=True):
            text = texts[i]
            inner = text.strip()
            lead = text[: text.index(inner)]
            starts = [len(lead), *(end.end() for end in matches)]
            stops = [*(end.start(end.lastindex or 0) for end in matches), len(lead) + len(inner)]
            sentences = [text[start:stop] for start, stop in zip(starts, stops, strict=True)]
            last = [] if _ENDS_WITH_MARK.search(text) else [sentences.pop()]
            order = _sort_differently(keys[: len(sentences)])
            sentences = [sentences[number] for number in order] + last
            gaps = ["", *(end[end.lastindex or 0] for end in matches)]
            joined = "".join(gap + sentence for gap, sentence in zip(gaps, sentences, strict=True))
            result[i] = lead + joined + text[stops[-1] :]
        return result


def _sort_differently(keys: np.ndarray) -> list[int]:
    """Returns the order that sorts the keys, or a rotation of it if that would change nothing."""
    order = np.argsort(keys, kind="stable")
    if np.array_equal(order, np.arange(len(order))):
        order = np.roll(order, 1)
    return order.tolist()
