"""A LightningModule that knows its data: their sizes, their tokenizer, and the data module if there is one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Self

from pytorch_lightning import LightningModule

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.base import Tokenizer
from lightning_modules.checkpoints import check_same_data

_SHARED = ("_datamodule", "tokenizer", "factories", "forward_pass", "_hparams", "_hparams_initial")
"""Attributes that a copy of a module has in common with it: what it was made from, which training never changes."""


class DataAwareModule(LightningModule):
    """Takes sizes and tokenizer of the data from the trainer's data module, from `use_data`, or from a checkpoint.

    The sizes are the hyperparameter `spec`, as plain data for checkpoints.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tokenizer: Tokenizer | None = None
        """Written into checkpoints; needed only without a data module."""
        self._datamodule: TextDataModule | None = None
        self._tokenizer_json: str | None = None  # of the data that the weights belong to

    @property
    def text_spec(self) -> TextSpec:
        """The sizes of the data: as given, from a checkpoint, or from the data module.

        Raises:
            UsageError: None of these is there.
        """
        if self.hparams.get("spec") is None:
            data = self.find_datamodule()
            if data is None:
                raise UsageError(
                    "the model does not know the sizes of its data: train with `trainer.fit(model, datamodule)`; for "
                    "loaders call `model.use_data(datamodule)` first, or build it as TextClassifier(spec=…)"
                )
            self.hparams["spec"] = data.spec.to_dict()
        return TextSpec.from_dict(self.hparams["spec"])

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copies weights and state, as callbacks that average weights do; not the trainer, nor what cannot be copied.

        The trainer holds loggers and loaders, which have locks and processes. The copy shares the data.
        """
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        for name, value in vars(self).items():
            copied.__dict__[name] = (
                None if name in ("_trainer", "_fabric") else value if name in _SHARED else deepcopy(value, memo)
            )
        return copied

    def use_data(self, datamodule: TextDataModule) -> Self:
        """Attaches a data module for a trainer that gets loaders only: sizes, tokenizer and training texts.

        Args:
            datamodule: Prepared and set up here if it is not yet.

        Returns:
            This model.
        """
        datamodule.prepare_data()
        datamodule.setup()
        self._datamodule = datamodule
        return self

    def check_data(self, stage: str) -> None:
        """Raises an error if sizes or tokenizer are unknown, or the data are others than the weights were trained on.

        Args:
            stage: Lightning's name of what begins: `fit`, `validate`, `test` or `predict`.

        Raises:
            UsageError: One of these.
        """
        spec = self.text_spec
        data = self.find_datamodule()
        if data is not None:
            tokenizer_json = data.tokenizer.to_json()
            check_same_data(spec, self._tokenizer_json, data.spec, tokenizer_json)
            self._tokenizer_json = tokenizer_json
        saves = stage == "fit" and bool(self.trainer.checkpoint_callbacks)
        if saves and data is None and self.tokenizer is None:
            raise UsageError(
                "a checkpoint must hold the tokenizer, and the model has none: call `model.use_data(datamodule)` or "
                "set `model.tokenizer` before `trainer.fit(model, loaders)`, or use Trainer(enable_checkpointing=False)"
            )

    @property
    def attached_datamodule(self) -> TextDataModule | None:
        """The data module that the trainer was given; None if it was given loaders."""
        attached = getattr(self._trainer, "datamodule", None)
        return attached if isinstance(attached, TextDataModule) else None

    def find_datamodule(self) -> TextDataModule | None:
        """The trainer's data module, or else the one given to `use_data`."""
        return self.attached_datamodule or self._datamodule
