"""Checks the names of options, classes and arguments; suggests an existing name for each unknown one."""

from __future__ import annotations

import os
from pathlib import Path

from pytorch_lightning.cli import LightningArgumentParser

from commands.class_path import check_class
from commands.class_registry import (
    CLASS_OPTIONS,
    accepts_any_keyword,
    find_classes_with_argument,
    format_argument_without_class,
    format_unknown_argument,
    get_parameter_type,
    get_parameters,
    get_registered_classes,
    list_fields,
    suggest_classes_with_argument,
)
from commands.common_names import suggest_class, suggest_option
from commands.config_notation import rewrite_suggestions
from commands.disabled_groups import check_group_value
from commands.null_values import NullCheck, find_nulls_of_trainer_classes
from commands.option_reader import (
    CALLBACK_GROUPS,
    OPTION_GROUPS,
    TRAINING_GROUPS,
    Option,
    is_config_file,
    is_option,
    read_options,
)
from commands.run_options import LIGHTNING_OPTIONS, RUN_OPTIONS
from commands.selected_classes import SelectedClasses, list_class_names
from commands.trainer_classes import find_trainer_class_errors
from contracts.errors import UsageError, join_names, suggest_name

_PARSER_OPTIONS = ("config", "c", "h", "help", "print_config", "print_shtab")
_UNCHECKED = tuple(
    f"trainer.{name}" for name in ("callbacks", "logger", "strategy", "accelerator", "plugins", "profiler")
)
"""Options of Lightning that name a class, whose arguments are checked by the parser only."""


def check_option_names(parser: LightningArgumentParser, arguments: list[str]) -> None:
    """Checks all option names on the command line and in configs, before they are parsed.

    Args:
        parser: The parser of these arguments.
        arguments: Command-line arguments after the verb.

    Raises:
        UsageError: There are unknown names; the message has one line for each.
    """
    selected_classes = SelectedClasses(parser)
    errors = _find_loose_words(parser, arguments)
    options = list(read_options(arguments))
    if "trainer" in selected_classes.groups:
        errors += find_trainer_class_errors(options) or find_nulls_of_trainer_classes(options)
    null_check = NullCheck(parser, selected_classes)
    for option in options:
        selected_classes.record(option)
        error = _check_name(option, selected_classes) or null_check.find_error(option)
        if option.misplaced:
            error = f"{option.name} is out of place; write {option.misplaced}"
        if error is not None:
            errors.append(
                error if option.file is None else f"{option.file}: {rewrite_suggestions(error, option.value)}"
            )
    if errors:
        raise UsageError("\n       ".join(errors))


def _check_name(option: Option, selected_classes: SelectedClasses) -> str | None:
    """Returns the error message for an unknown option or class name; None if valid."""
    name = option.name.removesuffix("+")
    owner, _, argument = name.rpartition(".")
    if selected_classes.names_class(option):
        if is_config_file(option.value):
            return f"--{name}: there is no file {option.value}"
        return next(filter(None, (check_class(name, cls) for cls in list_class_names(option.value))), None)
    if name in CALLBACK_GROUPS and name in selected_classes.groups:
        return check_group_value(option)
    if name in OPTION_GROUPS and option.file is not None and not isinstance(option.value, str):
        return None if option.value is None else f"{name} holds options, one per key, got {option.value}"
    if name in ("model", "data") and isinstance(option.value, str) and not is_config_file(option.value):
        source = f"--data.source Files --data.source.path {option.value}"
        meant = source if name == "data" else suggest_class(option.value) or f"--model.encoder {option.value}"
        return f"--{name} takes a config file (.yaml) with options below {name}. Did you mean {meant}?"
    if name in selected_classes.option_names or name in _PARSER_OPTIONS or _is_below(name, _UNCHECKED):
        return None
    if get_registered_classes(owner):
        if owner in selected_classes.option_names and selected_classes.is_empty(owner):
            return format_argument_without_class(owner, argument)
        cls = selected_classes.get_class(owner)
        if cls is None or argument in get_parameters(cls) or accepts_any_keyword(cls):
            return None
        suggestion = "" if owner in selected_classes.named else suggest_classes_with_argument(owner, argument)
        return format_unknown_argument(owner, cls, argument) + suggestion
    if _is_below(name, (key for key in selected_classes.option_names if get_registered_classes(key))):
        return _check_field(name, selected_classes)
    return _format_unknown_option(option, selected_classes)


def _check_field(name: str, selected_classes: SelectedClasses) -> str | None:
    """Returns the error message for an unknown field of a dataclass argument, `KEY.ARGUMENT.FIELD`; None if valid."""
    for key in selected_classes.list_class_options():
        argument, _, field = name.removeprefix(f"{key}.").partition(".")
        cls = selected_classes.get_class(key)
        names = list_fields(get_parameter_type(cls, argument)) if cls is not None and field else []
        if name.startswith(f"{key}.") and names and field not in names:
            return (
                f"--{key}.{argument} has no argument {field}.{suggest_name(field, names)} It takes: {join_names(names)}"
            )
    return None


def _is_below(name: str, keys: object) -> bool:
    """Whether an option is nested below one of the keys."""
    return any(name.startswith(f"{key}.") for key in keys)  # type: ignore[attr-defined]  # any iterable


def _format_unknown_option(option: Option, selected_classes: SelectedClasses) -> str:
    """Returns the message for an option that does not exist, with the most likely intended one."""
    dashes, kind = ("--", "option") if option.file is None else ("", "key")
    message = f"there is no {kind} {dashes}{option.name}."
    meant = _suggest_option(option.name, selected_classes)
    if meant and option.file is not None and " " not in meant:
        classes = find_classes_with_argument(*meant.removeprefix("--").rpartition(".")[::2])
        owner = meant.rpartition(".")[0]
        meant = f"{owner} {classes[0]} {meant} …" if classes else meant
    absent = option.name if _is_training_option(option.name) else (meant or "").split(" ")[0].removeprefix("--")
    if "trainer" not in selected_classes.groups and _is_training_option(absent):
        names = sorted(name for name in selected_classes.groups - {"data", *_PARSER_OPTIONS} if name.isidentifier())
        own = ", ".join(f"--{name}" for name in names)
        start = "" if absent == option.name else f"{message} "
        return f"{start}--{absent} is an option of train.py; {selected_classes.script} takes --data.…, --config, {own}"
    if meant:
        meant = meant if " " in meant else f'"{meant}"'
        return f"{message} Did you mean {meant if option.file is None or ' ' in meant else meant.replace('--', '')}?"
    names = sorted(name for name in selected_classes.option_names if not name.endswith("help"))
    return message + suggest_name(option.name, names).replace('"', f'"{dashes}', 1)


def _is_training_option(name: str) -> bool:
    """Whether an option belongs to `train.py` alone."""
    return name.split(".")[0] in (*TRAINING_GROUPS, *(doc.name for doc in (*RUN_OPTIONS, *LIGHTNING_OPTIONS)))


def _suggest_class_help(owner: str) -> str:
    """Returns the help of the class option meant by its last component or its group; else the help of all options."""
    last = owner.rsplit(".", 1)[-1]
    near = [key for key in CLASS_OPTIONS if key.rsplit(".", 1)[-1] == last or key.startswith(f"{owner}.")]
    near = [key for key in ("model.encoder", "data.source") if key in near] or near
    return f"--{near[0]}.help" if near else "--help_all"


def _suggest_option(name: str, selected_classes: SelectedClasses) -> str | None:
    """Returns the most likely option: a synonym, one with the same last component, or a class with this argument."""
    if name.endswith(".help"):
        return _suggest_class_help(name.removesuffix(".help"))
    if suggest_option(name):
        return suggest_option(name)
    last = name.rsplit(".", 1)[-1]
    for key in sorted(selected_classes.option_names):
        if key.rsplit(".", 1)[-1] == last:
            return f"--{key}"
    for key in selected_classes.list_class_options():
        cls = selected_classes.get_class(key)
        if cls is not None and last in get_parameters(cls):
            return f"--{key}.{last}"
    if suggest_option(last) or suggest_class(name):
        return suggest_option(last) or suggest_class(name)
    for key in sorted(key for key in selected_classes.option_names if get_registered_classes(key)):
        classes = find_classes_with_argument(key, last)
        if classes:
            return f"--{key} {classes[0]} --{key}.{last} …"
    return None


def _find_loose_words(parser: LightningArgumentParser, arguments: list[str]) -> list[str]:
    """Lists a message for each argument that is neither an option nor the value of one."""
    flags = {name for action in parser._actions if action.nargs == 0 for name in action.option_strings}
    errors, previous = [], ""
    for argument in arguments:
        takes_value = is_option(previous) and "=" not in previous and previous not in flags
        if not is_option(argument) and not takes_value:
            is_file = Path(argument).suffix != "" or os.path.exists(argument)
            meant = f"--data.source Files --data.source.path {argument}" if is_file else suggest_class(argument)
            fix = f"Did you mean {meant}?" if meant else "A value with spaces needs quotes."
            errors.append(f"{argument} is not the value of any option. {fix}")
        previous = argument
    return errors
