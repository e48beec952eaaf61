"""The options under `--data.augment`: when training texts are augmented, and which of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contracts.errors import UsageError
from datamodules.augmentations.base import check_ratio


@dataclass(frozen=True)
class AugmentOptions:
    """When training texts are augmented, and which of them.

    Args:
        mode: "on_the_fly" in each epoch, "offline" copies, or "targeted" copies. "on_the_fly" augments texts
            differently in each epoch; "offline" adds augmented copies of all training texts, once; "targeted" adds
            copies of texts of rare classes only. Added texts are listed in augmented.csv in the cache.
        ratio: Fraction of texts augmented per epoch, or copied; in [0, 1].
        num_copies: Number of augmented copies per text, at least 1; for "offline".
        below: Class size below which a class is rare; for "targeted". A number of texts from 2, or a fraction in (0, 1)
            of the largest class.
        up_to: Target size of a rare class, copies included; for "targeted". By default the value of `below`.
        seed: Seed of the added copies. Separate from the seed of the run, so that runs can be compared.
    """

    mode: Literal["on_the_fly", "offline", "targeted"] = "on_the_fly"
    ratio: float = 1.0
    num_copies: int = 1
    below: int | float | None = None
    up_to: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Converts an integer-valued `below` from 2 to an int, since parsers may pass 100 as 100.0."""
        if isinstance(self.below, float) and self.below >= 2 and self.below.is_integer():
            object.__setattr__(self, "below", int(self.below))

    def check(self) -> None:
        """Checks ranges and combinations of the options.

        Raises:
            UsageError: A value is out of range, or not used by this `mode`.
        """
        check_ratio("--data.augment.ratio", self.ratio)
        if self.ratio == 0:
            raise UsageError("--data.augment.ratio 0 changes no text; give more, or leave --data.augmentations out")
        if self.num_copies < 1:
            raise UsageError(f"--data.augment.num_copies must be at least 1, got {self.num_copies}")
        if self.ratio != 1 and self.mode == "targeted":
            raise UsageError(
                f"--data.augment.ratio {self.ratio:g} is for --data.augment.mode on_the_fly and offline; the number of "
                "copies in mode targeted is set by --data.augment.up_to"
            )
        if self.num_copies != 1 and self.mode != "offline":
            raise UsageError(f"--data.augment.num_copies is for --data.augment.mode offline, which is {self.mode}")
        if self.mode != "targeted":
            for name, value in (("below", self.below), ("up_to", self.up_to)):
                if value is not None:
                    raise UsageError(f"--data.augment.{name} is for --data.augment.mode targeted, which is {self.mode}")
            return
        if self.below is None:
            raise UsageError("--data.augment.mode targeted needs --data.augment.below: fewer texts make a class rare")
        if not (0 < self.below < 1 if isinstance(self.below, float) else self.below > 1):
            raise UsageError(
                "--data.augment.below must be a number of texts (an integer from 2), or a fraction of the largest "
                f"class (a decimal number in (0, 1)); got {self.below!r}"
            )
        if self.up_to is not None and self.up_to < 2:
            raise UsageError(f"--data.augment.up_to is a number of texts and must be at least 2, got {self.up_to}")
