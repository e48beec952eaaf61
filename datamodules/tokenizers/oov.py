"""The report of unknown (out-of-vocabulary) tokens by split: ratios of tokens, types and texts, and tokens per text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from datamodules.tokenizers.base import Tokenizer, replace_lone_surrogates

_CHUNK = 20_000  # texts per call of the tokenizer
_NUM_EXAMPLES = 20


@dataclass(frozen=True)
class OOVReport:
    """Statistics of unknown tokens for one split; counts are of units before they are mapped to ids.

    Units are words, characters or subwords.

    If a tokenizer has no unknown token, units that are encoded as characters or bytes count as unknown.
    """

    texts: int
    tokens: int
    types: int
    unknown_tokens: int
    unknown_types: int
    texts_touched: int
    """Texts with unknown tokens."""
    token_rate: float
    """Fraction of tokens that are unknown."""
    type_rate: float
    """Fraction of types (distinct tokens) that are unknown."""
    text_share: float
    """Fraction of texts with unknown tokens."""
    ids_per_text: float
    """Mean token ids per text, before truncation."""
    commonest: tuple[tuple[str, int], ...]
    """The most frequent unknown tokens and their counts, up to 20."""
    vector_coverage: tuple[float, float] | None = None
    """Fractions of tokens and of types with a pretrained vector; None if no vectors were read."""

    def to_dict(self) -> dict[str, Any]:
        """Converts to JSON-serializable values."""
        return asdict(self)


def measure_oov(
    tokenizer: Tokenizer,
    splits: Mapping[str, Sequence[str]],
    lengths: Mapping[str, np.ndarray] | None = None,
) -> dict[str, OOVReport]:
    """Measures the unknown tokens of each split.

    Args:
        tokenizer: Trained.
        splits: Texts by the name of their split.
        lengths: Ids of each text before truncation, if known already: integers `(texts,)` by split.
    """
    return {
        name: _measure_split(tokenizer, texts, None if lengths is None else lengths[name])
        for name, texts in splits.items()
    }


def _measure_split(tokenizer: Tokenizer, texts: Sequence[str], lengths: np.ndarray | None) -> OOVReport:
    """Measures the unknown tokens of one split, in chunks of texts."""
    counts: Counter[str] = Counter()
    unknown: set[str] = set()
    with_unknown = ids = 0
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        units = tokenizer.extract_units(chunk)
        unit_counts = np.bincount(units.unit_ids, minlength=len(units.strings)).tolist()
        counts.update(dict(zip(units.strings, unit_counts, strict=True)))
        unknown.update(units.strings[unit] for unit in np.flatnonzero(~units.is_known))
        with_unknown += int(np.count_nonzero(units.unknown_counts))
        if lengths is None:
            ids += len(tokenizer.encode_batch(chunk).ids)
    if lengths is not None:
        ids = int(lengths.sum())
    tokens = sum(counts.values())
    unknown_counts = {name: counts[name] for name in unknown}
    unknown_tokens = sum(unknown_counts.values())
    most_frequent = sorted(unknown_counts.items(), key=lambda item: (-item[1], item[0]))[:_NUM_EXAMPLES]
    names = replace_lone_surrogates([name for name, _ in most_frequent])
    return OOVReport(
        texts=len(texts),
        tokens=tokens,
        types=len(counts),
        unknown_tokens=unknown_tokens,
        unknown_types=len(unknown),
        texts_touched=with_unknown,
        token_rate=_divide(unknown_tokens, tokens),
        type_rate=_divide(len(unknown), len(counts)),
        text_share=_divide(with_unknown, len(texts)),
        ids_per_text=_divide(ids, len(texts)),
        commonest=tuple((name, count) for name, (_, count) in zip(names, most_frequent, strict=True)),
    )


def _divide(count: int, total: int) -> float:
    """Divides, with 0 for 0 / 0."""
    return count / total if total else 0.0
