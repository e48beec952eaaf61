"""Synonyms of the English WordNet, through nltk; a word is looked up when it is first used."""

from __future__ import annotations

from typing import Any

from contracts.errors import UsageError
from datamodules.augmentations.primitives.word_table import WordTable

WORDNET = "wordnet"


def load_wordnet() -> Any:
    """Loads nltk's corpus reader of WordNet.

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


def list_wordnet_files() -> list[str]:
    """Lists the files of WordNet's data: those of its folder, or the archive that holds them."""
    files = set()
    for pointer in load_wordnet().abspaths():
        archive = getattr(pointer, "zipfile", None)
        files.add(str(pointer if archive is None else archive.filename))
    return sorted(files)


class WordNetTable(WordTable):
    """A word table whose alternatives are looked up in WordNet at their first use.

    Args:
        top_k: Number of synonyms kept per word.
    """

    def __init__(self, top_k: int) -> None:
        super().__init__([], top_k, WORDNET)
        self.alternatives = _SynonymCache(load_wordnet(), top_k)


class _SynonymCache(dict[str, list[str]]):
    """Synonyms by word, filled by membership tests; remembers words without synonyms too."""

    def __init__(self, reader: Any, top_k: int) -> None:
        super().__init__()
        self._reader, self._top_k = reader, top_k
        self._without_synonyms: set[str] = set()

    def __contains__(self, word: object) -> bool:
        if super().__contains__(word):
            return True
        if word in self._without_synonyms or not isinstance(word, str) or not word.isalpha() or not word.isascii():
            return False
        lemmas = [lemma for synset in self._reader.synsets(word) for lemma in synset.lemma_names()]
        line = "\t".join((word, *(lemma.replace("_", " ") for lemma in lemmas))) if lemmas else ""
        # written as a line of a table, so that the same rules filter it
        table = WordTable([line], self._top_k, WORDNET).alternatives if lemmas else {}
        if word in table:
            self[word] = table[word]
            return True
        self._without_synonyms.add(word)
        return False
