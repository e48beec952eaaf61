"""Base of augmentations with synonyms: from a list in a file, the built-in list, or WordNet."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from datamodules.augmentations.primitives.built_in_synonyms import SYNONYMS
from datamodules.augmentations.primitives.segments import Segmenter, segment_by_characters
from datamodules.augmentations.primitives.word_table import WordTable
from datamodules.augmentations.primitives.wordnet import WORDNET, WordNetTable, list_wordnet_files, load_wordnet
from datamodules.augmentations.word_level.table_augmentation import TableAugmentation


class SynonymAugmentation(TableAugmentation):
    """Changes words that have synonyms. Arguments not listed here are documented by the base class.

    Args:
        path: File with a word and its synonyms per line, tab-separated, or `wordnet`. Plain or .gz; `wordnet` is the
            English WordNet of nltk (extra `wordnet`). By default a few dozen built-in words, for a first try.
        top_k: Number of synonyms per word to sample from, at least 1. The first ones of the line are used, since later
            ones have rarer senses.
    """

    built_in_lines = SYNONYMS

    def check_path(self) -> None:
        """Checks that the file exists, or that WordNet can be loaded."""
        if self.path == WORDNET:
            load_wordnet()
        else:
            super().check_path()

    def list_files(self) -> list[str]:
        """Lists the files of WordNet, or the file of the table."""
        return list_wordnet_files() if self._uses_wordnet else super().list_files()

    def list_libraries(self) -> list[str]:
        """Lists nltk if it reads WordNet, beside those of the base class."""
        return [*super().list_libraries(), *["nltk"] * self._uses_wordnet]

    def read_table(self) -> WordTable:
        """Reads the table from WordNet, or as the base class does."""
        if self._uses_wordnet:
            return WordNetTable(self.top_k)
        return super().read_table()

    @cached_property
    def segmenter(self) -> Segmenter:
        """Splits a text into words without splitting entries of the table; WordNet has no Chinese."""
        return segment_by_characters if self.path == WORDNET and not self.jieba else super().segmenter

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns `path` if it is a file; WordNet is a library."""
        return None if arguments.get("path") == WORDNET else super().find_external_argument(arguments)

    def override_arguments(self) -> dict[str, Any]:
        """Keeps the name `wordnet`: its table is not stored in a checkpoint."""
        return {} if self.path == WORDNET else super().override_arguments()

    @property
    def _uses_wordnet(self) -> bool:
        """Whether the table is read from WordNet."""
        return self.path == WORDNET and self.lines is None
