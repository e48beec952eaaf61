"""The properties of the data that a model depends on; stored in every checkpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Task = Literal["single_label", "multi_label"]


@dataclass(frozen=True)
class TextSpec:
    """The properties of the data that a model depends on.

    Args:
        task: `single_label` (one label per text) or `multi_label` (any number of labels).
        label_names: Sorted; the order of every class axis in the project.
        class_counts: Number of training texts with each label, in the order of `label_names`.
        num_rows: Number of training texts.
        vocabulary_size: Number of token ids, which start at 0.
        padding_id: The id of padding, where the attention mask is false.
        max_length: Maximum tokens per text, special tokens included; longer texts are truncated.
        pairs: Whether each row has a second text.
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
        """Length of every class axis."""
        return len(self.label_names)

    def to_dict(self) -> dict[str, Any]:
        """Converts to lists, numbers and strings, which a checkpoint can contain."""
        plain = asdict(self)
        return plain | {"label_names": list(self.label_names), "class_counts": list(self.class_counts)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> TextSpec:
        """Restores a spec from the output of `to_dict`."""
        return cls(**plain | {"label_names": tuple(plain["label_names"]), "class_counts": tuple(plain["class_counts"])})
