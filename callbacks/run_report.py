"""Measures a run and writes its report: `report.json`, `predictions.csv`, a plot, tables and TensorBoard's HPARAMS."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import TensorBoardLogger

from callbacks.checkpointing.tested_weights import TestedWeights, load_tested_weights
from callbacks.early_stopping import describe_limit
from callbacks.reporting.announcements import announce_data, announce_next_commands
from callbacks.reporting.data_tables import log_data_tables
from callbacks.reporting.files import write_json
from callbacks.reporting.hparams import write_hparams
from callbacks.reporting.oov_table import add_vector_coverage
from callbacks.reporting.predictions import write_predictions
from callbacks.reporting.result_tables import log_result_tables, print_results
from callbacks.reporting.run_values import (
    compute_class_metrics,
    count_parameters,
    get_datamodule,
    get_metrics,
    plot_split_confusion,
)
from contracts.console import announce
from contracts.seed import get_run_seed
from lightning_modules.text_classifier import TextClassifier

_PACKAGES = ("torch", "pytorch-lightning", "torchmetrics", "transformers", "tokenizers", "datasets", "numpy")


class RunReport(Callback):
    """Measures a run, and writes its report after testing, or after training if the data have no test split.

    Args:
        choices: Values of options by name, for TensorBoard's HPARAMS page.
    """

    def __init__(self, choices: Mapping[str, str | float | bool] | None = None) -> None:
        self.choices = dict(choices or {})
        self.best: dict[str, Any] = {}
        """Epoch, counted from 1, and metrics of the best validation."""
        self.seconds = {"prepare": 0.0, "fit": 0.0, "train": 0.0, "validation": 0.0, "test": 0.0}
        self.texts = 0
        self.epochs = 0
        self.last_validation_loss = 0.0
        self.tested: TestedWeights | None = None
        """Which weights were tested after training; None without training."""
        self.initialization: dict[str, Any] = {}
        """How the encoder was initialized; saved, since a resumed run does not initialize it."""
        self.limit: str | None = None
        """Why training ended, unless early stopping ended it."""
        self.is_complete = False
        """Whether training has ended and all files of the report are written."""
        self._start_times: dict[str, float] = {}
        self._earlier_fit_seconds = 0.0

    def state_dict(self) -> dict[str, Any]:
        """Returns the measurements, so that a resumed run reports its total time; running timers are included."""
        now = time.perf_counter()
        running = {name: now - start for name, start in self._start_times.items()}
        return {
            "best": self.best,
            "seconds": {name: value + running.get(name, 0.0) for name, value in self.seconds.items()},
            "texts": self.texts,
            "epochs": self.epochs,
            "encoder": self.initialization,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state saved by `state_dict`; the time of `fit` counts only if training continues."""
        self.best, self.seconds = state_dict["best"], dict(state_dict["seconds"])
        self._earlier_fit_seconds, self.seconds["fit"] = self.seconds["fit"], 0.0
        self.texts, self.epochs = state_dict["texts"], state_dict["epochs"]
        self.initialization = state_dict.get("encoder", {})

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Announces data, model and run folder."""
        data = get_datamodule(trainer)
        self.seconds["prepare"] += data.seconds
        self.seconds["fit"] += self._earlier_fit_seconds
        self._earlier_fit_seconds = 0.0
        self._start_timer("fit")
        folder = trainer.log_dir  # read on every rank, since it is broadcast
        announce_data(data.summary)
        device = trainer.strategy.root_device
        precision = f"precision {trainer.precision}, matrix products {torch.get_float32_matmul_precision()}"
        announce(f"model: {count_parameters(pl_module):,} parameters on {device} ({precision}); run folder {folder}")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Announces how the encoder was initialized, and logs the properties of the data and the options of the run."""
        assert isinstance(pl_module, TextClassifier)
        self._start_timer("train")  # a resumed epoch does not start again
        self.initialization = pl_module.encoder.initialization_summary() or self.initialization
        if not trainer.is_global_zero:
            return
        for note in pl_module.encoder.initialization_notes():
            announce(f"note: {note}")
        log_data_tables(trainer, self._summarize_data(trainer), self.initialization)
        self._write_hparams(trainer, {})

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the timer of training."""
        self._start_timer("train")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Counts the texts of all processes."""
        self.texts += len(batch.index) * trainer.world_size

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the timer of training and starts that of validation."""
        if not trainer.sanity_checking:
            self._stop_timer("train")
            self._start_timer("validation")

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stores the metrics of the best epoch, and logs the monitored metric next to the training loss."""
        if trainer.sanity_checking:
            return
        self._stop_timer("validation")
        self._start_timer("train")
        assert isinstance(pl_module, TextClassifier)
        metrics = get_metrics(trainer, "validation")
        self.last_validation_loss, self.epochs = metrics.get("loss", 0.0), trainer.current_epoch + 1
        name = pl_module.monitor.removeprefix("validation/")
        if name not in metrics:
            return
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger) and trainer.state.fn == "fit":
                step = trainer.fit_loop.epoch_loop._batches_that_stepped  # as Lightning counts for `validation/…`
                logger.log_metrics({f"train/validation_{name}": metrics[name]}, step)
        direction = -1 if pl_module.monitor_mode == "min" else 1
        if (
            not self.best
            or direction * metrics[name] > direction * self.best["metrics"][name]
            or math.isnan(self.best["metrics"][name])
        ):
            self.best = {"epoch": trainer.current_epoch + 1, "metrics": metrics}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the timer of training."""
        self._stop_timer("train")
        self.epochs = trainer.current_epoch + 1

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the timer of `fit`; keeps the limit that ended training, for runs without early stopping."""
        self._stop_timer("fit")
        self.limit = f"training reached its limit ({describe_limit(trainer)})"

    def load_tested_weights(self, trainer: Trainer, model: TextClassifier) -> None:
        """Loads the weights to measure after training."""
        self.tested = load_tested_weights(trainer, model)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the timer of testing."""
        self._start_timer("test")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes and prints the report."""
        self._stop_timer("test")
        assert isinstance(pl_module, TextClassifier)
        self.write_report(trainer, pl_module)

    def write_report(self, trainer: Trainer, model: TextClassifier) -> None:
        """Writes and prints the results of the test split, or of validation if it was not tested.

        `report.json` is written last: a run that has it is complete, and `--resume` writes that of a run without it.
        """
        log_dir = trainer.log_dir  # read on every rank, since it is broadcast
        if not trainer.is_global_zero or log_dir is None or not model.evaluations:
            return
        folder = Path(log_dir)
        folder.mkdir(parents=True, exist_ok=True)
        split = "test" if "test" in model.evaluations else "validation"
        report = self._build_report(trainer, model)
        if split == "test":
            write_predictions(folder / "predictions.csv", model, get_datamodule(trainer), model.evaluations["test"])
        log_result_tables(trainer, report, split)
        figure = plot_split_confusion(model, split, f"{folder.parent.name}/{folder.name}")
        if figure is not None:
            figure.savefig(folder / "confusion_matrix.png", dpi=120)
        log_root = None
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                log_root = logger.save_dir
                if figure is not None:
                    logger.experiment.add_figure(f"watch_confusion_matrix/{split}", figure, trainer.global_step)
                logger.save()
        is_trained = bool(self.seconds["fit"])
        if is_trained:
            name = model.monitor.removeprefix("validation/")
            self._write_hparams(
                trainer,
                {
                    f"best/{of_split}_{metric}": report[of_split][metric]
                    for metric in dict.fromkeys((name, "accuracy", "loss"))
                    for of_split in dict.fromkeys((split, "validation"))
                    if metric in report[of_split]
                },
            )
        write_json(folder / "report.json", report)
        self.is_complete = is_trained
        print_results(report, split, folder)
        if is_trained:
            announce_next_commands(folder, log_root, model.text_spec.pairs)

    def _build_report(self, trainer: Trainer, model: TextClassifier) -> dict[str, Any]:
        """Returns the content of `report.json`."""
        report: dict[str, Any] = {}
        if "test" in model.evaluations:
            report["test"] = get_metrics(trainer, "test") | {"per_class": compute_class_metrics(model, "test")}
        best = self.best
        of_tested = {} if self.tested is None else self.tested.validation
        if self.tested is not None and self.tested.kind == "best" and of_tested:
            best = {"epoch": self.tested.epoch, "metrics": of_tested}
        report["validation"] = of_tested or best.get("metrics") or get_metrics(trainer, "validation")
        callbacks = trainer.callbacks  # type: ignore[attr-defined]  # Lightning's trainer has them
        reasons = [callback.reason for callback in callbacks if hasattr(callback, "reason")]
        sampling = [callback.sampling for callback in callbacks if hasattr(callback, "sampling")]
        train_seconds = self.seconds["train"]
        return report | {
            "monitor": model.monitor,
            "best_epoch": best.get("epoch"),
            "epochs": max(self.epochs, best.get("epoch", 0)),
            "tested": None if self.tested is None else self.tested.to_report(),
            "stopped": "; ".join([*self._describe_divergence(model), *filter(None, (reasons or [self.limit])[:1])])
            or None,
            "sampling": sampling[0] if sampling else None,
            "seed": get_run_seed(),
            "tta": get_datamodule(trainer).augmenter.tta,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "texts_per_second": round(self.texts / train_seconds, 1) if train_seconds else None,
            "parameters": {"all": count_parameters(model), "trainable": count_parameters(model, trainable=True)},
            "data": self._summarize_data(trainer) | {"label_names": list(model.text_spec.label_names)},
            **self.initialization,
            "device": {
                "kind": trainer.strategy.root_device.type,
                "processes": trainer.world_size,
                "precision": trainer.precision,
                "matmul_precision": torch.get_float32_matmul_precision(),
            },
            "versions": {name: version(name) for name in _PACKAGES} | {"python": platform.python_version()},
        }

    def _summarize_data(self, trainer: Trainer) -> dict[str, Any]:
        """Returns the properties of the data, with the word vector coverage of each split."""
        summary = get_datamodule(trainer).summary
        return summary | {"oov": add_vector_coverage(summary["oov"], self.initialization)}

    def _describe_divergence(self, model: TextClassifier) -> list[str]:
        """Returns a warning if the loss is non-finite at the end of training, otherwise an empty list."""
        if model.running_loss.non_finite_since_step is not None:
            problem = f"the training loss is non-finite since step {model.running_loss.non_finite_since_step}"
        elif not math.isfinite(self.last_validation_loss):
            problem = f"the validation loss is non-finite after epoch {self.epochs}"
        else:
            return []
        return [f"{problem}: training diverged; try a lower learning rate (--model.optimizer.lr)"]

    def _write_hparams(self, trainer: Trainer, metrics: Mapping[str, float]) -> None:
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                write_hparams(Path(logger.log_dir), self.choices, metrics)

    def _start_timer(self, name: str) -> None:
        self._start_times[name] = time.perf_counter()

    def _stop_timer(self, name: str) -> None:
        if name in self._start_times:
            self.seconds[name] += time.perf_counter() - self._start_times.pop(name)
