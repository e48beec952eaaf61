"""Versions of the libraries and tables that shape prepared data beside the options: a part of the cache's key."""

from __future__ import annotations

import unicodedata

from contracts.versions import get_versions
from datamodules.preparation.options import PreparationOptions
from datamodules.sources.base import Source
from datamodules.tokenizers.base import Tokenizer


def collect_versions(source: Source, tokenizer: Tokenizer, options: PreparationOptions) -> dict[str, str]:
    """Returns the version of each library that shapes the data, and of Python's Unicode tables.

    The tables say which texts are empty and, for some tokenizers, what the lower case of a character is.

    Args:
        source: Has all splits, or rows are drawn for those that it lacks, by numpy.
        tokenizer: Names its libraries.
        options: May ask for folds or for a part of the training texts, which numpy draws.
    """
    packages = set(tokenizer.list_libraries())
    if _draws_rows(source, options):
        packages.add("numpy")
    return get_versions(packages) | {"unicode": unicodedata.unidata_version}


def _draws_rows(source: Source, options: PreparationOptions) -> bool:
    """Whether rows are drawn at random for a split, a fold or a part of the training texts; true if that is unknown."""
    subset = options.num_folds, options.few_shot, options.max_train_samples
    splits = source.list_splits()
    return any(value is not None for value in subset) or splits is None or "validation" not in splits
