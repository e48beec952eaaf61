"""The options of data preparation, validated before any row is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contracts.errors import UsageError
from datamodules.splits.training_subset import validate_subset_options


@dataclass(frozen=True)
class PreparationOptions:
    """The options that shape the prepared data, apart from source and tokenizer; see `TextDataModule` for each.

    Raises:
        UsageError: A value is out of range, or two options contradict each other.
    """

    max_length: int | float = 0.99
    validation_size: float = 0.1
    test_size: float = 0.1
    split_seed: int = 0
    empty: Literal["drop", "keep", "refuse"] = "drop"
    unseen_labels: Literal["refuse", "drop"] = "refuse"
    few_shot: int | None = None
    max_train_samples: int | None = None
    num_folds: int | None = None
    fold: int | None = None

    def __post_init__(self) -> None:
        """Validates every option; converts integer-valued lengths above 1 to int, as they may be parsed as float."""
        length = self.max_length
        if isinstance(length, float) and length > 1 and length.is_integer():
            length = int(length)
            object.__setattr__(self, "max_length", length)
        if isinstance(length, bool) or (isinstance(length, float) and not 0 < length <= 1) or length <= 0:
            raise UsageError(
                "--data.max_length is a number of tokens (an integer from 1), or the fraction of training texts to "
                f"keep whole (a decimal number in (0, 1]); got {self.max_length!r}"
            )
        for name, size in (("validation_size", self.validation_size), ("test_size", self.test_size)):
            if not 0 < size < 1:
                raise UsageError(f"--data.{name} is a fraction of the rows and must be in (0, 1), got {size}")
        if self.split_seed < 0:
            raise UsageError(f"--data.split_seed must be 0 or more, got {self.split_seed}")
        validate_subset_options(self.few_shot, self.max_train_samples, self.num_folds, self.fold)

    def check_max_length(self, limit: int | None) -> None:
        """Checks a number of tokens against the maximum input length of a pretrained model.

        Args:
            limit: Maximum tokens; None if the model has no limit.

        Raises:
            UsageError: `max_length` is above the limit.
        """
        if limit is not None and not self.max_length_is_fraction and self.max_length > limit:
            raise UsageError(
                f"--data.max_length {self.max_length} is beyond the {limit} positions of this tokenizer's model; "
                f"choose at most {limit}, or a fraction of the texts such as 0.99"
            )

    @property
    def max_length_is_fraction(self) -> bool:
        """Whether `max_length` is a fraction of the training texts, not a number of tokens."""
        return isinstance(self.max_length, float)
