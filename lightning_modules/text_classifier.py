"""The LightningModule: encoder → head → task, one loss, one optimizer, metrics over whole splits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from contracts.batch import TextBatch
from contracts.seed import get_run_seed, seed_generators
from contracts.text_spec import TextSpec
from datamodules.sources.text_stream import get_text_columns
from datamodules.vectors.options import TrainingCorpus
from lightning_modules.bundle import build_bundle
from lightning_modules.dry_run import (
    compute_weight_shapes,
    dry_run_initialization,
    dry_run_optimizer,
    name_option_in_errors,
)
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.heads.base import Head
from lightning_modules.heads.linear import Linear
from lightning_modules.losses.base import Loss, check_task
from lightning_modules.losses.binary_cross_entropy import BinaryCrossEntropy
from lightning_modules.losses.cross_entropy import CrossEntropy
from lightning_modules.monitor import check_monitor, infer_mode
from lightning_modules.optim.parameter_groups import LearningRatePlan, build_parameter_groups, enable_fused
from lightning_modules.optim.schedules import ProgressSchedule
from lightning_modules.tasks import create_task


@dataclass(frozen=True)
class Evaluation:
    """What a model said of every text of a split, each text once, in the order of its rows."""

    index: Tensor  # int64 (rows,)
    labels: Tensor  # int64 (rows,) or float (rows, classes)
    probabilities: Tensor  # float (rows, classes)
    losses: Tensor  # float (rows,), in nats


class TextClassifier(LightningModule):
    """Classifies texts. Sizes come from the data once these are set up, or from a checkpoint.

    Args:
        encoder: What turns ids into one vector per text: `TextCNN`, `RNN` or `Pretrained`.
        head: What turns the vector into logits: `Linear`.
        loss: `CrossEntropy`, `BinaryCrossEntropy`, `Focal` or `OHEM`; None is the cross-entropy that fits the labels.
        optimizer: Any optimizer of torch by name. Its fused form is used where it has one; biases and norms do not
            decay.
        lr_scheduler: `WarmupLinear` or `WarmupCosine`, which take ratios of training, or any scheduler of torch by
            name, which steps once an epoch. None keeps the rates as they are.
        monitor: The metric that chooses the best checkpoint, stops training early and drives `ReduceLROnPlateau`.
        spec: Filled in from the data; a checkpoint brings its own.
    """

    def __init__(
        self,
        encoder: Callable[[TextSpec], TextEncoder] = lambda spec: TextCNN(spec),
        head: Callable[[TextSpec, int], Head] = lambda spec, features: Linear(spec, features),
        loss: Callable[[TextSpec], Loss] | None = None,
        optimizer: Callable[[Iterable], Optimizer] = lambda parameters: AdamW(parameters, lr=1e-3),
        lr_scheduler: Callable[[Optimizer], LRScheduler | ReduceLROnPlateau] | None = None,
        monitor: str = "validation/macro_f1",
        spec: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        check_monitor(monitor)
        self.save_hyperparameters()
        self._make_encoder = encoder
        self._make_head = head
        self._make_loss = loss
        self._make_optimizer = optimizer
        self._make_schedule = lr_scheduler
        self.monitor = monitor
        self.learning_rate_plan = LearningRatePlan()
        """Which rate each depth learns at; `DifferentialLearningRates` puts its own here."""
        self.evaluations: dict[str, Evaluation] = {}
        """The last complete evaluation of each split."""
        self.non_finite_since_step: int | None = None
        """The step since which the training loss has not been finite, as far as it was looked at; None where it is."""
        self._seen: list[Evaluation] = []
        self._is_prepared = False
        self._train_loss = torch.zeros(())
        self._train_steps = 0

    @property
    def monitor_mode(self) -> str:
        """Whether the monitored metric is better when lower (`min`) or higher (`max`)."""
        return infer_mode(self.monitor)

    @property
    def metric_names(self) -> frozenset[str]:
        """Everything that can be monitored."""
        names = create_task(self.text_spec).metric_names
        return frozenset(f"validation/{name}" for name in (*names, "loss"))

    @property
    def text_spec(self) -> TextSpec:
        """What is known of the data: from a checkpoint, or once they are set up."""
        if self.hparams.get("spec") is None:
            self.hparams["spec"] = self.trainer.datamodule.spec.to_dict()  # type: ignore[attr-defined]  # Lightning's trainer has one
        return TextSpec.from_dict(self.hparams["spec"])

    def configure_model(self) -> None:
        """Builds encoder, head and loss for the sizes of the data, and prepares a new encoder for training."""
        if not hasattr(self, "encoder"):
            spec = self.text_spec
            self.task = create_task(spec)
            self.loss = self._build_loss(spec)
            self.encoder = self._make_encoder(spec)
            self.head = self._make_head(spec, self.encoder.output_dim)
        data = getattr(self._trainer, "datamodule", None)
        if data is not None and self.trainer.state.fn == "fit" and not self._is_prepared:
            self.encoder.prepare_training(data)
            self._is_prepared = True

    def check_spec(self, spec: TextSpec) -> None:
        """Refuses what does not fit the data, before anything is built for them.

        Raises:
            UsageError: A loss made for the other kind of label, or a metric that this kind does not have.
        """
        with name_option_in_errors("loss"):
            self._build_loss(spec)
        check_monitor(self.monitor, spec)

    def dry_run(self, spec: TextSpec, endless: bool = False) -> dict[str, tuple[int, ...]]:
        """Makes every part once, without memory for its weights, and gives these weights' shapes by name.

        Args:
            spec: May be made up, before any data are read.
            endless: Whether training has no end.

        Raises:
            UsageError: A part refuses its arguments, or does not fit such data.
        """
        self.check_spec(spec)
        dry_run_optimizer(self._make_optimizer, self._make_schedule, endless)
        return compute_weight_shapes(spec, self._make_encoder, self._make_head)

    def dry_run_initialization(self, spec: TextSpec, data: TrainingCorpus) -> None:
        """Finds out what is wrong with what a new encoder starts from, a file of vectors say.

        Raises:
            UsageError: It was told to start from what is not there.
            DataError: What it starts from cannot be used for such texts.
        """
        dry_run_initialization(spec, self._make_encoder, data)

    def forward(self, batch: TextBatch) -> Tensor:
        """Logits `(batch, classes)`."""
        return self.head(self.encoder(batch.input_ids, batch.attention_mask, batch.token_type_ids))

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the checkpoint's weights: a later `fit` does not initialize them anew."""
        self._is_prepared = True

    def on_fit_start(self) -> None:
        """Raises an error if word vectors were chosen and nothing provided them."""
        self.encoder.check_initialized()

    def on_train_batch_start(self, batch: TextBatch, batch_idx: int) -> None:
        """Draws dropout from (seed, step, rank): a resumed run goes on exactly as one that was never killed."""
        step = self.trainer.fit_loop.epoch_loop.total_batch_idx
        seed_generators((get_run_seed() * 1_000_003 + step) * 1_009 + self.global_rank, self.device)

    def training_step(self, batch: TextBatch, batch_idx: int) -> Tensor:
        """The mean of the texts' losses: the one place where they are reduced."""
        self.loss.progress = self._progress()
        loss = self.loss(self(batch), batch.labels).mean()
        self._train_loss = self._train_loss.to(loss.device) + loss.detach()
        self._train_steps += 1
        log_now = self._train_steps >= self.trainer.log_every_n_steps  # type: ignore[attr-defined]  # set when it is made
        if log_now or self.trainer.is_last_batch:
            self._log_train_loss()
        return loss

    def on_after_backward(self) -> None:
        """Lets the encoder hold back what is not to learn yet."""
        self.encoder.drop_frozen_gradients(self.current_epoch)

    def validation_step(self, batch: TextBatch, batch_idx: int) -> None:
        """Keeps what the model says."""
        self._keep(batch)

    def on_validation_epoch_end(self) -> None:
        """Metrics over all validation texts."""
        self._measure("validation")

    def test_step(self, batch: TextBatch, batch_idx: int) -> None:
        """Keeps what the model says, on average over the variants of each text; the loss is that of the text itself.

        In 32 bits as `predict.py` computes it, also where training uses fewer.
        """
        with torch.autocast(batch.input_ids.device.type, enabled=False):
            self._keep(batch, self.trainer.datamodule.make_test_time_variants(batch))  # type: ignore[attr-defined]  # Lightning's trainer has one

    def on_test_epoch_end(self) -> None:
        """Metrics over all test texts."""
        self._measure("test")

    def predict_step(self, batch: TextBatch, batch_idx: int) -> Tensor:
        """Probabilities `(batch, classes)`, in 32 bits."""
        with torch.autocast(batch.input_ids.device.type, enabled=False):
            return self.task.compute_probabilities(self(batch))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """One optimizer over groups of parameters, and the schedule where there is one."""
        probe = self._make_optimizer([torch.nn.Parameter(torch.zeros(1))])
        groups = build_parameter_groups(self.encoder, self.head, probe.defaults["lr"], self.learning_rate_plan)
        optimizer = self._make_optimizer(groups)
        if self.trainer.precision != "16-mixed":  # there the fused form unscales by itself, and clipping is refused
            enable_fused(optimizer)
        if self._make_schedule is None:
            return optimizer
        schedule = self._make_schedule(optimizer)
        if isinstance(schedule, ProgressSchedule):
            schedule.total_steps = self.trainer.estimated_stepping_batches  # type: ignore[assignment]  # it refuses infinity
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
        config = {"scheduler": schedule, "interval": "epoch"}
        if isinstance(schedule, ReduceLROnPlateau):
            schedule.mode = self.monitor_mode
            schedule._reset()  # its notion of worst follows its mode
            config["monitor"] = self.monitor
        return {"optimizer": optimizer, "lr_scheduler": config}  # type: ignore[return-value]  # Lightning takes plain dicts

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Makes the checkpoint a bundle that predicts with nothing else at hand."""
        hyper = checkpoint.get("hyper_parameters", {})
        for name in [name for name, value in hyper.items() if callable(value)]:
            del hyper[name]  # factories given in Python, not by a config, cannot be plain data
        data = self.trainer.datamodule  # type: ignore[attr-defined]  # Lightning's trainer has one
        parts = self.encoder, self.head, self.text_spec, data.tokenizer
        checkpoint["bundle"] = build_bundle(*parts, data.augmenter.make_variants(), get_text_columns(data.source))

    def _build_loss(self, spec: TextSpec) -> Loss:
        if self._make_loss is not None:
            loss = self._make_loss(spec)
        else:
            loss = CrossEntropy(spec) if spec.task == "single_label" else BinaryCrossEntropy(spec)
        check_task(loss, spec)
        return loss

    def _progress(self) -> float:
        total = self.trainer.estimated_stepping_batches
        return min(1.0, self.trainer.global_step / total) if total else 0.0

    def _log_train_loss(self) -> None:
        # A mean over the steps since the last one: logging each step would cost more than the smallest models do.
        # Straight to the loggers, which Lightning would leave out at the end of a short epoch.
        mean = self._train_loss / self._train_steps
        value = float(mean)
        if math.isfinite(value):
            self.non_finite_since_step = None
        elif self.non_finite_since_step is None:
            self.non_finite_since_step = self.global_step + 1
        for logger in self.loggers:
            logger.log_metrics({"train/loss": value}, step=self.global_step)
        self.log("loss", mean, prog_bar=True, logger=False, batch_size=self._train_steps)
        self._train_loss, self._train_steps = torch.zeros_like(mean), 0

    def _keep(self, batch: TextBatch, variants: Iterable[TextBatch] = ()) -> None:
        logits = self(batch)
        losses = self.loss(logits.float(), batch.labels)
        said = [self.task.compute_probabilities(logits)]
        said += [self.task.compute_probabilities(self(variant.to(self.device))) for variant in variants]
        probabilities = said[0] if len(said) == 1 else torch.stack(said).mean(0)
        self._seen.append(Evaluation(batch.index, batch.labels, probabilities, losses))

    def _measure(self, split: str) -> None:
        seen, self._seen = self._seen, []
        if self.trainer.sanity_checking or not seen:
            return
        parts = {name: self._gather(torch.cat([getattr(one, name) for one in seen])) for name in vars(seen[0])}
        # Ranks are filled up with repeats so that none waits for another; each text counts once.
        rows, inverse = torch.unique(parts["index"], return_inverse=True)
        places = torch.arange(len(inverse), device=rows.device)
        first = torch.full_like(rows, len(inverse)).scatter_reduce_(0, inverse, places, "amin")
        evaluation = Evaluation(**{name: part[first].cpu() for name, part in parts.items()})
        self.evaluations[split] = evaluation
        values = self.task.compute_metrics(evaluation.probabilities, evaluation.labels)
        if not evaluation.probabilities.isfinite().all():  # some class is still the greatest, and might look the best
            values = dict.fromkeys(values, math.nan)
        values["loss"] = float(evaluation.losses.mean())
        logged = {f"{split}/{name}": torch.tensor(value) for name, value in values.items()}
        self.log_dict(logged, batch_size=len(rows), rank_zero_only=False)

    def _gather(self, part: Tensor) -> Tensor:
        return self.all_gather(part).flatten(0, 1) if self.trainer.world_size > 1 else part  # type: ignore[union-attr]  # a tensor goes in
