"""Labelled texts from the Hugging Face `datasets` library: a name on the hub, or a local folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.errors import DataError, UsageError, join_names, suggest_name
from contracts.text_spec import Task
from datamodules.sources.base import Rows, Source, SplitName
from datamodules.sources.columns import ColumnChoice, Columns, check_same_columns, read_rows
from datamodules.sources.text_sample import select_evenly

if TYPE_CHECKING:  # the library takes seconds to import, which other sources need not wait for
    from datasets import Dataset

_AUTO = {"validation": ("validation", "valid", "val", "dev"), "test": ("test",)}


class Hub(Source):
    """A data set of the `datasets` library.

    Class indices are read as class names if the data set has them.

    Args:
        path: Hub name or local folder of a data set. A folder of files that `load_dataset` can read, or one written by
            `save_to_disk`.
        name: Configuration of the data set, such as `sst2` of `glue`, if it has several.
        text_column: Column of texts.
        text_pair_column: Column of second texts, if it exists. Ignored if `null`.
        label_column: Column of labels, one per text; ignored if `null`.
        labels_column: Column of label lists for multi-label data. Read if there is no label column, ignored if `null`.
            If both exist, the one whose name was set is read.
        train_split: Training split.
        validation_split: Validation split; `null` splits it off `train_split`. `auto` is `validation`, `valid`, `val`
            or `dev` if there is one.
        test_split: Test split; `auto` is `test` if it exists, `null` is none.
    """

    def __init__(
        self,
        path: str,
        name: str | None = None,
        text_column: str = "text",
        text_pair_column: str | None = "text_pair",
        label_column: str | None = "label",
        labels_column: str | None = "labels",
        train_split: str = "train",
        validation_split: str | None = "auto",
        test_split: str | None = "auto",
    ) -> None:
        if not path:
            raise UsageError("path is empty; name a data set or a folder with --data.source.path")
        self.columns = Columns(text_column, text_pair_column, label_column, labels_column)
        self.path, self.configuration = path, name
        self.splits: dict[SplitName, str | None] = {
            "train": train_split,
            "validation": validation_split,
            "test": test_split,
        }
        given = [split for split in self.splits.values() if split not in (None, "auto")]
        if len(set(given)) < len(given):
            raise UsageError(
                f"train_split, validation_split and test_split must differ, got {join_names(map(str, given))}; "
                "null ignores a split"
            )
        self._loaded: dict[SplitName, Dataset] | None = None

    @property
    def name(self) -> str:
        """The last part of the path, with the configuration."""
        path = Path(self.path).expanduser()
        last = path.resolve().name if path.exists() else path.name
        name = "_".join(filter(None, (last, self.configuration)))
        return re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_-") or "hub"

    def detect_task(self) -> Task:
        """Detects the task from the column names of the training split."""
        dataset = self._load_splits()["train"]
        return self.columns.choose(dataset.column_names, self._describe("train")).task

    def sample_texts(self, max_texts: int = 500) -> list[str]:
        """Reads training texts, evenly spaced."""
        dataset = self._load_splits()["train"]
        column = self.columns.choose(dataset.column_names, self._describe("train")).text
        rows = select_evenly(range(len(dataset)), max_texts)
        return [value for value in dataset.select(rows).with_format(None)[column][:] if isinstance(value, str)]

    def list_splits(self) -> set[SplitName]:
        """Lists the configured splits that the data set has."""
        return set(self._load_splits())

    def list_files(self) -> list[Path]:
        """Lists all files of a local folder; none for a data set of the hub."""
        folder = Path(self.path).expanduser()
        return [file for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else []

    def fingerprint(self) -> str:
        """Computes a hash of the library's fingerprints of the splits, and of how they are read."""
        splits = {split: dataset._fingerprint for split, dataset in self._load_splits().items()}
        return hashlib.blake2b(json.dumps([asdict(self.columns), splits]).encode(), digest_size=16).hexdigest()

    def read(self) -> dict[SplitName, Rows]:
        """Reads texts and labels of every split."""
        splits: dict[SplitName, Rows] = {}
        first: tuple[str, ColumnChoice] | None = None
        for split, dataset in self._load_splits().items():
            table = _DatasetTable(dataset, self._describe(split))
            choice = self.columns.choose(table.names, table.where)
            first = first or (table.where, choice)
            check_same_columns(table, choice, first, f"Name another with --data.source.{split}_split.")
            if split != "train" and table.is_unlabelled(choice.label):
                raise DataError(
                    f'{table.where} has no labels: column "{choice.label}" is empty, or -1, in every row. Ignore '
                    f"the split with --data.source.{split}_split null, or name another."
                )
            splits[split] = read_rows(table, choice)
        return splits

    def _describe(self, split: SplitName) -> str:
        """Describes a split for messages."""
        name = self.splits[split]
        return f'{self.path}, split "{split if name == "auto" else name}"'

    def _load_splits(self) -> dict[SplitName, Dataset]:
        """Loads the configured splits."""
        if self._loaded is None:
            by_name, found = self._load_all(), {}
            for split, wanted in self.splits.items():
                name = wanted
                if wanted == "auto" and split in _AUTO:
                    name = next((known for known in _AUTO[split] if known in by_name), None)
                if name is None:
                    continue
                if name not in by_name:
                    raise DataError(
                        f'{self.path} has no split "{name}"; it has: {join_names(by_name)}.'
                        f"{suggest_name(name, by_name)} Name it with --data.source.{split}_split."
                    )
                found[split] = by_name[name]
            self._loaded = found
        return self._loaded

    def _load_all(self) -> dict[str, Dataset]:
        """Loads all splits of the data set, from the hub or a folder."""
        import datasets

        folder = Path(self.path).expanduser()
        try:
            if (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file():
                loaded = datasets.load_from_disk(str(folder))
            else:
                loaded = datasets.load_dataset(str(folder) if folder.exists() else self.path, self.configuration)
        except Exception as error:  # the library passes on whatever its many readers raise
            reason = " ".join(str(error).split()).rstrip(".!") or type(error).__name__
            cause = error.__cause__ and " ".join(str(error.__cause__).split())
            raise DataError(
                f'the data set "{self.path}" cannot be loaded: {reason}{f" ({cause})" if cause else ""}. '
                "Check the spelling of --data.source.path and --data.source.name, and the network; "
                "files of your own are read by --data.source Files."
            ) from None
        return {"train": loaded} if isinstance(loaded, datasets.Dataset) else dict(loaded)


class _DatasetTable:
    """One split of a data set, as a `Table`."""

    def __init__(self, dataset: Dataset, where: str) -> None:
        self.where, self._dataset = where, dataset
        self.names = list(dataset.column_names)

    def get_column(self, name: str) -> list[Any]:
        """Returns all values of one column, class indices as class names."""
        values = self._dataset.with_format(None)[name][:]
        feature = self._dataset.features[name]
        names = getattr(feature, "names", None)
        if names is not None:
            return [_get_class_name(value, names) for value in values]
        names = getattr(getattr(feature, "feature", None), "names", None)
        if names is not None:
            return [value and [_get_class_name(item, names) for item in value] for value in values]
        return values

    def locate_rows(self, rows: Sequence[int]) -> list[str]:
        """Returns row numbers, from 0 as in the library."""
        return [f"row {row}" for row in rows]

    def is_unlabelled(self, label: str) -> bool:
        """Returns whether no row has a label, as in test splits published without labels."""
        return all(value in (None, "") for value in self.get_column(label))


def _get_class_name(index: int | None, names: list[str]) -> str | None:
    """Returns the name of a class index; None for no label."""
    # -1 is the library's index for a hidden label
    return None if index is None or index < 0 else names[index]
