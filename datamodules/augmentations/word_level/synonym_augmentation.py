"""Where synonyms come from: a list in a file, the few built-in ones, or WordNet."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from datamodules.augmentations.primitives.built_in_synonyms import SYNONYMS
from datamodules.augmentations.primitives.segments import Cut, by_characters
from datamodules.augmentations.primitives.word_table import WordTable
from datamodules.augmentations.primitives.wordnet import WORDNET, WordNetTable, check_wordnet
from datamodules.augmentations.word_level.table_augmentation import TableAugmentation


class SynonymAugmentation(TableAugmentation):
    """Knows synonyms.

    Args:
        path: A file with a word and then its synonyms on each line, with tabs between them, plain or .gz; or `wordnet`
            for the English WordNet of nltk (extra `wordnet`). None knows a few dozen words only, to try it out.
        lines: The same lines outright, in place of a file; a checkpoint holds them.
        top_k: Only the first so many synonyms of a word, at least 1, are taken: later ones are of rarer senses.
        alpha: The share of a text's words, in [0, 1].
        jieba: Whether Chinese is cut into words by the library of that name (extra `jieba`); else into the longest that
            the list has.
        p: The share of texts that are changed, in [0, 1].
    """

    built_in = SYNONYMS

    def check_path(self) -> None:
        """A file, or WordNet."""
        if self.path == WORDNET:
            check_wordnet()
        else:
            super().check_path()

    def read_table(self) -> WordTable:
        """As the path says."""
        if self.path == WORDNET and self.lines is None:
            return WordNetTable(self.top_k)
        return super().read_table()

    @cached_property
    def cut(self) -> Cut:
        """WordNet knows no Chinese."""
        return by_characters if self.path == WORDNET and not self.jieba else super().cut

    def override_arguments(self) -> dict[str, Any]:
        """WordNet is not carried along: it is asked for by its name again."""
        return {} if self.path == WORDNET else super().override_arguments()
