"""What lies where, and what may know of what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.discovery import find_implementations

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "contracts": (),
    "datamodules": ("contracts",),
    "exploration": ("contracts", "datamodules"),
    "lightning_modules": ("contracts", "datamodules"),
    "callbacks": ("contracts", "datamodules", "lightning_modules"),
    "commands": ("contracts", "datamodules", "exploration", "lightning_modules", "callbacks"),
}
"""What each package may import beside itself; the scripts may import all."""
ROOMS = (
    "build_lock",
    "cache",
    "balance",
    "sources",
    "splits",
    "tokenizers",
    "vectors",
    "augmentations",
    "samplers",
    "loading",
    "augmenting",
    "preparation",
    "text_datamodule",
)
"""The packages and modules of `datamodules/`: each may import itself and those before it."""
ROOMS_OF_EXPLORATION = ("statistics", "checks", "data_report", "advice", "rendering")
"""The packages of `exploration/` and the report between them: each may import itself, those before it, and modules
beside them that are not listed."""
ORDER = tuple(MAY_IMPORT)
SCRIPTS = ("train.py", "predict.py", "explore.py", "augment.py")
MODULES = [file for package in ORDER for file in sorted((ROOT / package).rglob("*.py"))]
SOURCES = [*MODULES, *(ROOT / script for script in SCRIPTS)]
BANNED_NAMES = {"utils", "util", "common", "helpers", "helper", "misc"}


def named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relative to itself"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_files_are_found():
    assert len(MODULES) > 60
    assert all(file.exists() for file in SOURCES)


@pytest.mark.parametrize("file", SOURCES, ids=named)
def test_imports_flow_one_way(file):
    package = file.relative_to(ROOT).parts[0]
    allowed = (package, *MAY_IMPORT[package]) if package in MAY_IMPORT else ORDER
    ours = {"experiments", "tests", "benchmarks", "train", "predict", "explore", "augment", *ORDER}
    for module in imported(file):
        top = module.split(".")[0]
        assert top not in ours or top in allowed, f"{named(file)} must not import {module}"


def test_datamodules_have_these_rooms():
    folder = ROOT / "datamodules"
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert found - {"__init__"} == set(ROOMS)
    assert {path.stem for path in folder.glob("*.py")} == {"__init__", "build_lock", "cache", "text_datamodule"}


@pytest.mark.parametrize("file", sorted((ROOT / "datamodules").rglob("*.py")), ids=named)
def test_rooms_of_datamodules_import_one_way(file):
    room = file.relative_to(ROOT / "datamodules").parts[0].removesuffix(".py")
    allowed = ROOMS[: ROOMS.index(room) + 1] if room != "__init__" else ()
    for module in imported(file):
        words = module.split(".")
        if words[0] == "datamodules":
            assert words[1] in allowed, f"{named(file)} must not import {module}"


@pytest.mark.parametrize("file", sorted((ROOT / "exploration").rglob("*.py")), ids=named)
def test_rooms_of_exploration_import_one_way(file):
    room = file.relative_to(ROOT / "exploration").parts[0].removesuffix(".py")
    place = ROOMS_OF_EXPLORATION.index(room) if room in ROOMS_OF_EXPLORATION else -1
    for module in imported(file):
        words = module.split(".")
        if words[0] == "exploration":
            assert words[1] not in ROOMS_OF_EXPLORATION[place + 1 :], f"{named(file)} must not import {module}"


@pytest.mark.parametrize("file", SOURCES, ids=named)
def test_private_names_stay_in_their_folder(file):
    """A name with a leading underscore is imported only from the same module, never from a neighbour."""
    ours = {*ORDER, "tests", "benchmarks"}
    for module in imported(file):
        words = module.split(".")
        if words[0] in ours:
            assert not any(word.startswith("_") for word in words), f"{named(file)} imports the private {module}"


AUGMENTATIONS = ROOT / "datamodules" / "augmentations"
LAYERS_OF_AUGMENTATIONS = ("primitives", "base", "word_level", "an implementation")
"""Each may import itself and those before it; implementations may import each other."""


def layer_of_augmentation(path: str) -> str:
    """The layer of a module, by its dotted path or its file's path below `augmentations/`."""
    first = path.replace("/", ".").removesuffix(".py").split(".")[0]
    return first if first in LAYERS_OF_AUGMENTATIONS else LAYERS_OF_AUGMENTATIONS[-1]


@pytest.mark.parametrize("file", sorted(AUGMENTATIONS.rglob("*.py")), ids=named)
def test_layers_of_augmentations_import_one_way(file):
    if file == AUGMENTATIONS / "__init__.py":
        return
    layer = LAYERS_OF_AUGMENTATIONS.index(layer_of_augmentation(file.relative_to(AUGMENTATIONS).as_posix()))
    prefix = "datamodules.augmentations."
    for module in imported(file):
        if module.startswith(prefix):
            allowed = LAYERS_OF_AUGMENTATIONS[: layer + 1]
            assert layer_of_augmentation(module.removeprefix(prefix)) in allowed, f"{named(file)} imports {module}"


def test_every_file_beside_the_base_of_augmentations_is_an_implementation():
    from datamodules.augmentations.base import Augmentation

    implementations = {cls.__module__.rsplit(".", 1)[-1] for cls in find_implementations(Augmentation)}
    assert {file.stem for file in AUGMENTATIONS.glob("*.py")} - {"__init__", "base"} == implementations


PARTS_OF_A_MODEL = ("encoders", "heads", "losses", "layers")
UNKNOWN_TO_MODELS = tuple(room for room in ROOMS if room not in ("balance", "vectors"))


@pytest.mark.parametrize("part", PARTS_OF_A_MODEL)
def test_parts_of_a_model_see_tensors_only(part):
    files = sorted((ROOT / "lightning_modules" / part).glob("*.py"))
    assert files
    for file in files:
        for module in imported(file):
            words = module.split(".")
            assert not (words[0] == "datamodules" and words[1] in UNKNOWN_TO_MODELS), f"{named(file)} imports {module}"


def test_datamodules_know_of_no_model():
    for file in sorted((ROOT / "datamodules").rglob("*.py")):
        for module in imported(file):
            assert "AutoModel" not in module, named(file)
            assert not module.startswith("torch.nn"), named(file)


@pytest.mark.parametrize("file", SOURCES, ids=named)
def test_what_is_public_says_what_it_is(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{named(file)} has no docstring"
    for node in public_definitions(tree):
        assert ast.get_docstring(node), f"{named(file)}: {node.name} has no docstring"


def public_definitions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for child in getattr(node, "body", ()):
        if isinstance(child, ast.FunctionDef) and any(isinstance(d, ast.Attribute) for d in child.decorator_list):
            continue  # the setter of a property, which has its docstring
        if isinstance(child, ast.FunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from public_definitions(child)


@pytest.mark.parametrize("file", SOURCES, ids=named)
def test_only_one_place_creates_consoles(file):
    """A console of rich interprets labels such as `[bold]red` as markup, unless it is told not to."""
    if named(file) != "contracts/console.py":
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Console")), named(file)


def test_no_file_is_named_after_nothing():
    for folder in (*ORDER, "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            assert path.stem not in BANNED_NAMES, named(path)


def test_no_file_holds_many_ideas():
    """150 lines are comfortable, and past 250 a file usually holds two ideas; a few more are no reason to cut one."""
    for file in SOURCES:
        lines = len(file.read_text(encoding="utf-8").splitlines())
        assert lines <= 300, f"{named(file)} has {lines} lines"


def test_each_seam_says_how_to_add_a_member():
    for folder in ("sources", "tokenizers", "samplers", "encoders", "heads", "losses"):
        (package,) = ROOT.glob(f"*/{folder}/__init__.py")
        words = ast.get_docstring(ast.parse(package.read_text(encoding="utf-8")))
        assert "To add one:" in words, named(package)
        assert "Not here:" in words, named(package)


def test_test_modules_have_different_names():
    """Pytest imports them by name: of two with one name, the second is not collected where both are in one process."""
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) > 100
    assert sorted(names) == sorted(set(names))
