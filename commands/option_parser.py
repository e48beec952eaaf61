"""Values that an option or a config key cannot take, each in one short message: what, got, allowed.

jsonargparse says what is wrong in its own words, for programmers, after hundreds of lines of usage. Here its words are
taken apart and said again.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from jsonargparse import Namespace
from pytorch_lightning.cli import LightningArgumentParser

from commands.class_registry import format_unknown_argument, format_unknown_class, parameters_of, registered_classes
from commands.jsonargparse_patches import patch_jsonargparse
from commands.option_names import check_option_names
from commands.option_reader import inline_class_configs, read_options
from contracts.errors import UsageError


class OptionParser(LightningArgumentParser):
    """Lightning's parser, but a fault becomes a `UsageError` with one short message."""

    def parse_options(self, arguments: list[str], checked: LightningArgumentParser | None = None) -> Namespace:
        """Parses a command line into a namespace; unknown names are reported before, all at once.

        Args:
            arguments: Those of the command line; with a verb first where this parser has verbs.
            checked: The parser of that verb; None where this parser has no verbs.

        Raises:
            UsageError: An unknown name or a value of the wrong type.
        """
        if not {"-h", "--help"} & set(arguments):
            check_option_names(checked or self, arguments if checked is None else arguments[1:])
        try:
            with patch_jsonargparse():
                try:
                    return self.parse_args(arguments)
                except UsageError as error:
                    if "file loop" not in str(error):
                        raise
                # The parser's word for any fault in the config of a single class: its content, inlined, tells which.
                return self.parse_args(inline_class_configs(arguments))
        except UsageError as error:
            raise UsageError(with_full_names(str(error), arguments)) from error
        except UnicodeDecodeError as error:
            raise UsageError(f"a config file is not UTF-8 ({error.reason}); save it as UTF-8") from error

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Says what is wrong, in short."""
        raise UsageError(explain(message))


def explain(message: str) -> str:
    """Says a message of jsonargparse again, in short.

    Args:
        message: Its own words, or what this function made of them before: then it stays as it is.
    """
    text = re.sub(r"\s+", " ", message).strip()
    # A class inside a class: the inner parser has spoken, and the outer one says where.
    nested = re.match(r'Parser key "(?P<outer>[^"]+)": --(?P<rest>\S+ .*)$', text)
    if nested and nested["outer"] not in nested["rest"]:
        return f"--{nested['outer']}.{nested['rest']}"
    key = ".".join(re.findall(r'[Kk]ey "([^"]+)"', text))
    union = r"Errors:.*? - --(?P<rest>[^ ]+ .+?) - Expected a <class 'NoneType'>"
    path = r"Expected a path .* either not accessible or invalid - --(?P<rest>[^ ]+ .+)$"
    inside = re.search(union, text) or re.search(path, text)
    if inside:  # the same, where the outer class may be left out or be the name of a file
        return f"--{key}.{inside['rest']}"
    for pattern, say in _PATTERNS:
        found = re.search(pattern, text)
        if found:
            return say(key, found)
    text = re.sub(r'^Parser key "([^"]+)": ', r"--\1: ", text)
    return text if len(text) < 400 else f"{text[:400]} …"


def with_full_names(message: str, arguments: list[str]) -> str:
    """Puts an option's full name where the parser only knew its last word.

    >>> with_full_names("--cell must be str, got 3", ["--model.encoder", "RNN", "--model.encoder.cell", "3"])
    '--model.encoder.cell must be str, got 3'
    """
    short = re.match(r"--([^\s.]+) ", message)
    if short is None:
        return message
    given = [(option.name, option.value) for option in read_options(arguments)]
    full = [name for name, _ in given if name.endswith(f".{short[1]}")]
    if not full:  # the option was left out: which of the chosen classes needs it?
        for name, value in given:
            cls = registered_classes(name).get(str(value).rsplit(".", 1)[-1])
            if cls is not None and short[1] in parameters_of(cls):
                full.append(f"{name}.{short[1]}")
    return message.replace(f"--{short[1]}", f"--{full[-1]}", 1) if full else message


def _not_accepted(key: str, found: re.Match[str]) -> str:
    word = found["path"].rsplit(".", 1)[-1]
    cls = registered_classes(key).get(word)
    return (
        format_unknown_argument(key, cls, found["option"])
        if cls
        else f"{word} ({key}) has no argument {found['option']}"
    )


def _not_an_argument(key: str, found: re.Match[str]) -> str:
    if not key:
        return found[0]
    return (
        f"--{key}.{found['option']} is no argument of the class chosen for --{key}; `--print_config` shows those it has"
    )


def _wrong_type(key: str, found: re.Match[str]) -> str:
    got = found["got"].strip(" '\"")
    if registered_classes(key):
        return format_unknown_class(key, got)
    if got == "None":
        return f"--{key} must be {_type_in_words(found['wanted'])}, got null"
    return f"--{key} must be {_type_in_words(found['wanted'])}, got {got!r}"


def _no_member_of_union(key: str, found: re.Match[str]) -> str:
    known = registered_classes(key)
    strangers = [word for word in re.findall(r"[\[ ]'(\w+)'", found["got"]) if known and word not in known]
    if strangers:  # names in a list
        return format_unknown_class(key, strangers[0])
    kinds = [_type_in_words(kind) for kind in re.split(r", (?![^\[]*\])", found["wanted"])]
    return f"--{key} must be {' or '.join(dict.fromkeys(kinds))}, got {found['got'].strip()!r}"


def _not_found(key: str, found: re.Match[str]) -> str:
    value = found["value"]
    if registered_classes(key):
        return format_unknown_class(key, value.rsplit(".", 1)[-1])
    return f"--{key} names nothing that is there: {value!r}"


def _required(key: str, found: re.Match[str]) -> str:
    return f"--{found['name'].split(',')[0]} is required, and there is none"


def _unknown_key(key: str, found: re.Match[str]) -> str:
    return f"a config has a key that nothing takes: {found['name']}; `--print_config` shows all keys"


def _no_config(key: str, found: re.Match[str]) -> str:
    return f"--config {found['path']}: there is no such file"


def _no_keys(key: str, found: re.Match[str]) -> str:
    return "a config file holds no keys; it must hold some of data, model, trainer and the like"


def _type_in_words(wanted: str) -> str:
    words = (
        re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", wanted.strip(" ."))
        .replace("typing.", "")
        .replace("NoneType", "null")
    )
    return re.sub(r"^Literal\[(.*)\]$", r"one of \1", words)


_PATTERNS: list[tuple[str, Any]] = [
    (
        r"Option '(?P<option>[^']+)' is not accepted\. Got value: .*?class_path[\"']?[=:] ?'(?P<path>[^']+)'",
        _not_accepted,
    ),
    (r"Option '(?P<option>[^']+)' is not accepted", _not_an_argument),
    (r"does not accept option '(?P<name>[^']+)'", _unknown_key),
    (r"Union subtypes Subtypes: \[(?P<wanted>.+?)\] Errors: .*Given value: (?P<got>.+)$", _no_member_of_union),
    (r"Expected an? (?P<wanted>(?:(?!Got value).)+?)\.? Got value: (?P<got>.+?)\.? Got value: Namespace", _wrong_type),
    (r"Expected an? (?P<wanted>(?:(?!Got value).)+?)\.? Got value: (?P<got>.+)$", _wrong_type),
    (r"Expected a dot import path string: (?P<value>\S+)", _not_found),
    (r"Unexpected config", _no_keys),
    (r"arguments are required: (?P<name>.+)$", _required),
    (r'"config": File does not exist: .(?P<path>[^\'"]+)', _no_config),
    (r"[Kk]ey '(?P<name>[^']+)' is not expected", _unknown_key),
]
