"""Names of options, classes and their arguments that are not there, all told at once with the nearest that is."""

from __future__ import annotations

from collections.abc import Iterable

from pytorch_lightning.cli import LightningArgumentParser

from commands.class_registry import (
    format_argument_without_class,
    format_unknown_argument,
    format_unknown_class,
    parameters_of,
    registered_classes,
    suggest_classes_with_argument,
)
from commands.option_reader import Option, is_config_file, read_options
from contracts.errors import UsageError, did_you_mean


def check_option_names(parser: LightningArgumentParser, arguments: list[str]) -> None:
    """Looks through options and configs before they are parsed.

    Args:
        parser: Of the verb.
        arguments: What comes after the verb.

    Raises:
        UsageError: With a line for each unknown name.
    """
    known = _option_names(parser)
    chosen = _default_classes(parser, known)
    given_classes: set[str] = set()
    faults = []
    for given in read_options(arguments):
        name = given.name.removesuffix("+")
        owner, _, last = name.rpartition(".")
        fault = None
        if registered_classes(name) and (name in known or name.endswith(".base")):
            given_classes.add(name)
            if given.value in ("null", "None"):
                chosen.pop(name, None)
            elif not isinstance(given.value, str):
                chosen[name] = ""  # a list of classes, say
            if isinstance(given.value, str) and given.value not in ("", "null", "None"):
                chosen[name] = given.value
                if is_config_file(given.value):
                    fault = f"--{name}: there is no file {given.value}"
                elif given.value.isidentifier() and given.value not in registered_classes(name):
                    fault = format_unknown_class(name, given.value)
        elif name in known or name in _ALWAYS or any(name.startswith(f"{key}.") for key in _OPEN):
            continue
        elif registered_classes(owner):
            cls = registered_classes(owner).get(chosen.get(owner, "").rsplit(".", 1)[-1])
            if owner in known and owner not in chosen:
                fault = format_argument_without_class(owner, last)
            elif cls is not None and last not in parameters_of(cls):
                fault = format_unknown_argument(owner, cls, last)
                if owner not in given_classes:
                    fault += suggest_classes_with_argument(owner, last)
        elif not any(name.startswith(f"{key}.") for key in known if registered_classes(key)):
            fault = _unknown_option(given, known)
        if fault is not None:
            faults.append(fault if given.file is None else f"{given.file}: {fault}")
    if faults:
        raise UsageError("\n       ".join(faults))


_ALWAYS = ("config", "c", "h", "help", "print_config", "print_shtab")
# Options of Lightning that choose a class by name, whose arguments only the parser knows.
_OPEN = tuple(f"trainer.{name}" for name in ("callbacks", "logger", "strategy", "accelerator", "plugins", "profiler"))


def _option_names(parser: LightningArgumentParser) -> set[str]:
    return {option.removeprefix("--") for action in parser._actions for option in action.option_strings}


def _default_classes(parser: LightningArgumentParser, known: set[str]) -> dict[str, str]:
    defaults = parser.get_defaults()
    chosen = {key: defaults.get(key) for key in known if registered_classes(key)}
    return {key: value["class_path"] for key, value in chosen.items() if value is not None and "class_path" in value}


def _unknown_option(given: Option, known: Iterable[str]) -> str:
    dashes, kind = ("--", "option") if given.file is None else ("", "key")
    names = sorted(key for key in known if not key.endswith("help"))
    last = given.name.rsplit(".", 1)[-1]
    same_end = [key for key in names if key.rsplit(".", 1)[-1] == last]
    near = f' Did you mean "{same_end[0]}"?' if same_end else did_you_mean(given.name, names)
    near = near.replace('"', f'"{dashes}', 1)
    return f"there is no {kind} {dashes}{given.name}.{near}"
