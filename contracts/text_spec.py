"""All that a model knows of the data: plain values, written into every checkpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Task = Literal["single_label", "multi_label"]


@dataclass(frozen=True)
class TextSpec:
    """What a model must know of the data.

    Args:
        task: One label a text, or any number of them.
        label_names: Sorted; the order of every class axis in the project.
        class_counts: Training texts that carry each label, in the order of `label_names`.
        num_rows: Training texts.
        vocabulary_size: Ids run from 0 to one below this.
        padding_id: The id that fills a batch up; its mask is false.
        max_length: Tokens a text is cut to, special tokens counted.
        pairs: Whether each text comes with a second one.
    """

    task: Task
    label_names: tuple[str, ...]
    class_counts: tuple[int, ...]
    num_rows: int
    vocabulary_size: int
    padding_id: int
    max_length: int
    pairs: bool = False

    @property
    def num_classes(self) -> int:
        """The length of every class axis."""
        return len(self.label_names)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings, as a checkpoint may hold them."""
        plain = asdict(self)
        return plain | {"label_names": list(self.label_names), "class_counts": list(self.class_counts)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> TextSpec:
        """The inverse of `to_dict`."""
        return cls(**plain | {"label_names": tuple(plain["label_names"]), "class_counts": tuple(plain["class_counts"])})
