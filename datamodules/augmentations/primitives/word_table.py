"""Tables of words and their alternatives (synonyms, misspellings, neighbours), read from a file or from lines."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path

from contracts.errors import DataError, UsageError
from datamodules.augmentations.primitives.function_words import FUNCTION_WORDS
from datamodules.augmentations.primitives.segments import contains_chinese

_MAX_LINE = 100_000  # characters


class WordTable:
    """Alternatives by word, in lowercase.

    Args:
        lines: A word and its alternatives, separated by tabs.
        top_k: Alternatives kept per word, the first ones.
        origin: Name of the lines in error messages.
        content_words_only: Whether to skip entries that rarely have the same meaning. In lists of synonyms these are
            function words, Chinese words of one character, and alternatives of several words or with a capital.

    Raises:
        DataError: A line has no tab.
    """

    def __init__(self, lines: Iterable[str], top_k: int, origin: str, content_words_only: bool = True) -> None:
        self.alternatives: dict[str, list[str]] = {}
        self.has_chinese = False
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            word, *others = (field.strip() for field in line.split("\t"))
            if len(line) > _MAX_LINE:
                raise DataError(f"{origin}, line {number} has {len(line):,} characters; {_MAX_LINE:,} are the most")
            if not word or not any(others):
                raise DataError(
                    f"{origin}, line {number} must be a word, a tab and other words for it, got {line.strip()!r}"
                )
            key = word.lower()
            if content_words_only:
                if key in FUNCTION_WORDS or (len(key) == 1 and contains_chinese(key)):
                    continue
                # a name that is spelt like a word, "May", has other synonyms than the word
                if word != key and key in self.alternatives:
                    continue
                others = [other for other in others if other == other.lower() and " " not in other]
                others = [other for other in others if len(other) > 1 or not contains_chinese(other)]
            kept = [other for other in dict.fromkeys(others) if other and other.lower() != key][:top_k]
            if kept:
                self.alternatives[key] = kept
                self.has_chinese = self.has_chinese or contains_chinese(key)

    def to_lines(self) -> str:
        """Formats the table as lines, for a checkpoint."""
        return "\n".join("\t".join((word, *others)) for word, others in self.alternatives.items())


def read_lines(path: str) -> list[str]:
    """Reads the lines of a text file, plain or gzipped.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}); fix it or name another") from error


def check_table_file(path: str | None) -> None:
    """Checks that the file of a table exists.

    Raises:
        UsageError: There is no such file.
    """
    if path is not None and not Path(path).is_file():
        raise UsageError(
            f"path: there is no file {path}; give a list with a word and its alternatives on each line, separated by "
            "tabs, plain or .gz"
        )
