"""Finds near-duplicates: different texts of the same or of different splits with a high Jaccard similarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datamodules.tokenizers.writing_scripts import UNSPACED
from exploration.checks.duplicates import assign_text_ids
from exploration.checks.min_hash import choose_bands, compute_candidate_probability, find_similar_pairs
from exploration.checks.shingles import hash_shingles
from exploration.corpus import Corpus
from exploration.examples import Example, make_example


@dataclass(frozen=True)
class NearDuplicates:
    """Pairs of different texts with similar sets of shingles (character n-grams).

    Args:
        threshold: Minimum Jaccard similarity of a pair.
        shingle_size: Characters per shingle.
        recall: Probability that a pair exactly at the threshold is found; the similarity of found pairs is exact.
        texts: Number of distinct texts compared.
        pairs: Number of pairs found.
        rows: For each two splits, such as `test in train`, texts of the first that are near-duplicates of a text of
            the second; `train in train` for those within a split.
        examples: Pairs with their similarity, those across splits first.
    """

    threshold: float
    shingle_size: int
    recall: float
    texts: int
    pairs: int
    rows: dict[str, int]
    examples: list[tuple[Example, Example, float]]


def find_near_duplicates(
    corpus: Corpus, main_script: str | None, threshold: float = 0.8, max_examples: int = 10
) -> NearDuplicates:
    """Finds near-duplicates among the distinct texts of all splits.

    Args:
        corpus: The texts; labels are not used.
        main_script: The main writing script; shingles are shorter for scripts without spaces between words.
        threshold: Minimum Jaccard similarity, in (0, 1].
        max_examples: Number of examples to keep.
    """
    size = 3 if main_script in UNSPACED else 5
    names = list(corpus.splits)
    positions = np.concatenate([np.arange(len(corpus.texts[split])) for split in names])
    split_ids = np.repeat(np.arange(len(names)), [len(corpus.texts[split]) for split in names])
    numbers = np.concatenate(list(assign_text_ids(corpus).values()))
    firsts = np.unique(numbers, return_index=True)[1]  # a text that occurs in two splits counts for the first
    sets = hash_shingles([corpus.texts[names[split_ids[i]]][positions[i]] for i in firsts], size)
    non_empty = np.flatnonzero(np.diff(sets.offsets))
    if len(non_empty) < len(firsts):  # texts of white space that were kept have no shingle
        sets = sets._replace(offsets=np.append(sets.offsets[non_empty], sets.offsets[-1]))
    pairs, similarity = find_similar_pairs(sets, threshold)
    texts = firsts[non_empty][pairs]
    splits = split_ids[texts]
    rows = {}
    for later, first in enumerate(names):
        for earlier, second in enumerate(names[: later + 1]):
            forward = (splits[:, 0] == later) & (splits[:, 1] == earlier)
            backward = (splits[:, 1] == later) & (splits[:, 0] == earlier)
            rows[f"{first} in {second}"] = len(np.unique(np.concatenate([texts[forward, 0], texts[backward, 1]])))
    is_across = splits[:, 0] != splits[:, 1]
    best = np.lexsort((-similarity, ~is_across))[:max_examples]
    return NearDuplicates(
        threshold=threshold,
        shingle_size=size,
        recall=compute_candidate_probability(threshold, *choose_bands(threshold)),
        texts=len(non_empty),
        pairs=len(pairs),
        rows=rows,
        examples=[
            (
                make_example(corpus, names[splits[i, 1]], int(positions[texts[i, 1]])),
                make_example(corpus, names[splits[i, 0]], int(positions[texts[i, 0]])),
                float(similarity[i]),
            )
            for i in best
        ],
    )
