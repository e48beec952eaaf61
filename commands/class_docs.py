"""Reads summaries and parameters of classes from their source files, without importing them, in milliseconds.

The help texts are generated from these, since importing torch and Lightning takes several seconds.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import docstring_parser

_ROOT = Path(__file__).parents[1]


class ParameterDoc(NamedTuple):
    """One parameter of a constructor."""

    name: str
    annotation: str
    default: str | None
    """Formatted as on the command line, `null` for None; None if the parameter is required."""
    meaning: str
    """One paragraph of the docstring's `Args:`."""


class ClassDoc(NamedTuple):
    """One class."""

    name: str
    summary: str
    """The first sentence of the docstring."""
    parameters: tuple[ParameterDoc, ...]
    bases: tuple[str, ...] = ()
    members: frozenset[str] = frozenset()
    """Names of the methods and class attributes that it defines."""
    abstract_methods: frozenset[str] = frozenset()
    """Names of the abstract methods that it defines."""
    meanings: dict[str, str] = {}  # noqa: RUF012  # never changed
    """Parameter descriptions in its docstring, including inherited parameters."""


@cache
def read_classes(file: Path) -> dict[str, ClassDoc]:
    """Maps the names of a module's classes to their documentation, read from its syntax tree."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    constants = _read_constants(tree)
    return {node.name: _read_class(node, constants) for node in tree.body if isinstance(node, ast.ClassDef)}


def list_implementations(folder: Path, base: str) -> list[ClassDoc]:
    """Lists the concrete classes below a base class in the modules of a folder and its subfolders, sorted by name."""
    classes = {name: doc for file in sorted(folder.rglob("*.py")) for name, doc in read_classes(file).items()}

    def is_below(doc: ClassDoc) -> bool:
        return any(name == base or (name in classes and is_below(classes[name])) for name in doc.bases)

    def list_unimplemented(doc: ClassDoc) -> set[str]:
        inherited = (list_unimplemented(classes[name]) for name in doc.bases if name in classes)
        return set().union(*inherited) - doc.members | doc.abstract_methods

    def inherit_parameters(doc: ClassDoc) -> ClassDoc:
        parents = [inherit_parameters(classes[name]) for name in doc.bases if name in classes]
        if not parents:
            return doc
        inherited = {parameter.name: parameter for parameter in parents[0].parameters}
        meanings = {name: parameter.meaning for name, parameter in inherited.items()} | doc.meanings
        has_own = "__init__" in doc.members or doc.parameters
        parameters = doc.parameters if has_own else tuple(inherited.values())
        # a class may document only what differs from its base, as `parse_docs` of jsonargparse has it
        return doc._replace(
            parameters=tuple(each._replace(meaning=meanings.get(each.name, each.meaning)) for each in parameters)
        )

    public = [doc for doc in classes.values() if not doc.name.startswith("_")]
    return sorted(inherit_parameters(doc) for doc in public if is_below(doc) and not list_unimplemented(doc))


def read_parameters(names: list[tuple[str, str, str | None]], docstring: str) -> tuple[ParameterDoc, ...]:
    """Joins parameters (name, annotation, default) with their descriptions in a Google-style docstring."""
    meanings = _read_meanings(docstring)
    return tuple(ParameterDoc(name, annotation, default, meanings.get(name, "")) for name, annotation, default in names)


def format_value(value: Any) -> str:
    """Formats a value as on the command line: `null`, `true`, `0.5`."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def extract_first_sentence(text: str) -> str:
    """Returns the first sentence of a text, without its period.

    >>> extract_first_sentence("Reads, e.g. texts. And more.")
    'Reads, e.g. texts'
    """
    words = " ".join(text.split())
    for end in range(len(words)):
        if words.startswith(". ", end) and words[:end].rsplit(" ", 1)[-1] not in ("e.g", "i.e"):
            return words[:end]
    return words.removesuffix(".")


def _read_class(node: ast.ClassDef, constants: dict[str, Any]) -> ClassDoc:
    """Extracts the documentation of one class from its syntax tree."""
    docstring = ast.get_docstring(node) or ""
    bases = tuple(ast.unparse(base).rsplit(".", 1)[-1] for base in node.bases)
    methods = [child for child in node.body if isinstance(child, ast.FunctionDef)]
    attributes = [child.targets[0] for child in node.body if isinstance(child, ast.Assign)]
    abstract = [method.name for method in methods if "abstractmethod" in map(ast.unparse, method.decorator_list)]
    constructor = next((method for method in methods if method.name == "__init__"), None)
    if constructor is None:  # a dataclass, or no parameters
        names = [
            (child.target.id, ast.unparse(child.annotation), _format_default(child.value, constants))
            for child in node.body
            if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name)
        ]
        names = names if any("dataclass" in ast.unparse(mark) for mark in node.decorator_list) else []
    else:
        docstring = docstring if "Args:" in docstring else ast.get_docstring(constructor) or ""
        names = _list_parameters(constructor.args, constants)
    members = {method.name for method in methods} | {ast.unparse(attribute) for attribute in attributes}
    summary = extract_first_sentence(ast.get_docstring(node) or "")
    parameters = read_parameters(names, docstring)
    return ClassDoc(
        node.name, summary, parameters, bases, frozenset(members), frozenset(abstract), _read_meanings(docstring)
    )


def _read_meanings(docstring: str) -> dict[str, str]:
    """Maps parameter names to their descriptions in the `Args:` of a docstring."""
    params = docstring_parser.parse(docstring).params
    return {param.arg_name: " ".join((param.description or "").split()) for param in params}


def _list_parameters(arguments: ast.arguments, constants: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """Lists name, annotation and default of the parameters after `self` that are not positional only."""
    named = arguments.args if arguments.posonlyargs else arguments.args[1:]
    missing: list[ast.expr | None] = [None] * (len(named) - len(arguments.defaults))
    defaults = [*missing, *arguments.defaults][-len(named) :] if named else []
    pairs = [*zip(named, defaults, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return [
        (
            argument.arg,
            "" if argument.annotation is None else ast.unparse(argument.annotation),
            _format_default(value, constants),
        )
        for argument, value in pairs
    ]


def _format_default(value: ast.expr | None, constants: dict[str, Any]) -> str | None:
    """Formats a default as on the command line: a class by its name, a constant by its value."""
    if value is None:
        return None
    if isinstance(value, ast.Lambda):  # the default class of an option
        value = value.body
    if isinstance(value, ast.Call):
        return ast.unparse(value.func)
    if isinstance(value, ast.Name) and value.id in constants:
        return format_value(constants[value.id])
    return format_value(value.value) if isinstance(value, ast.Constant) else ast.unparse(value)


def _read_constants(tree: ast.Module) -> dict[str, Any]:
    """Maps names to the literal values that a module assigns, or imports from a module of this project."""
    constants: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            constants |= {target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom) and any(alias.name.isupper() for alias in node.names):
            file = _ROOT.joinpath(*(node.module or "").split(".")).with_suffix(".py")
            imported = _read_constants(ast.parse(file.read_text(encoding="utf-8"))) if file.is_file() else {}
            constants |= {alias.name: imported[alias.name] for alias in node.names if alias.name in imported}
    return constants
