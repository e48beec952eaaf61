"""Objects that record their constructor arguments, so that a checkpoint can rebuild them without a config."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from contracts.discovery import find_implementations
from contracts.errors import DataError
from contracts.untrusted import check_plain

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

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns the name of an argument that reads a file, or loads a model, that a checkpoint does not contain.

        Override it if the constructor has such arguments, since a checkpoint from an unknown author may set them.

        Args:
            arguments: All constructor arguments by name, defaults included.

        Returns:
            None if the object can be rebuilt from the arguments alone.
        """
        return None


def rebuild_untrusted(base: type[T], blueprint: Any, *first: Any, classes: Iterable[type] = ()) -> T:
    """Builds the object that a blueprint from a file of unknown origin describes.

    Its arguments may only be plain values, and may not refer to files or models outside of the file.

    Args:
        base: As for `rebuild`.
        blueprint: Anything.
        first: As for `rebuild`.
        classes: As for `rebuild`.

    Raises:
        DataError: The blueprint is not one, or names no implementation, or its arguments are not accepted.
    """
    what = f"the checkpoint's {base.__name__}"
    arguments = blueprint.get("arguments", {}) if type(blueprint) is dict else None
    if type(arguments) is not dict:
        raise DataError(f"{what} must be a class name and its arguments, got {type(blueprint).__name__}")
    check_plain(blueprint, what)
    implementation = _find_implementation(base, blueprint, classes)
    defaults = {name: p.default for name, p in inspect.signature(implementation.__init__).parameters.items()}
    external = implementation.find_external_argument(defaults | arguments)
    if external is not None:
        raise DataError(
            f"{what} {implementation.__name__} would read a file or load a model that the checkpoint does not contain "
            f"(by its argument {external}); a checkpoint must contain all that predicting needs"
        )
    return _build(implementation, first, arguments)


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
    return _build(_find_implementation(base, blueprint, classes), first, blueprint.get("arguments", {}))


def _find_implementation(base: type[T], blueprint: dict[str, Any], classes: Iterable[type]) -> type[T]:
    """Finds the class that a blueprint names."""
    implementations = {cls.__name__: cls for cls in find_implementations(base)}
    implementations |= {cls.__name__: cls for cls in classes if issubclass(cls, base)}
    name = blueprint.get("class")
    if not isinstance(name, str) or name not in implementations:
        shown = repr(name)[:100]
        raise DataError(
            f"the checkpoint asks for a {base.__name__} named {shown}, which this project does not have; "
            f"it has: {', '.join(sorted(implementations))}. Use the version of the project that wrote the checkpoint."
        )
    return implementations[name]


def _build(implementation: type[T], first: tuple[Any, ...], arguments: dict[str, Any]) -> T:
    """Calls a constructor."""
    try:
        return implementation(*first, **arguments)
    except TypeError as error:
        raise DataError(
            f"the checkpoint's {implementation.__name__} does not fit this version of the project: {error}"
        ) from error


def _list_positional_only_names(cls: type) -> set[str]:
    """Returns the names of the positional-only constructor parameters, `self` included."""
    itself, *others = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]  # the constructor of that very class
    return {itself.name, *(p.name for p in others if p.kind is p.POSITIONAL_ONLY)}
