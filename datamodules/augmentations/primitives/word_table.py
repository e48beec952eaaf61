"""Words and what may stand in place of each: read from a file, from lines, or built in."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path

from contracts.errors import DataError, UsageError
from datamodules.augmentations.primitives.function_words import FUNCTION_WORDS
from datamodules.augmentations.primitives.segments import is_chinese


class WordTable:
    """Other words for a word, by its small letters.

    Args:
        lines: A word, then others, with tabs between them.
        top_k: Only the first so many of the others are taken.
        origin: What the lines are called in a message.
        plain: Whether lines of function words, Chinese words of one character, and others of several words or with a
            capital are left out: in lists of synonyms these are mostly of another meaning.

    Raises:
        DataError: A line has no tab.
    """

    def __init__(self, lines: Iterable[str], top_k: int, origin: str, plain: bool = True) -> None:
        self.others: dict[str, list[str]] = {}
        self.has_chinese = False
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            word, *others = (field.strip() for field in line.split("\t"))
            if not word or not any(others):
                raise DataError(f"{origin}, line {number} is no word, a tab and other words for it: {line.strip()!r}")
            key = word.lower()
            if plain:
                if key in FUNCTION_WORDS or (len(key) == 1 and is_chinese(key)):
                    continue
                # a name that is spelt like a word, "May", has other synonyms than the word
                if word != key and key in self.others:
                    continue
                others = [other for other in others if other == other.lower() and " " not in other]
                others = [other for other in others if len(other) > 1 or not is_chinese(other)]
            kept = [other for other in dict.fromkeys(others) if other and other.lower() != key][:top_k]
            if kept:
                self.others[key] = kept
                self.has_chinese = self.has_chinese or is_chinese(key)

    def to_lines(self) -> str:
        """Its lines, for a checkpoint."""
        return "\n".join("\t".join((word, *others)) for word, others in self.others.items())


def lines_of(path: str) -> list[str]:
    """The lines of a list, plain or gzipped.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}); mend it or name another") from error


def check_list(path: str | None) -> None:
    """Refuses a list that is not there, before any work.

    Raises:
        UsageError: There is no such file.
    """
    if path is not None and not Path(path).is_file():
        raise UsageError(
            f"path: there is no file {path}; give a list with a word and then others for it on each line, with tabs "
            "between them, plain or .gz"
        )
