"""Objects that remember how they were made, so that a checkpoint can make them again with no config at hand."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from contracts.discovery import find_implementations
from contracts.errors import DataError

T = TypeVar("T", bound="Rebuildable")


class Rebuildable:
    """Remembers the keyword arguments of its constructor; what comes first by position is given anew at rebuilding."""

    _arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Remembers what the constructor is about to be given."""
        made = super().__new__(cls)
        try:
            bound = inspect.signature(cls.__init__).bind(made, *args, **kwargs)
        except TypeError:  # a copy, to which they come with all else that it holds; a wrong call fails in `__init__`
            return made
        bound.apply_defaults()
        given_anew = _positional_names(cls)
        arguments = {name: value for name, value in bound.arguments.items() if name not in given_anew}
        object.__setattr__(made, "_arguments", arguments)
        return made

    def get_constructor_arguments(self) -> dict[str, Any]:
        """The arguments of its constructor as they were given, or by default."""
        return dict(self._arguments)

    def to_blueprint(self) -> dict[str, Any]:
        """What `rebuild` needs: the class by name and its arguments, plain values only."""
        return {"class": type(self).__name__, "arguments": self._arguments | self.override_arguments()}

    def override_arguments(self) -> dict[str, Any]:
        """Arguments to put in place of the given ones, so that rebuilding reads no file that may be gone."""
        return {}


def rebuild(base: type[T], blueprint: dict[str, Any], *first: Any) -> T:
    """Makes the object that a blueprint describes.

    Args:
        base: The seam it must belong to; only this project's own final classes of that seam are ever called.
        blueprint: From `Rebuildable.to_blueprint`.
        first: What the constructor takes first, by position (sizes known from the data).

    Raises:
        DataError: The blueprint names no class of the seam.
    """
    members = {member.__name__: member for member in find_implementations(base)}
    name = blueprint.get("class")
    if name not in members:
        raise DataError(
            f"the checkpoint asks for a {base.__name__} named {name!r}, which this project does not have; "
            f"it has: {', '.join(sorted(members))}. Use the version of the project that wrote the checkpoint."
        )
    try:
        return members[name](*first, **blueprint.get("arguments", {}))
    except TypeError as error:
        raise DataError(f"the checkpoint's {name} does not fit this version of the project: {error}") from error


def _positional_names(cls: type) -> set[str]:
    itself, *others = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]  # the constructor of that very class
    return {itself.name, *(p.name for p in others if p.kind is p.POSITIONAL_ONLY)}
