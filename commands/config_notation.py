"""Writes command-line options as YAML, for suggestions in messages about config files."""

from __future__ import annotations

import re
from typing import Any

from commands.class_registry import get_registered_classes

_SUGGESTION = re.compile(r"(?:[Dd]id you mean|name a class first, e\.g\.) (--\S+ [^?]*?)(\?|$)")


def format_as_yaml(options: str, value: Any) -> str:
    """Returns options as nested YAML: classes as `class_path` and `init_args`.

    >>> format_as_yaml("--data.source Files --data.source.path DIR_OR_FILE", "reviews.csv")
    'data: {source: {class_path: Files, init_args: {path: reviews.csv}}}'
    >>> format_as_yaml("--model.encoder RNN --model.encoder.cell lstm", "LSTM")
    'model: {encoder: {class_path: RNN, init_args: {cell: lstm}}}'

    Args:
        options: As on the command line, all below one option that names a class or just one option.
        value: The value in the config, in place of `…` or a word in capitals.
    """
    words = options.split()
    pairs = [(words[i].removeprefix("--"), words[i + 1]) for i in range(0, len(words) - 1, 2)]
    key, choice = pairs[0]
    arguments = [
        f"{name.removeprefix(f'{key}.')}: {value if word == '…' or re.fullmatch('[A-Z_]{2,}', word) else word}"
        for name, word in pairs[1:]
    ]
    nested = f"{{class_path: {choice}, init_args: {{{', '.join(arguments)}}}}}" if arguments else choice
    *groups, last = key.split(".")
    nested = f"{last}: {nested}"
    for group in reversed(groups):
        nested = f"{group}: {{{nested}}}"
    return nested


def rewrite_suggestions(message: str, value: Any) -> str:
    """Returns a message about a config with the options it suggests, if they name a class, as YAML."""
    match = _SUGGESTION.search(message)
    if match is None or not get_registered_classes(match[1].split()[0].removeprefix("--")):
        return message
    stop = "." if match[2] else ""
    return f"{message[: match.start()]}write {format_as_yaml(match[1], value)}{stop}{message[match.end() :]}"
