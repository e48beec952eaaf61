"""Groups of options of callbacks that are switched off: `early_stopping: null` in a config, `--early_stopping null`."""

from __future__ import annotations

from collections.abc import Iterable

from commands.option_reader import CALLBACK_GROUPS, Option, is_config_file

_NULL = (None, "null", "None", "")


def find_disabled_groups(options: Iterable[Option]) -> list[str]:
    """Returns the groups that are null and not set again by a later option.

    Args:
        options: All options, in the order in which they override each other.

    >>> find_disabled_groups([Option("checkpoint", None), Option("early_stopping", None), Option("checkpoint.mode", 1)])
    ['early_stopping']
    """
    disabled: dict[str, bool] = {}
    for option in options:
        group = option.name.split(".")[0]
        if group in CALLBACK_GROUPS:
            disabled[group] = option.name == group and option.value in _NULL
    return [group for group, is_disabled in disabled.items() if is_disabled]


def remove_null_groups(arguments: list[str]) -> list[str]:
    """Returns a command line without the options that switch off a group, which jsonargparse would not accept.

    >>> remove_null_groups(["--early_stopping", "null", "--checkpoint=null", "--data.batch_size", "8"])
    ['--data.batch_size', '8']
    """
    kept: list[str] = []
    skips = False
    for position, argument in enumerate(arguments):
        name, equals, value = argument.removeprefix("--").partition("=")
        following = value if equals else "".join(arguments[position + 1 : position + 2])
        is_null = argument.startswith("--") and name in CALLBACK_GROUPS and following in _NULL
        if not skips and not is_null:
            kept.append(argument)
        skips = is_null and not equals and not skips
    return kept


def check_group_value(option: Option) -> str | None:
    """Returns the error message for a value that a group of options does not take; None if it is valid."""
    if option.value in _NULL or is_config_file(option.value) or isinstance(option.value, dict):
        return None
    if isinstance(option.value, str) and option.value.lstrip().startswith("{"):
        return None
    return f"--{option.name} takes null, which switches it off, or options below it (--help_all), got {option.value}"
