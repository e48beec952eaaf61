"""Synonyms of the English WordNet, through nltk, looked up at a word's first use."""

from __future__ import annotations

from typing import Any

from contracts.errors import UsageError
from datamodules.augmentations.primitives.word_table import WordTable

WORDNET = "wordnet"


def check_wordnet() -> Any:
    """Its reader.

    Raises:
        UsageError: The library or its data are not there.
    """
    try:
        from nltk.corpus import wordnet
    except ImportError as error:
        raise UsageError("path wordnet needs the library nltk: python -m pip install -e '.[wordnet]'") from error
    try:
        wordnet.ensure_loaded()
    except LookupError as error:
        raise UsageError(
            "path wordnet needs WordNet's data, which nltk keeps apart: python -m nltk.downloader wordnet (or unpack "
            "its wordnet.zip below a folder corpora that NLTK_DATA names). A list of synonyms in a file serves as well."
        ) from error
    return wordnet


class WordNetTable(WordTable):
    """Filled as words are asked for.

    Args:
        top_k: Synonyms of a word.
    """

    def __init__(self, top_k: int) -> None:
        super().__init__([], top_k, WORDNET)
        self.others = _Looked(check_wordnet(), top_k)


class _Looked(dict[str, list[str]]):
    """Remembers what was looked up, words without synonyms too."""

    def __init__(self, reader: Any, most: int) -> None:
        super().__init__()
        self._reader, self._most = reader, most
        self._without: set[str] = set()

    def __contains__(self, word: object) -> bool:
        if super().__contains__(word):
            return True
        if word in self._without or not isinstance(word, str) or not word.isalpha() or not word.isascii():
            return False
        lemmas = [lemma for synset in self._reader.synsets(word) for lemma in synset.lemma_names()]
        line = "\t".join((word, *(lemma.replace("_", " ") for lemma in lemmas))) if lemmas else ""
        # the same line of a list, so the same rules of what is left out
        found = WordTable([line], self._most, WORDNET).others if lemmas else {}
        if word in found:
            self[word] = found[word]
            return True
        self._without.add(word)
        return False
