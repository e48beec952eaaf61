"""Tracks the class that each option names while options are read in their order."""

from __future__ import annotations

from typing import Any

import yaml
from pytorch_lightning.cli import LightningArgumentParser

from commands.class_path import find_class
from commands.class_registry import get_registered_classes
from commands.option_reader import Option


class SelectedClasses:
    """The class that each option names so far, and the arguments given to it.

    Args:
        parser: Its options and their default classes.
    """

    def __init__(self, parser: LightningArgumentParser) -> None:
        strings = {name for action in parser._actions for name in action.option_strings}
        self.option_names = {name.removeprefix("--") for name in strings if " " not in name}  # a link has spaces
        self.named: set[str] = set()
        """Options whose class the user has named."""
        self.arguments: dict[str, set[str]] = {}
        """For each option, the arguments given since its class was named."""
        defaults = parser.get_defaults()
        self._names: dict[str, str] = {}
        for key in self.option_names:
            default = defaults.get(key) if get_registered_classes(key) else None
            if default is not None and "class_path" in default:
                self._names[key] = default["class_path"]

    def names_class(self, option: Option) -> bool:
        """Whether this option names a class, or a list of them."""
        name = option.name.removesuffix("+")
        return bool(get_registered_classes(name)) and (name in self.option_names or name.endswith(".base"))

    def record(self, option: Option) -> None:
        """Updates classes and arguments by the next option."""
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
        """Whether an option names no class."""
        return key not in self._names

    def get_class(self, key: str) -> type | None:
        """Returns the class that an option names; None if it names none, or a list."""
        return find_class(key, self._names.get(key, ""))

    def list_class_options(self) -> list[str]:
        """Lists the options that name a class."""
        return sorted(self._names)


def list_class_names(value: Any) -> list[str]:
    """Lists the class names in the value of an option: one, or those of a list.

    >>> list_class_names("[Words, {class_path: Mixed}]")
    ['Words', 'Mixed']
    """
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        try:
            value = yaml.safe_load(value)
        except yaml.YAMLError:
            return []
    values = value if isinstance(value, list) else [value]
    names = [item.get("class_path") if isinstance(item, dict) else item for item in values]
    return [name for name in names if isinstance(name, str) and name not in ("", "null", "None")]
