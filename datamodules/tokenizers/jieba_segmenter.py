"""Chinese words by `jieba`, an optional library: a dictionary, and a hidden Markov model for words that are not in it.

Pure Python and slow (some thousand headlines/s), so many texts are segmented by several processes, and results are
cached: a run segments its training texts to build the vocabulary, to encode them, and to count unknown words.
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
from datamodules.tokenizers.word_splitter import SEPARATOR

_CACHE_SIZE = 20_000_000  # characters of texts
_PARALLEL_FROM = 5_000  # texts for which starting processes pays
_RESERVED = re.compile(r"\[PAD\]|\[UNK|<[BME]>|<0x")
_in_child: JiebaSegmenter | None = None  # what forked processes work with


class JiebaSegmenter:
    """Segments Chinese texts into words.

    Args:
        dictionary: Content of a user dictionary, one word per line. Optionally with frequency and part of speech.
        hmm: Whether to recognize new words by a hidden Markov model.
    """

    def __init__(self, dictionary: str | None, hmm: bool) -> None:
        self._jieba = _load_jieba(dictionary)
        self._hmm = hmm
        self._cache: dict[str, str] = {}
        self._size = 0

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """Returns the texts with `SEPARATOR` between words; white space is dropped."""
        new = list(dict.fromkeys(text for text in texts if text not in self._cache))
        found = dict(
            zip(
                new,
                self._segment_in_parallel(new) if len(new) >= _PARALLEL_FROM else map(self.segment, new),
                strict=True,
            )
        )
        parted = [found[text] if text in found else self._cache[text] for text in texts]
        self._store(found)
        return parted

    def segment(self, text: str) -> str:
        """Segments one text."""
        return SEPARATOR.join(word for word in self._jieba.cut(text, HMM=self._hmm) if not word.isspace())

    def _segment_in_parallel(self, texts: list[str]) -> list[str]:
        """Segments texts in several processes."""
        global _in_child
        processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        if processes == 1 or multiprocessing.current_process().daemon:
            return list(map(self.segment, texts))
        _in_child = self
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads beside a fork: a child runs nothing but the line below
            with multiprocessing.get_context("fork").Pool(processes) as pool:
                return pool.map(_segment_in_child, texts, chunksize=1_000)

    def _store(self, segmented: dict[str, str]) -> None:
        """Adds segmented texts to the cache, and empties it first if it is full."""
        size = sum(map(len, segmented))
        if self._size + size > _CACHE_SIZE:
            self._cache, self._size = {}, 0
        if size <= _CACHE_SIZE:
            self._cache |= segmented
            self._size += size


@lru_cache(maxsize=4)
def get_segmenter(dictionary: str | None, hmm: bool) -> JiebaSegmenter:
    """Returns the segmenter with these arguments, shared within the process: its dictionary takes seconds to load."""
    return JiebaSegmenter(dictionary, hmm)


def check_jieba() -> None:
    """Checks that jieba is installed."""
    if importlib.util.find_spec("jieba") is None:
        raise UsageError("--data.tokenizer.segment jieba needs jieba: python -m pip install -e '.[jieba]'")


def read_user_dictionary(path: str) -> str:
    """Reads and checks a user dictionary.

    Raises:
        UsageError: It cannot be read, or has a word that is the name of a special id.
    """
    option = f"--data.tokenizer.user_dictionary {path}"
    try:
        content = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{option} is no text in UTF-8 ({error}); save it as UTF-8, one word per line") from error
    except OSError as error:
        raise UsageError(
            f"{option} cannot be read ({error.strerror}); give a UTF-8 text file, one word per line, optionally "
            "with its frequency and part of speech"
        ) from error
    lines = [line.strip() for line in content.splitlines()]
    for number, line in enumerate(lines, start=1):
        if _RESERVED.match(line):
            raise UsageError(f"{option}, line {number}: {line!r} begins like the name of a special id; leave it out")
    if not any(lines):
        raise UsageError(f"{option} holds no word; write one per line, or leave the option out")
    return "".join(f"{line}\n" for line in lines if line)


def _load_jieba(dictionary: str | None) -> Any:
    """Loads a tokenizer of jieba, with a user dictionary if given."""
    check_jieba()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old spellings in its own code
        import jieba
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    if dictionary is not None:
        tokenizer.load_userdict(io.StringIO(dictionary))
    return tokenizer


def _segment_in_child(text: str) -> str:
    """Segments a text in a worker process."""
    assert _in_child is not None
    return _in_child.segment(text)
