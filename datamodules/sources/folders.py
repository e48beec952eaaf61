"""Which file of a folder holds which split, told by its name."""

from __future__ import annotations

from pathlib import Path

from contracts.errors import DataError, UsageError, join_names, suggest_name
from datamodules.sources.base import SplitName

SPLITS: dict[str, SplitName] = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
"""The names that a split goes by."""
ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
"""What can be read, each also with `.gz`."""
# a split in one of these would be missed without a word
_OTHER_ENDINGS = (".txt", ".xlsx", ".xls", ".parquet", ".arrow", ".feather", ".xml", ".zip", ".bz2", ".xz", ".zst")


def resolve_data_path(path: str) -> Path:
    """The folder or file that a user named.

    Raises:
        UsageError: It is not there, or is a file of a kind that cannot be read.
    """
    if not path:
        raise UsageError("path is empty; name a folder or a file with --data.source.path")
    found = Path(path).expanduser()
    if found.is_dir():
        return found
    if found.is_file():
        if not get_extension(found):
            raise UsageError(
                f"{found} ends in none of {join_names(ENDINGS)} (each also with .gz), so how to read it is not known; "
                "rename or convert it"
            )
        return found
    missing = next(part for part in (found, *found.parents) if part.parent.is_dir())
    near = suggest_name(missing.name, [entry.name for entry in missing.parent.iterdir()])
    raise UsageError(
        f'no such file or folder: {found} ("{missing.parent}" holds no "{missing.name}").{near} '
        "Mend it with --data.source.path."
    )


def find_split_files(path: Path) -> dict[SplitName, Path]:
    """The file of each split that there is, `train` first; a file alone, or `all` alone, is `train`.

    Raises:
        DataError: There is no file for `train`, or it is not clear which.
    """
    if path.is_file():
        return {"train": path}
    try:
        held = sorted(file for file in path.iterdir() if file.is_file())
    except OSError as error:
        raise DataError(f"{path} cannot be listed: {error.strerror}") from None
    readable = [file for file in held if get_extension(file)]
    by_split: dict[SplitName, list[Path]] = {split: [] for split in dict.fromkeys(SPLITS.values())}
    for file in readable:
        if get_stem(file).lower() in SPLITS:
            by_split[SPLITS[get_stem(file).lower()]].append(file)
    if not any(by_split.values()):
        by_split["train"] = [file for file in readable if get_stem(file).lower() == "all"]
    for split, files in by_split.items():
        if len(files) > 1:
            raise DataError(f"{path} holds {len(files)} files for {split}: {_names(files)}; keep one of them there")
        if not files:
            _refuse_other_ending(split, held)
    if not by_split["train"]:
        raise DataError(
            f"{path} holds no train file ({join_names(f'train{each}' for each in ENDINGS)}, each also with .gz); "
            f"it holds: {_names(held)}. Rename one, or name a single file with --data.source.path."
        )
    return {split: files[0] for split, files in by_split.items() if files}


def get_extension(file: Path) -> str:
    """`.csv` and the like, without `.gz`; empty where it is none that can be read."""
    name = file.name.lower().removesuffix(".gz")
    return next((each for each in ENDINGS if name.endswith(each)), "")


def get_stem(file: Path) -> str:
    """The name before its ending.

    >>> get_stem(Path("mail.2024.csv.gz"))
    'mail.2024'
    """
    name = file.name[: -len(".gz")] if is_gzip(file) else file.name
    return name[: len(name) - len(get_extension(file))]


def is_gzip(file: Path) -> bool:
    """Whether its name says that it is compressed."""
    return file.name.lower().endswith(".gz")


def _refuse_other_ending(split: SplitName, held: list[Path]) -> None:
    for file in held:
        name = file.name.lower().removesuffix(".gz")
        if SPLITS.get(name.split(".")[0]) == split and name.endswith(_OTHER_ENDINGS):
            raise DataError(
                f"{file} would be the {split} split, but ends in none of {join_names(ENDINGS)} (each also with .gz); "
                "convert it, or move it away"
            )


def _names(files: list[Path]) -> str:
    return join_names(file.name for file in files) or "no file"
