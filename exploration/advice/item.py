"""The data structure of advice: text, section of the page with the evidence, options of `train.py` to try."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """One piece of advice.

    Args:
        section: Anchor of the section of the page with the evidence.
        text: One or two sentences.
        options: Sets of options of `train.py` to try; several are alternatives.
    """

    section: str
    text: str
    options: tuple[str, ...] = ()
