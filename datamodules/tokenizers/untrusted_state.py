"""Restores a tokenizer from a file of unknown origin: no pattern takes exponential time, no step explodes a text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from contracts.errors import DataError
from contracts.rebuildable import rebuild_untrusted
from datamodules.tokenizers.base import Tokenizer
from datamodules.tokenizers.word_splitter import WORD

_WHAT = "the tokenizer in this checkpoint"
_MAX_GROWTH = 64  # characters that replacements may make of one
_MAX_SPECIAL_TOKENS = 64  # added to one text
_MAX_PIECES = 64  # of a template
_MAX_CHARACTERS_PER_WORD = 100_000
_QUANTIFIERS = "*+{"


def untrusted_tokenizer_from_json(text: Any) -> Tokenizer:
    """Restores a tokenizer saved by `Tokenizer.to_json` from a file of unknown origin.

    Raises:
        DataError: The text was not written by `to_json`, refers to other files, or describes steps without bounds.
    """
    try:
        plain = json.loads(text)
        if not isinstance(plain, dict) or not isinstance(plain.get("state"), str):
            raise DataError(f"{_WHAT} cannot be read: it has no state")
        state = plain.pop("state")
        check_tokenizer_state(state, _WHAT)
        buckets = (plain.get("arguments") or {}).get("num_oov_buckets", 1)
        if not isinstance(buckets, int) or buckets > len(state):  # each has a name in the state's vocabulary
            raise DataError(f"{_WHAT} has {repr(buckets)[:30]} ids for unknown words, more than its vocabulary")
        tokenizer = rebuild_untrusted(Tokenizer, plain)  # type: ignore[type-abstract]  # only concrete classes are called
        tokenizer.load_state(state)
        size, padding_id = tokenizer.vocabulary_size, tokenizer.padding_id
    except DataError:
        raise
    except Exception as error:  # the Rust library raises plain Exception for an invalid state
        raise DataError(f"{_WHAT} cannot be read: {str(error)[:200]}") from error
    if not 0 <= padding_id < size:
        raise DataError(f"{_WHAT} has the padding id {padding_id}, and its vocabulary has {size} ids")
    return tokenizer


def check_tokenizer_state(state: str, what: str) -> None:
    """Raises an error for a tokenizer whose steps have no bounds.

    Args:
        state: JSON of a `tokenizers.Tokenizer`, or JSON with that as `tokenizer`.
        what: Name of the tokenizer in the message.

    Raises:
        DataError: A pattern may take exponential time, or a step makes a text many times longer.
    """
    plain = json.loads(state)
    inner = plain.get("tokenizer") if isinstance(plain, dict) else None
    if isinstance(inner, str):
        plain = json.loads(inner)
    growth, num_tables, num_pieces = 1, 0, 0
    for part in _iterate_parts(plain):
        pattern = part.get("Regex")
        if isinstance(pattern, str) and has_nested_repetition(pattern):
            raise DataError(f"{what} has a pattern with repetitions inside of repetitions: {pattern[:60]!r}")
        growth *= _compute_growth(part)
        num_tables += part.get("type") == "Precompiled"
        if growth > _MAX_GROWTH or num_tables > 1:
            raise DataError(f"{what} replaces a character by more than {_MAX_GROWTH} others")
        longest = part.get("max_input_chars_per_word", 0)
        if not isinstance(longest, int) or longest > _MAX_CHARACTERS_PER_WORD:
            raise DataError(f"{what} has words of {str(longest)[:30]} characters, over {_MAX_CHARACTERS_PER_WORD:,}")
        if part.get("type") == "TemplateProcessing":
            if _count_special_tokens(part) > _MAX_SPECIAL_TOKENS:
                raise DataError(f"{what} adds more than {_MAX_SPECIAL_TOKENS} special tokens to a text")
            num_pieces += max(len(part.get(name, ())) for name in ("single", "pair"))
        if num_pieces > _MAX_PIECES:
            raise DataError(f"{what} makes a text of more than {_MAX_PIECES} pieces")


def _compute_growth(part: dict[str, Any]) -> int:
    """Computes how many characters one becomes at most by a step."""
    if part.get("type") == "Prepend":
        return 1 + len(str(part.get("prepend", "")))
    if part.get("type") != "Replace":
        return 1
    pattern = part.get("pattern")
    wanted = pattern.get("Regex", pattern.get("String")) if isinstance(pattern, dict) else pattern
    is_everywhere = wanted == ""  # inserts its content between all characters
    return is_everywhere + max(1, len(str(part.get("content", ""))))


def _iterate_parts(plain: Any) -> Iterator[dict[str, Any]]:
    """Yields every object of a tokenizer's JSON except the vocabulary, from the outside to the inside."""
    pending = [plain]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            yield part
            pending += [value for name, value in part.items() if name not in ("vocab", "merges", "added_tokens")]
        elif isinstance(part, list):
            pending += part


def _count_special_tokens(template: dict[str, Any]) -> int:
    """Counts the ids that a template adds to a pair of texts at most."""
    longest = max((len(token.get("ids", ())) for token in template.get("special_tokens", {}).values()), default=0)
    pieces = max(len(template.get("single", ())), len(template.get("pair", ())))
    return longest * pieces


def has_nested_repetition(pattern: str) -> bool:
    r"""Whether a repeated group of a regular expression has a repetition inside, which can take exponential time.

    >>> [has_nested_repetition(pattern) for pattern in (r"(a+)+$", r" ?\p{L}+|\s+(?!\S)", r"(?:'s|'t)|[^(+)*]+")]
    [True, False, False]
    """
    if pattern == WORD:  # which has one, of parts that cannot be divided in several ways
        return False
    repeats = [False]  # whether each open group has a repetition, the pattern itself first
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "\\":
            position += 1
        elif character == "[":
            position = _find_class_end(pattern, position)
        elif character == "(":
            repeats.append(False)
        elif character == ")" and len(repeats) > 1:
            inner = repeats.pop()
            repeated = pattern[position : position + 1] in tuple(_QUANTIFIERS)
            if inner and repeated:
                return True
            repeats[-1] = repeats[-1] or inner
        elif character in _QUANTIFIERS:
            repeats[-1] = True
    return False


def _find_class_end(pattern: str, position: int) -> int:
    """Returns the position after the character class that begins before `position`; classes may be nested."""
    depth = 1
    while position < len(pattern) and depth:
        depth += {"[": 1, "]": -1}.get(pattern[position], 0)
        position += 2 if pattern[position] == "\\" else 1
    return position
