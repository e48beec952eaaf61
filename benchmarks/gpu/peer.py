"""`transformers.Trainer` as it is used: the same texts and weights, its own loader, order and loop."""

from __future__ import annotations

import inspect
import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from benchmarks.gpu.probes import Meter
from benchmarks.packages import require_package
from commands.cli import TextCLI

_MAX_ROWS = 20_000  # as Python lists; enough for the order, and more than are trained on


class LogitsModel(nn.Module):
    """Encoder and head as `Trainer` takes a model: it returns the loss."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Computes the mean cross-entropy of a batch."""
        logits = self.head(self.encoder(input_ids, attention_mask.bool()))
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


def pad_rows(rows: list[dict[str, Any]]) -> dict[str, Tensor]:
    """Pads ids to the longest row."""
    ids = [torch.tensor(row["input_ids"]) for row in rows]
    lengths = torch.tensor([len(row) for row in ids])
    padded = pad_sequence(ids, batch_first=True)
    mask = torch.arange(padded.shape[1]) < lengths[:, None]
    return {"input_ids": padded, "attention_mask": mask.long(), "labels": torch.tensor([row["labels"] for row in rows])}


def train_with_transformers(
    cli: TextCLI, order: str, size: int, pretrained: str | None, meter: Meter, folder: Path
) -> list[np.ndarray]:
    """Trains by `transformers.Trainer` in bfloat16 until the meter is done.

    Args:
        cli: A run whose data and model are set up.
        order: `random` or `group_by_length`.
        size: Texts per batch.
        pretrained: Name of the tokenizer's model, whose classifier is trained with its configuration; None trains
            encoder and head of the run.
        meter: Counts the steps.
        folder: For what `Trainer` writes.

    Returns:
        The rows of each batch of an epoch in this order.

    Raises:
        UsageError: `accelerate` is missing, which `Trainer` needs.
    """
    require_package("accelerate", "transformers.Trainer")
    from transformers import Trainer, TrainingArguments

    class TrainerMeter(_import_callback()):  # type: ignore[misc]  # a class of a library that is imported late
        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            meter.begin()

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            collator_width = collate.widths[state.global_step - 1]
            meter.add(size, collator_width)
            control.should_training_stop = meter.is_done

    rows = list_rows(cli)
    collate = WidthRecorder(create_collator(pretrained))
    options = {
        **{"output_dir": str(folder / "trainer"), "max_steps": 1_000_000, "per_device_train_batch_size": size},
        **{"learning_rate": 1e-4, "save_strategy": "no", "report_to": "none", "disable_tqdm": True, "bf16": True},
        **{"use_cpu": meter.device.type == "cpu", "logging_strategy": "no", "dataloader_drop_last": True},
        **choose_order(order, set(inspect.signature(TrainingArguments).parameters)),
    }
    model = create_model(cli, pretrained)
    trainer = Trainer(
        model, TrainingArguments(**options), train_dataset=rows, data_collator=collate, callbacks=[TrainerMeter()]
    )
    with redirect_stdout(io.StringIO()):
        trainer.train()
    cli.model.cpu()  # it is used again, and what is measured next has the GPU for itself
    planned = np.array(list(trainer._get_train_sampler(rows)))
    return [planned[start : start + size] for start in range(0, len(planned) - size + 1, size)]


def choose_order(order: str, parameters: set[str]) -> dict[str, Any]:
    """Returns the argument of `TrainingArguments` that sets the order of texts, under its name in this release.

    >>> choose_order("group_by_length", {"train_sampling_strategy"}), choose_order("random", {"group_by_length"})
    ({'train_sampling_strategy': 'group_by_length'}, {'group_by_length': False})
    """
    if "train_sampling_strategy" in parameters:
        return {"train_sampling_strategy": order}
    return {"group_by_length": order == "group_by_length"}


class WidthRecorder:
    """A collator that keeps the width of each batch."""

    def __init__(self, collate: Any) -> None:
        self._collate = collate
        self.widths: list[int] = []

    def __call__(self, rows: list[dict[str, Any]]) -> Any:
        """Collates and keeps the width."""
        batch = self._collate(rows)
        self.widths.append(batch["input_ids"].shape[1])
        return batch


def list_rows(cli: TextCLI) -> list[dict[str, Any]]:
    """Returns the first training texts as lists of ids, which `Trainer` collates."""
    split = cli.datamodule.get_split("train")
    tokens, labels = split.tokens, split.labels
    spans = zip(tokens.offsets[:-1], tokens.offsets[1:], strict=True)
    ids = [tokens.ids[start:end].tolist() or [0] for start, end in list(spans)[:_MAX_ROWS]]
    return [{"input_ids": row, "labels": int(label)} for row, label in zip(ids, labels, strict=False)]


def create_collator(pretrained: str | None) -> Any:
    """Creates the collator of a model of `transformers`, or one for plain ids."""
    if pretrained is None:
        return pad_rows
    from transformers import AutoTokenizer, DataCollatorWithPadding

    from contracts.pretrained_path import resolve_model_name_or_path

    path = resolve_model_name_or_path(pretrained)
    return DataCollatorWithPadding(AutoTokenizer.from_pretrained(path, trust_remote_code=False))


def create_model(cli: TextCLI, pretrained: str | None) -> nn.Module:
    """Creates the classifier of `transformers` with the configuration of the run's model, or wraps encoder and head."""
    if pretrained is None:
        return LogitsModel(cli.model.encoder, cli.model.head)
    from transformers import AutoModelForSequenceClassification

    config = cli.model.encoder.backbone.config
    config.num_labels = cli.datamodule.spec.num_classes
    return AutoModelForSequenceClassification.from_config(config, trust_remote_code=False)


def _import_callback() -> type:
    from transformers import TrainerCallback

    return TrainerCallback
