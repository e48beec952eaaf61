"""Objects that record their constructor arguments, so that a checkpoint can rebuild them without a config."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, TypeVar

from contracts.discovery import find_implementations
from contracts.errors import DataError

T = TypeVar("T", bound="Rebuildable")


class Rebuildable:
    """Records the keyword arguments of its constructor; positional-only ones are passed again when it is rebuilt."""

    _arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Records the constructor arguments, defaults included."""
        instance = super().__new__(cls)
        try:
            bound = inspect.signature(cls.__init__).bind(instance, *args, **kwargs)
        except TypeError:  # a copy, whose state is set later; wrong arguments fail in `__init__`
            return instance
        bound.apply_defaults()
        positional_only = _list_positional_only_names(cls)
        arguments = {name: value for name, value in bound.arguments.items() if name not in positional_only}
        object.__setattr__(instance, "_arguments", arguments)
        return instance

    def get_constructor_arguments(self) -> dict[str, Any]:
        """Returns the recorded constructor arguments, defaults included."""
        return dict(self._arguments)

    def to_blueprint(self) -> dict[str, Any]:
        """Returns the input of `rebuild`: the class name and the constructor arguments, all JSON-serializable."""
        return {"class": type(self).__name__, "arguments": self._arguments | self.override_arguments()}

    def override_arguments(self) -> dict[str, Any]:
        """Returns arguments that replace recorded ones in the blueprint, so that rebuilding reads no external file."""
        return {}


def rebuild(base: type[T], blueprint: dict[str, Any], *first: Any, classes: Iterable[type] = ()) -> T:
    """Builds the object that a blueprint describes.

    Args:
        base: The base class of its extension point; only this project's implementations and `classes` are called.
        blueprint: The result of `Rebuildable.to_blueprint`.
        first: Positional-only arguments of the constructor, which depend on the data.
        classes: Additional implementations that the blueprint may name, from the caller and never from a file.

    Raises:
        DataError: The blueprint names no implementation of the extension point, or its arguments do not match it.
    """
    implementations = {cls.__name__: cls for cls in find_implementations(base)}
    implementations |= {cls.__name__: cls for cls in classes if issubclass(cls, base)}
    name = blueprint.get("class")
    if name not in implementations:
        raise DataError(
            f"the checkpoint asks for a {base.__name__} named {name!r}, which this project does not have; "
            f"it has: {', '.join(sorted(implementations))}. Use the version of the project that wrote the checkpoint."
        )
    try:
        return implementations[name](*first, **blueprint.get("arguments", {}))
    except TypeError as error:
        raise DataError(f"the checkpoint's {name} does not fit this version of the project: {error}") from error


def _list_positional_only_names(cls: type) -> set[str]:
    """Returns the names of the positional-only constructor parameters, `self` included."""
    itself, *others = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]  # the constructor of that very class
    return {itself.name, *(p.name for p in others if p.kind is p.POSITIONAL_ONLY)}
