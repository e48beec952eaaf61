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
from datamodules.sources.columns import Columns, read_rows

if TYPE_CHECKING:  # the library takes seconds to import, which other sources need not wait for
    from datasets import Dataset

_AUTO = {"validation": ("validation", "valid", "val", "dev"), "test": ("test",)}


class Hub(Source):
    """A data set of the `datasets` library.

    Class numbers are read as the class names that come with them.

    Args:
        path: A name on the hub, a folder of files that `load_dataset` knows, or one that `save_to_disk` wrote.
        name: The configuration, where the data set has several, such as `sst2` of `glue`.
        text_column: Holds the texts.
        text_pair_column: Holds the second text of each pair; read where it is there, never if `null`.
        label_column: Holds one label a text; never read if `null`.
        labels_column: Holds several labels a text; read where there is no label column, never if `null`. Where both
            are there, the one that was given another name than its default is meant.
        train_split: The split to train on.
        validation_split: The split to validate on; `auto` takes `validation`, `valid`, `val` or `dev` where there is
            one, `null` none, so that it is made from `train_split`.
        test_split: The split to test on; `auto` takes `test` where there is one, `null` none.
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
                "null leaves a split out"
            )
        self._loaded: dict[SplitName, Dataset] | None = None

    @property
    def name(self) -> str:
        """The last part of the path, and the configuration."""
        path = Path(self.path).expanduser()
        word = path.resolve().name if path.exists() else path.name
        words = "_".join(filter(None, (word, self.configuration)))
        return re.sub(r"[^A-Za-z0-9-]+", "_", words).strip("_-") or "hub"

    def detect_task(self) -> Task:
        """Told by the column names of the training split."""
        dataset = self._datasets()["train"]
        return self.columns.choose(dataset.column_names, self._where("train")).task

    def fingerprint(self) -> str:
        """Made of the library's own fingerprints of the splits, and of how they are read."""
        splits = {split: dataset._fingerprint for split, dataset in self._datasets().items()}
        return hashlib.blake2b(json.dumps([asdict(self.columns), splits]).encode(), digest_size=16).hexdigest()

    def read(self) -> dict[SplitName, Rows]:
        """Reads the columns in use of every split."""
        found: dict[SplitName, Rows] = {}
        first = None
        for split, dataset in self._datasets().items():
            table = _Split(dataset, self._where(split))
            chosen = self.columns.choose(table.names, table.where)
            first = first or chosen
            if (chosen.task, chosen.text_pair) != (first.task, first.text_pair):
                raise DataError(
                    f"{table.where} does not fit {self._where('train')}: it has the columns "
                    f"{join_names(chosen.names)}, but the other {join_names(first.names)}. "
                    f"Name another with --data.source.{split}_split."
                )
            if split != "train" and table.is_unlabelled(chosen.label):
                raise DataError(
                    f'{table.where} has no labels: column "{chosen.label}" is empty, or -1, in every row. Leave the '
                    f"split out with --data.source.{split}_split null, or name another."
                )
            found[split] = read_rows(table, chosen)
        return found

    def _where(self, split: SplitName) -> str:
        name = self.splits[split]
        return f'{self.path}, split "{split if name == "auto" else name}"'

    def _datasets(self) -> dict[SplitName, Dataset]:
        if self._loaded is None:
            by_name, found = self._load(), {}
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

    def _load(self) -> dict[str, Dataset]:
        import datasets

        folder = Path(self.path).expanduser()
        try:
            if (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file():
                made = datasets.load_from_disk(str(folder))
            else:
                made = datasets.load_dataset(str(folder) if folder.exists() else self.path, self.configuration)
        except Exception as error:  # the library lets through whatever its many readers raise
            reason = " ".join(str(error).split()).rstrip(".!") or type(error).__name__
            cause = error.__cause__ and " ".join(str(error.__cause__).split())
            raise DataError(
                f'the data set "{self.path}" cannot be loaded: {reason}{f" ({cause})" if cause else ""}. '
                "See that --data.source.path and --data.source.name are spelt right, and that the network is there; "
                "files of your own are read by --data.source Files."
            ) from None
        return {"train": made} if isinstance(made, datasets.Dataset) else dict(made)


class _Split:
    """One split as a table."""

    def __init__(self, dataset: Dataset, where: str) -> None:
        self.where, self._dataset = where, dataset
        self.names = list(dataset.column_names)

    def column(self, name: str) -> list[Any]:
        """All values of one column, class numbers as class names."""
        values = self._dataset.with_format(None)[name][:]
        feature = self._dataset.features[name]
        names = getattr(feature, "names", None)
        if names is not None:
            return [_class_name(value, names) for value in values]
        names = getattr(getattr(feature, "feature", None), "names", None)
        if names is not None:
            return [value and [_class_name(item, names) for item in value] for value in values]
        return values

    def places(self, rows: Sequence[int]) -> list[str]:
        """Rows by number, counted from 0 as the library does."""
        return [f"row {row}" for row in rows]

    def is_unlabelled(self, label: str) -> bool:
        """Whether no row has a label, as in splits that are published without."""
        return all(value in (None, "") for value in self.column(label))


def _class_name(number: int | None, names: list[str]) -> str | None:
    # -1 is the library's way to say that the label is not told
    return None if number is None or number < 0 else names[number]
