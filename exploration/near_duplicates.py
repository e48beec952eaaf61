"""Texts that are nearly the same as another, in their split or in another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exploration.corpus import Corpus
from exploration.duplicates import number_texts
from exploration.examples import Example, make_example
from exploration.min_hash import candidate_probability, choose_bands, find_similar_pairs
from exploration.shingles import hash_shingles
from exploration.writing_scripts import UNSPACED


@dataclass(frozen=True)
class NearDuplicates:
    """Pairs of different texts whose shingles agree nearly all.

    Args:
        threshold: Least Jaccard similarity of a pair.
        shingle_size: Characters of a shingle.
        recall: The probability that a pair just at the threshold is found; each pair found was compared exactly.
        texts: Different texts compared.
        pairs: Pairs found.
        touched: For each two splits, `test in train` say, texts of the first that are nearly one of the second;
            `train in train` for those within a split.
        examples: Pairs with their similarity, those across splits first.
    """

    threshold: float
    shingle_size: int
    recall: float
    texts: int
    pairs: int
    touched: dict[str, int]
    examples: list[tuple[Example, Example, float]]


def find_near_duplicates(
    corpus: Corpus, main_script: str | None, threshold: float = 0.8, most: int = 10
) -> NearDuplicates:
    """Compares all texts of all splits; exact repeats are left out, `duplicates` tells of them.

    Args:
        corpus: Whose texts; no label is looked at.
        main_script: Short shingles suit scripts with no space between words.
        threshold: Least Jaccard similarity, in (0, 1].
        most: Examples to keep.
    """
    size = 3 if main_script in UNSPACED else 5
    names = list(corpus.splits)
    rows = np.concatenate([np.arange(len(corpus.texts[split])) for split in names])
    of_split = np.repeat(np.arange(len(names)), [len(corpus.texts[split]) for split in names])
    numbers = np.concatenate(list(number_texts(corpus).values()))
    firsts = np.unique(numbers, return_index=True)[1]  # a text that stands in two splits counts for the first
    sets = hash_shingles([corpus.texts[names[of_split[place]]][rows[place]] for place in firsts], size)
    filled = np.flatnonzero(np.diff(sets.offsets))
    if len(filled) < len(firsts):  # kept texts of white space have no shingle
        sets = sets._replace(offsets=np.append(sets.offsets[filled], sets.offsets[-1]))
    pairs, similarity = find_similar_pairs(sets, threshold)
    places = firsts[filled][pairs]
    splits = of_split[places]
    touched = {}
    for later, first in enumerate(names):
        for earlier, second in enumerate(names[: later + 1]):
            forth = (splits[:, 0] == later) & (splits[:, 1] == earlier)
            back = (splits[:, 1] == later) & (splits[:, 0] == earlier)
            found = np.concatenate([places[forth, 0], places[back, 1]])
            touched[f"{first} in {second}"] = len(np.unique(found))
    across = splits[:, 0] != splits[:, 1]
    best = np.lexsort((-similarity, ~across))[:most]
    return NearDuplicates(
        threshold=threshold,
        shingle_size=size,
        recall=candidate_probability(threshold, *choose_bands(threshold)),
        texts=len(filled),
        pairs=len(pairs),
        touched=touched,
        examples=[
            (
                make_example(corpus, names[splits[i, 1]], int(rows[places[i, 1]])),
                make_example(corpus, names[splits[i, 0]], int(rows[places[i, 0]])),
                float(similarity[i]),
            )
            for i in best
        ],
    )
