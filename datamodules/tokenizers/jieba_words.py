"""Chinese words by `jieba`, an optional library: a dictionary, and a hidden Markov model for words it lacks.

Pure Python and slow (some thousand headlines a second), so many texts are parted by several processes, and what was
parted is remembered: a run reads its training texts to learn the words, to encode them, and to count the unknown.
"""

from __future__ import annotations

import importlib.util
import io
import logging
import multiprocessing
import os
import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from contracts.errors import UsageError
from datamodules.tokenizers.word_splitting import SEPARATOR

_REMEMBERED = 20_000_000  # characters of texts
_MANY = 5_000  # texts from which on it pays to start processes
_RESERVED = re.compile(r"\[PAD\]|\[UNK|<[BME]>|<0x")
_in_child: Segmenter | None = None  # what forked processes work with


class Segmenter:
    """Parts Chinese texts into words.

    Args:
        dictionary: The content of a user dictionary: a word a line, and if wanted its frequency and part of speech.
        hmm: Whether words that no dictionary has are guessed.
    """

    def __init__(self, dictionary: str | None, hmm: bool) -> None:
        self._jieba = _loaded(dictionary)
        self._hmm = hmm
        self._remembered: dict[str, str] = {}
        self._size = 0

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """The texts with `SEPARATOR` between their words; white space is left out."""
        new = list(dict.fromkeys(text for text in texts if text not in self._remembered))
        found = dict(zip(new, self._in_parallel(new) if len(new) >= _MANY else map(self.part, new), strict=True))
        parted = [found[text] if text in found else self._remembered[text] for text in texts]
        self._remember(found)
        return parted

    def part(self, text: str) -> str:
        """One text."""
        return SEPARATOR.join(word for word in self._jieba.cut(text, HMM=self._hmm) if not word.isspace())

    def _in_parallel(self, texts: list[str]) -> list[str]:
        global _in_child
        processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        if processes == 1 or multiprocessing.current_process().daemon:
            return list(map(self.part, texts))
        _in_child = self
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads beside a fork: a child runs nothing but the line below
            with multiprocessing.get_context("fork").Pool(processes) as pool:
                return pool.map(_part, texts, chunksize=1_000)

    def _remember(self, found: dict[str, str]) -> None:
        size = sum(map(len, found))
        if self._size + size > _REMEMBERED:
            self._remembered, self._size = {}, 0
        if size <= _REMEMBERED:
            self._remembered |= found
            self._size += size


@lru_cache(maxsize=4)
def segmenter(dictionary: str | None, hmm: bool) -> Segmenter:
    """The one segmenter of these choices in this process: its dictionary takes a second or two to load."""
    return Segmenter(dictionary, hmm)


def check_jieba() -> None:
    """Refuses words by `jieba` where it is not installed."""
    if importlib.util.find_spec("jieba") is None:
        raise UsageError("--data.tokenizer.segment jieba needs jieba: python -m pip install -e '.[jieba]'")


def read_user_dictionary(path: str) -> str:
    """The content of a user dictionary.

    Raises:
        UsageError: It cannot be read, or has a word that is the name of a special id.
    """
    option = f"--data.tokenizer.user_dictionary {path}"
    try:
        content = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{option} is no text in UTF-8 ({error}); save it as UTF-8, a word a line") from error
    except OSError as error:
        raise UsageError(
            f"{option} cannot be read ({error.strerror}); give a UTF-8 text file, a word a line, after it if wanted "
            "its frequency and part of speech"
        ) from error
    lines = [line.strip() for line in content.splitlines()]
    for number, line in enumerate(lines, start=1):
        if _RESERVED.match(line):
            raise UsageError(f"{option}, line {number}: {line!r} begins like the name of a special id; leave it out")
    if not any(lines):
        raise UsageError(f"{option} holds no word; write one a line, or leave the option out")
    return "".join(f"{line}\n" for line in lines if line)


def _loaded(dictionary: str | None) -> Any:
    check_jieba()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old spellings in its own code
        import jieba
    jieba.setLogLevel(logging.WARNING)
    made = jieba.Tokenizer()
    made.initialize()
    if dictionary is not None:
        made.load_userdict(io.StringIO(dictionary))
    return made


def _part(text: str) -> str:
    assert _in_child is not None
    return _in_child.part(text)
