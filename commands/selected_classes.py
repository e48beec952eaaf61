"""Tracks the class selected by each option while options are read in order."""

from __future__ import annotations

from typing import Any

from pytorch_lightning.cli import LightningArgumentParser

from commands.class_path import find_class
from commands.class_registry import get_registered_classes
from commands.option_reader import Option, read_class_values


class SelectedClasses:
    """The class selected by each option so far, and the arguments set for it.

    Args:
        parser: The parser with the options and their default classes.
    """

    def __init__(self, parser: LightningArgumentParser) -> None:
        strings = {name for action in parser._actions for name in action.option_strings}
        self.option_names = {name.removeprefix("--") for name in strings if " " not in name}  # a link has spaces
        self.groups = {name.split(".")[0] for name in self.option_names}
        """First components of all options."""
        self.script = parser.prog
        self.named: set[str] = set()
        """Options whose class was selected explicitly."""
        self.arguments: dict[str, set[str]] = {}
        """For each option, the arguments set since its class was selected."""
        defaults = parser.get_defaults()
        self._names: dict[str, str] = {}
        for key in self.option_names:
            default = defaults.get(key) if get_registered_classes(key) else None
            if default is not None and "class_path" in default:
                self._names[key] = default["class_path"]

    def names_class(self, option: Option) -> bool:
        """Whether the value of this option is a class name, or a list of them."""
        name = option.name.removesuffix("+")
        return bool(get_registered_classes(name)) and (name in self.option_names or name.endswith(".base"))

    def record(self, option: Option) -> None:
        """Updates the selected classes and their arguments by the next option."""
        name = option.name.removesuffix("+")
        owner, _, argument = name.rpartition(".")
        self.arguments.setdefault(owner, set()).add(argument)
        if not self.names_class(option):
            return
        self.named.add(name)
        if option.value in (None, "null", "None"):
            self._names.pop(name, None)
        else:
            new = option.value if isinstance(option.value, str) else ""
            if find_class(name, new) is not self.get_class(name):
                self.arguments[name] = set()
            self._names[name] = new

    def is_empty(self, key: str) -> bool:
        """Whether no class is selected for an option."""
        return key not in self._names

    def get_class(self, key: str) -> type | None:
        """Returns the class selected by an option; None if there is none, or a list."""
        return find_class(key, self._names.get(key, ""))

    def list_class_options(self) -> list[str]:
        """Lists the options with a selected class."""
        return sorted(self._names)


def list_class_names(value: Any) -> list[str]:
    """Lists the class names in the value of an option: one, or those of a list.

    >>> list_class_names("[Words, {class_path: Mixed}]")
    ['Words', 'Mixed']
    """
    return [name for name, _ in read_class_values(value)]
