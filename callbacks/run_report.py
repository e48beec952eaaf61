"""What a run leaves behind for people and scripts: `report.json`, `predictions.csv`, a picture, and a table."""

from __future__ import annotations

import csv
import json
import math
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import TensorBoardLogger

from callbacks.confusion_plot import MAX_CLASSES, plot_confusion_matrix
from callbacks.reporting.oov_table import add_vector_coverage, log_oov_table
from callbacks.reporting.result_tables import print_result
from contracts.console import announce
from contracts.seed import get_run_seed
from datamodules.text_datamodule import TextDataModule
from lightning_modules.metrics import compute_confusion_matrix, compute_per_class_metrics
from lightning_modules.prediction_columns import (
    compute_confidence,
    format_labels,
    format_prediction,
    name_prediction_columns,
)
from lightning_modules.tasks import decode_labels
from lightning_modules.text_classifier import Evaluation, TextClassifier

_VERSIONS = ("torch", "pytorch-lightning", "torchmetrics", "transformers", "tokenizers", "datasets", "numpy")


class RunReport(Callback):
    """Measures a run and writes its report once the test split was read, or once training ended where there is none."""

    def __init__(self) -> None:
        self.best: dict[str, Any] = {}
        self.seconds = {"prepare": 0.0, "fit": 0.0, "train": 0.0, "validation": 0.0, "test": 0.0}
        self.texts = 0
        self.epochs = 0
        self.last_loss = 0.0
        """Of the last validation inside training."""
        self.encoder: dict[str, Any] = {}
        """What the encoder says of its start, which a resumed run would not know."""
        self._starts: dict[str, float] = {}

    def state_dict(self) -> dict[str, Any]:
        """A resumed run reports the whole of its time."""
        return {"best": self.best, "seconds": dict(self.seconds), "texts": self.texts, "epochs": self.epochs} | {
            "encoder": self.encoder
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave."""
        self.best, self.seconds = state_dict["best"], dict(state_dict["seconds"])
        self.texts, self.epochs = state_dict["texts"], state_dict["epochs"]
        self.encoder = state_dict.get("encoder", {})

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says what there is to learn from."""
        data = _datamodule(trainer)
        self.seconds["prepare"] = data.seconds
        self._start("fit")
        folder = trainer.log_dir  # asked by every rank, since they agree on it by a broadcast
        if trainer.is_global_zero:
            _say_data(data, sum(p.numel() for p in pl_module.parameters()), trainer.strategy.root_device, folder)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says how the encoder starts, which it knows by now."""
        assert isinstance(pl_module, TextClassifier)
        self.encoder = pl_module.encoder.initialization_summary() or self.encoder
        if not trainer.is_global_zero:
            return
        for note in pl_module.encoder.initialization_notes():
            announce(f"note: {note}")
        log_oov_table(trainer, add_vector_coverage(_datamodule(trainer).summary["oov"], self.encoder))
        said = {f"{topic}/{name}": value for topic, values in self.encoder.items() for name, value in values.items()}
        numbers = {name: value for name, value in said.items() if isinstance(value, int | float)}
        for logger in trainer.loggers if numbers else ():
            logger.log_metrics(numbers, step=trainer.global_step)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock of the epoch."""
        self._start("train")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Counts texts."""
        self.texts += len(batch.index) * trainer.world_size

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Validation inside an epoch is not training."""
        if not trainer.sanity_checking:
            self._stop("train")
            self._start("validation")

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keeps the metrics of the best epoch."""
        if trainer.sanity_checking:
            return
        self._stop("validation")
        self._start("train")
        assert isinstance(pl_module, TextClassifier)
        values = _metrics_of(trainer, "validation")
        self.last_loss = values.get("loss", 0.0)
        name = pl_module.monitor.removeprefix("validation/")
        if name not in values:
            return
        sign = -1 if pl_module.monitor_mode == "min" else 1
        if (
            not self.best
            or sign * values[name] > sign * self.best["metrics"][name]
            or math.isnan(self.best["metrics"][name])
        ):
            self.best = {"epoch": trainer.current_epoch + 1, "metrics": values}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the clock of the epoch."""
        self._stop("train")
        self.epochs = trainer.current_epoch + 1

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the clock of the run."""
        self._stop("fit")

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock of the test."""
        self._start("test")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes and prints everything."""
        self._stop("test")
        assert isinstance(pl_module, TextClassifier)
        self.finish(trainer, pl_module)

    def finish(self, trainer: Trainer, model: TextClassifier) -> None:
        """Writes and prints what there is; the test part is left out where no test was made."""
        log_dir = trainer.log_dir  # asked by every rank, since they agree on it by a broadcast
        if not trainer.is_global_zero or log_dir is None or not model.evaluations:
            return
        folder = Path(log_dir)
        folder.mkdir(parents=True, exist_ok=True)
        data = _datamodule(trainer)
        split = "test" if "test" in model.evaluations else "validation"
        report = self._report(trainer, model, data)
        if split == "test":
            write_predictions(folder / "predictions.csv", model, data, model.evaluations["test"])
        _write(folder / "report.json", lambda file: json.dump(_plain(report), file, indent=2, ensure_ascii=False))
        if model.text_spec.task == "single_label" and (classes := model.text_spec.num_classes) <= MAX_CLASSES:
            evaluation = model.evaluations[split]
            counts = compute_confusion_matrix(model.task.decide(evaluation.probabilities), evaluation.labels, classes)
            title = (
                f"{folder.parent.name}/{folder.name}\n{split}, macro-F1 {_metrics_of(trainer, split)['macro_f1']:.3f}"
            )
            figure = plot_confusion_matrix(counts.numpy(), model.text_spec.label_names, title)
            figure.savefig(folder / "confusion_matrix.png", dpi=120)
            for logger in trainer.loggers:
                if isinstance(logger, TensorBoardLogger):
                    logger.experiment.add_figure(f"{split}/confusion_matrix", figure, trainer.global_step)
        print_result(report, split, folder)

    def _report(self, trainer: Trainer, model: TextClassifier, data: TextDataModule) -> dict[str, Any]:
        spec = model.text_spec
        report: dict[str, Any] = {}
        if "test" in model.evaluations:
            report["test"] = _metrics_of(trainer, "test") | {"per_class": _per_class(model, "test")}
        report["validation"] = self.best.get("metrics") or _metrics_of(trainer, "validation")
        stopping = [callback.reason for callback in trainer.callbacks if hasattr(callback, "reason")]  # type: ignore[attr-defined]  # Lightning's trainer has them
        sampling = [callback.sampling for callback in trainer.callbacks if hasattr(callback, "sampling")]  # type: ignore[attr-defined]  # Lightning's trainer has them
        train = self.seconds["train"]
        about = data.summary
        oov = add_vector_coverage(about["oov"], self.encoder)
        return report | {
            "monitor": model.monitor,
            "best_epoch": self.best.get("epoch"),
            "epochs": max(self.epochs, self.best.get("epoch", 0)),
            "stopped": "; ".join([*self._lost(model), *filter(None, stopping[:1])]) or None,
            "sampling": sampling[0] if sampling else None,
            "seed": get_run_seed(),
            "tta": data.augmenter.tta,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "texts_per_second": round(self.texts / train, 1) if train else None,
            "parameters": {
                "all": sum(p.numel() for p in model.parameters()),
                "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
            },
            "data": about | {"label_names": list(spec.label_names), "oov": oov},
            **self.encoder,
            "device": {
                "kind": trainer.strategy.root_device.type,
                "processes": trainer.world_size,
                "precision": trainer.precision,
            },
            "versions": {name: version(name) for name in _VERSIONS} | {"python": platform.python_version()},
        }

    def _lost(self, model: TextClassifier) -> list[str]:
        """Says so where training went astray for good."""
        if model.running_loss.non_finite_since_step is not None:
            lost = f"the loss is not a number since step {model.running_loss.non_finite_since_step}"
        elif not math.isfinite(self.last_loss):
            lost = f"the validation loss is not a number after epoch {self.epochs}"
        else:
            return []
        return [f"{lost}: training went astray; try a lower rate (--model.optimizer.lr)"]

    def _start(self, name: str) -> None:
        self._starts[name] = time.perf_counter()

    def _stop(self, name: str) -> None:
        if name in self._starts:
            self.seconds[name] += time.perf_counter() - self._starts.pop(name)


def write_predictions(path: Path, model: TextClassifier, data: TextDataModule, evaluation: Evaluation) -> None:
    """One line a test text: its row in the source, text, label, prediction, confidence, probabilities, loss in nats."""
    spec = model.text_spec
    split = data.get_split("test")
    texts, pairs = data.load_texts("test"), data.load_pairs("test")
    decided = decode_labels(model.task, spec, evaluation.probabilities)
    labels = (
        decode_labels(model.task, spec, evaluation.labels)
        if evaluation.labels.ndim == 2
        else [spec.label_names[place] for place in evaluation.labels.tolist()]
    )
    probabilities = evaluation.probabilities.tolist()
    confidences = compute_confidence(evaluation.probabilities, model.task.decide(evaluation.probabilities)).tolist()
    losses = evaluation.losses.tolist()

    def rows(file: TextIO) -> None:
        writer = csv.writer(file, lineterminator="\n")
        second = ["text_pair"] if pairs else []
        writer.writerow(["row", "text", *second, "label", *name_prediction_columns(spec.label_names), "loss"])
        for place, row in enumerate(evaluation.index.tolist()):
            pair = [pairs[row]] if pairs else []
            prediction = format_prediction(decided[place], confidences[place], probabilities[place])
            text = [split.numbers[row], texts[row], *pair, format_labels(labels[place])]
            writer.writerow([*text, *prediction, f"{losses[place]:.6f}"])

    _write(path, rows)


def _per_class(model: TextClassifier, split: str) -> dict[str, dict[str, float]]:
    spec = model.text_spec
    evaluation = model.evaluations[split]
    decisions = model.task.decide(evaluation.probabilities)
    table = compute_per_class_metrics(decisions, evaluation.labels.long(), spec.num_classes)
    return {
        name: {key: table[key][place] for key in table} | {"training_texts": spec.class_counts[place]}
        for place, name in enumerate(spec.label_names)
    }


def _metrics_of(trainer: Trainer, split: str) -> dict[str, float]:
    prefix = f"{split}/"
    return {
        key.removeprefix(prefix): float(value)
        for key, value in trainer.callback_metrics.items()
        if key.startswith(prefix)
    }


def _datamodule(trainer: Trainer) -> TextDataModule:
    return trainer.datamodule  # type: ignore[attr-defined]  # Lightning's trainer has one


def _say_data(data: TextDataModule, parameters: int, device: torch.device, folder: str | None) -> None:
    about = data.summary
    rows = ", ".join(f"{count:,} {name}" for name, count in about["rows"].items())
    announce(
        f"data: {rows} texts; {len(about['classes'])} classes; {about['vocabulary_size']:,} ids; "
        f"cut to {about['max_length']} tokens"
    )
    for note in about["notes"]:
        announce(f"note: {note}")
    announce(f"model: {parameters:,} parameters on {device}; run folder {folder}")


def _plain(value: Any) -> Any:
    """JSON has no NaN: a metric that could not be measured becomes null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(path: Path, fill: Callable[[TextIO], Any]) -> None:
    """Writes beside and moves: a reader sees the old file or the whole new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8", newline="") as file:
        fill(file)
    beside.replace(path)
