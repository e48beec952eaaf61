"""The file of each split in a folder, recognized by its name."""

from __future__ import annotations

from pathlib import Path

from contracts.errors import DataError, UsageError, join_names, suggest_name
from datamodules.sources.base import SplitName

SPLIT_ALIASES: dict[str, SplitName] = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
"""The file names of each split, without their extensions."""
EXTENSIONS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
"""The formats that can be read, each also with `.gz`."""
# a split in one of these would be overlooked without a message
_UNSUPPORTED_EXTENSIONS = (
    ".txt", ".xlsx", ".xls", ".parquet", ".arrow", ".feather", ".xml", ".zip", ".bz2", ".xz", ".zst",
)  # fmt: skip


def resolve_data_path(path: str) -> Path:
    """Resolves the folder or file that a user named.

    Raises:
        UsageError: It does not exist, or is a file of an unsupported format.
    """
    if not path:
        raise UsageError("path is empty; name a folder or a file with --data.source.path")
    resolved = Path(path).expanduser()
    if resolved.is_dir():
        return resolved
    if resolved.is_file():
        if not get_extension(resolved):
            raise UsageError(
                f"{resolved} has none of the extensions {join_names(EXTENSIONS)} (each also with .gz), so its format "
                "is unknown; rename or convert it"
            )
        return resolved
    missing = next(part for part in (resolved, *resolved.parents) if part.parent.is_dir())
    suggestion = suggest_name(missing.name, [entry.name for entry in missing.parent.iterdir()])
    raise UsageError(
        f'no such file or folder: {resolved} ("{missing.parent}" has no "{missing.name}").{suggestion} '
        "Change it with --data.source.path."
    )


def find_split_files(path: Path) -> dict[SplitName, Path]:
    """Finds the file of each split, `train` first; a single file, or `all` in a folder without splits, is `train`.

    Raises:
        DataError: There is no file for `train`, or two files for one split.
    """
    if path.is_file():
        return {"train": path}
    try:
        files = sorted(file for file in path.iterdir() if file.is_file())
    except OSError as error:
        raise DataError(f"{path} cannot be listed: {error.strerror}") from None
    readable = [file for file in files if get_extension(file)]
    by_split: dict[SplitName, list[Path]] = {split: [] for split in dict.fromkeys(SPLIT_ALIASES.values())}
    for file in readable:
        if get_stem(file).lower() in SPLIT_ALIASES:
            by_split[SPLIT_ALIASES[get_stem(file).lower()]].append(file)
    if not any(by_split.values()):
        by_split["train"] = [file for file in readable if get_stem(file).lower() == "all"]
    for split, candidates in by_split.items():
        if len(candidates) > 1:
            raise DataError(
                f"{path} has {len(candidates)} files for {split}: {_join_file_names(candidates)}; "
                "keep one of them there"
            )
        if not candidates:
            _check_unsupported_files(split, files)
    if not by_split["train"]:
        raise DataError(
            f"{path} has no train file ({join_names(f'train{each}' for each in EXTENSIONS)}, each also with .gz); "
            f"it has: {_join_file_names(files)}. Rename one, or name a single file with --data.source.path."
        )
    return {split: candidates[0] for split, candidates in by_split.items() if candidates}


def get_extension(file: Path) -> str:
    """Returns the extension of a supported format, such as `.csv`, without `.gz`; empty for any other."""
    name = file.name.lower().removesuffix(".gz")
    return next((extension for extension in EXTENSIONS if name.endswith(extension)), "")


def get_stem(file: Path) -> str:
    """Returns the file name without its extension.

    >>> get_stem(Path("mail.2024.csv.gz"))
    'mail.2024'
    """
    name = file.name[: -len(".gz")] if is_gzip(file) else file.name
    return name[: len(name) - len(get_extension(file))]


def is_gzip(file: Path) -> bool:
    """Returns whether the name ends in `.gz`."""
    return file.name.lower().endswith(".gz")


def _check_unsupported_files(split: SplitName, files: list[Path]) -> None:
    """Raises an error if the file of a split has an unsupported format."""
    for file in files:
        name = file.name.lower().removesuffix(".gz")
        if SPLIT_ALIASES.get(name.split(".")[0]) == split and name.endswith(_UNSUPPORTED_EXTENSIONS):
            raise DataError(
                f"{file} would be the {split} split, but has none of the extensions {join_names(EXTENSIONS)} (each "
                "also with .gz); convert it, or move it away"
            )


def _join_file_names(files: list[Path]) -> str:
    """Joins file names for a message."""
    return join_names(file.name for file in files) or "no file"
