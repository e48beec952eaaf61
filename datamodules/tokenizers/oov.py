"""What a vocabulary lacks, split by split: how many tokens, types and texts, which, and how long texts become."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from datamodules.tokenizers.base import Tokenizer, replace_lone_surrogates

_CHUNK = 20_000  # texts looked at together
_COMMONEST = 20


@dataclass(frozen=True)
class OOVReport:
    """Of one split by one tokenizer; units are words, characters or pieces before unknown ones are treated.

    Where nothing is ever unknown, unknown are the units that had to be spelled otherwise: in characters or bytes.
    """

    texts: int
    tokens: int
    types: int
    unknown_tokens: int
    unknown_types: int
    texts_touched: int
    token_rate: float
    """Share of tokens that are unknown."""
    type_rate: float
    """Share of different units that are unknown."""
    text_share: float
    """Share of texts that hold an unknown unit."""
    ids_per_text: float
    """How many ids a text takes in the mean, before it is cut."""
    commonest: tuple[tuple[str, int], ...]
    """The commonest unknown units and how often they occur, up to 20."""
    vector_coverage: tuple[float, float] | None = None
    """Share of ids and share of different ids that have a pretrained vector; filled in by those who read vectors."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def measure_oov(
    tokenizer: Tokenizer,
    splits: Mapping[str, Sequence[str]],
    lengths: Mapping[str, np.ndarray] | None = None,
) -> dict[str, OOVReport]:
    """Measures each split.

    Args:
        tokenizer: Trained.
        splits: Texts by the name of their split.
        lengths: Ids of each text, uncut, where they are known already: integers `(texts,)` by split.
    """
    return {
        name: _measured(tokenizer, texts, None if lengths is None else lengths[name]) for name, texts in splits.items()
    }


def _measured(tokenizer: Tokenizer, texts: Sequence[str], lengths: np.ndarray | None) -> OOVReport:
    counts: Counter[str] = Counter()
    unknown: set[str] = set()
    touched = ids = 0
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        units = tokenizer.extract_units(chunk)
        found = np.bincount(units.unit_ids, minlength=len(units.strings)).tolist()
        counts.update(dict(zip(units.strings, found, strict=True)))
        unknown.update(units.strings[place] for place in np.flatnonzero(~units.is_known))
        touched += int(np.count_nonzero(units.unknown_counts))
        if lengths is None:
            ids += len(tokenizer.encode_batch(chunk).ids)
    if lengths is not None:
        ids = int(lengths.sum())
    tokens = sum(counts.values())
    lacking = {name: counts[name] for name in unknown}
    unknown_tokens = sum(lacking.values())
    commonest = sorted(lacking.items(), key=lambda item: (-item[1], item[0]))[:_COMMONEST]
    names = replace_lone_surrogates([name for name, _ in commonest])
    return OOVReport(
        texts=len(texts),
        tokens=tokens,
        types=len(counts),
        unknown_tokens=unknown_tokens,
        unknown_types=len(unknown),
        texts_touched=touched,
        token_rate=_share(unknown_tokens, tokens),
        type_rate=_share(len(unknown), len(counts)),
        text_share=_share(touched, len(texts)),
        ids_per_text=_share(ids, len(texts)),
        commonest=tuple((name, count) for name, (_, count) in zip(names, commonest, strict=True)),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
