"""The LightningModule: encoder → head → task, one loss, one optimizer, metrics over entire splits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from contracts.batch import TextBatch
from contracts.seed import get_run_seed, seed_generators
from contracts.text_spec import TextSpec
from lightning_modules.checkpoint_bundle import add_bundle
from lightning_modules.compilation import CompileMode, ForwardPass
from lightning_modules.construction import construct_on_cpu_in_32_bits
from lightning_modules.data_aware_module import DataAwareModule
from lightning_modules.encoders.base import TextEncoder, check_output_shape
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.encoders.unused_parameters import freeze_unused_parameters
from lightning_modules.evaluation import Evaluation, evaluate_split
from lightning_modules.factories import ModelFactories
from lightning_modules.heads.base import Head
from lightning_modules.heads.linear import Linear
from lightning_modules.losses.base import Loss
from lightning_modules.monitor import check_monitor, infer_mode
from lightning_modules.optim.fused import set_own_skipping
from lightning_modules.optim.lr_schedulers import configure_lr_scheduler, drop_saved_length, step_plateau_schedulers
from lightning_modules.optim.optimizer_checks import check_capturable
from lightning_modules.optim.optimizers import configure_optimizer
from lightning_modules.optim.parameter_groups import LearningRatePlan
from lightning_modules.precision import compute_in_32_bits
from lightning_modules.running_loss import RunningLoss
from lightning_modules.tasks import create_task


class TextClassifier(DataAwareModule):
    """Classifies texts; the model is built once the sizes of the data are known, or from a checkpoint.

    Args:
        encoder: One of `TextCNN`, `RNN`, `Pretrained`. Encodes token ids as one vector per text.
        head: Only `Linear`, which computes logits from the text vector.
        loss: One of `CrossEntropy`, `BinaryCrossEntropy`, `Focal`, `OHEM`. None is `CrossEntropy` for one label per
            text and `BinaryCrossEntropy` for several.
        optimizer: Name of a torch optimizer. Its fused form is used if it has one; biases and norms have no weight
            decay.
        lr_scheduler: `WarmupLinear`, `WarmupCosine`, or the name of a torch scheduler. The first two are set by ratios
            of training. Those of torch step once per epoch, except `OneCycleLR` and `CyclicLR` (after each optimizer
            step) and `ReduceLROnPlateau` (after each validation). None keeps the learning rates constant.
        monitor: Metric for checkpoint selection and early stopping. It drives `ReduceLROnPlateau` too.
        spec: Task, label names and sizes of the data. From the data module or the checkpoint if None.
        compile: Whether to compile training steps by `torch.compile`, or its mode. Evaluation is not compiled.
    """

    def __init__(
        self,
        encoder: Callable[[TextSpec], TextEncoder] = lambda spec: TextCNN(spec),
        head: Callable[[TextSpec, int], Head] = lambda spec, features: Linear(spec, features),
        loss: Callable[[TextSpec], Loss] | None = None,
        optimizer: Callable[[Iterable], Optimizer] = lambda parameters: AdamW(parameters, lr=1e-3),
        lr_scheduler: Callable[[Optimizer], LRScheduler | ReduceLROnPlateau] | None = None,
        monitor: str = "validation/macro_f1",
        spec: TextSpec | dict[str, Any] | None = None,
        compile: bool | CompileMode = False,
    ) -> None:
        super().__init__()
        check_monitor(monitor)
        self.save_hyperparameters()
        self.hparams["spec"] = spec.to_dict() if isinstance(spec, TextSpec) else spec  # plain data for checkpoints
        self.factories = ModelFactories(encoder, head, loss, optimizer, lr_scheduler)
        self.monitor = monitor
        self.learning_rate_plan = LearningRatePlan()
        """How the learning rates differ by layer; set by the callback `DifferentialLearningRates`."""
        self.evaluations: dict[str, Evaluation] = {}
        """The last complete evaluation of each split, on the first rank."""
        self.running_loss = RunningLoss()
        self.forward_pass = ForwardPass(compile)
        self._evaluated_batches: list[Evaluation] = []
        self._is_prepared = False

    @property
    def monitor_mode(self) -> str:
        """Whether the monitored metric is better when lower (`min`) or higher (`max`)."""
        return infer_mode(self.monitor)

    @property
    def metric_names(self) -> frozenset[str]:
        """Every metric that can be monitored."""
        names = create_task(self.text_spec).metric_names
        return frozenset(f"validation/{name}" for name in (*names, "loss"))

    def setup(self, stage: str) -> None:
        """Raises an error, before any work, if data, device or monitored metric do not fit the model."""
        self.check_data(stage)
        if stage == "fit":
            self.forward_pass.check_compiler(self.trainer.strategy.root_device)
        check_monitor(self.monitor, self.text_spec)

    def configure_model(self) -> None:
        """Builds encoder, head and loss for the sizes of the data, and prepares a new encoder for training."""
        with construct_on_cpu_in_32_bits():
            self._build_parts()

    def _build_parts(self) -> None:
        """Builds encoder, head and loss on the CPU, unless they exist, and prepares a new encoder for training."""
        if not hasattr(self, "encoder"):
            spec = self.text_spec
            self.task = create_task(spec)
            self.loss = self.factories.build_loss(spec)
            self.encoder = self.factories.build_encoder(spec)
            check_output_shape(self.encoder, spec)
            self.head = self.factories.head(spec, self.encoder.output_dim)
            self.forward_pass.max_length = spec.max_length
        data = self.find_datamodule()
        if data is not None and self._trainer is not None and self.trainer.state.fn == "fit" and not self._is_prepared:
            self.encoder.prepare_training(data.prepared)
            self._is_prepared = True
        if self._trainer is not None and self.trainer.state.fn == "fit":
            freeze_unused_parameters(self.encoder, self.text_spec)

    def forward(self, batch: TextBatch) -> Tensor:
        """Computes logits `(batch, classes)`."""
        return self.forward_pass(self.encoder, self.head, batch)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the checkpoint's weights: a later `fit` does not initialize them again."""
        self._is_prepared = True
        drop_saved_length(checkpoint)
        self._tokenizer_json = checkpoint.get("bundle", {}).get("tokenizer")
        if "running_loss" in checkpoint and self._trainer is not None and self.trainer.state.fn == "fit":
            self.running_loss.load_state_dict(checkpoint["running_loss"])

    def on_fit_start(self) -> None:
        """Raises an error if word vectors are configured and nothing provided them."""
        self.encoder.check_initialized()

    def on_train_batch_start(self, batch: TextBatch, batch_idx: int) -> None:
        """Seeds dropout by (seed, step, rank), so that a resumed run continues exactly like an uninterrupted one."""
        step = self.trainer.fit_loop.epoch_loop.total_batch_idx
        seed_generators((get_run_seed() * 1_000_003 + step) * 1_009 + self.global_rank, self.device)
        for optimizer in self.trainer.optimizers:
            set_own_skipping(optimizer, is_on=False)

    def training_step(self, batch: TextBatch, batch_idx: int) -> Tensor:
        """Computes the mean loss of a batch; losses of single texts are reduced only here."""
        self.loss.progress = self._compute_progress()
        loss = self.loss(self(batch), batch.labels).mean()
        interval: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined]  # set when it is made
        self.running_loss.add(loss, max(1, int(min(interval, self.trainer.num_training_batches))))
        if self.running_loss.num_steps >= interval or self.trainer.is_last_batch:
            self._log_train_loss()
        return loss

    def on_after_backward(self) -> None:
        """Drops the gradients of weights that are frozen in this epoch."""
        self.encoder.drop_frozen_gradients(self.current_epoch)

    def configure_gradient_clipping(
        self, optimizer: Optimizer, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clips gradients if that is configured; then a fused optimizer may find non-finite ones on the device."""
        self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)
        set_own_skipping(optimizer, is_on=True)

    def validation_step(self, batch: TextBatch, batch_idx: int) -> None:
        """Predicts a batch for the metrics of its split."""
        self._evaluate_batch(batch)

    def on_validation_epoch_end(self) -> None:
        """Logs metrics over all validation texts, and steps a scheduler that follows one of them."""
        self._log_evaluation("validation")
        step_plateau_schedulers(self.trainer)

    def test_step(self, batch: TextBatch, batch_idx: int) -> None:
        """Predicts a batch, averaged over the test-time variants of each text; the loss is that of the text itself.

        In 32 bits as `predict.py` computes it, also if training uses fewer. Variants need the trainer's data module.
        """
        data = self.attached_datamodule
        with compute_in_32_bits(batch.input_ids.device.type):
            self._evaluate_batch(batch, () if data is None else data.make_test_time_variants(batch))

    def on_test_epoch_end(self) -> None:
        """Logs metrics over all test texts."""
        self._log_evaluation("test")

    def predict_step(self, batch: TextBatch, batch_idx: int) -> Tensor:
        """Computes probabilities `(batch, classes)`, in 32 bits."""
        with compute_in_32_bits(batch.input_ids.device.type):
            return self.task.compute_probabilities(self(batch))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Builds one optimizer over parameter groups, and the learning-rate scheduler if one is configured."""
        optimizer = configure_optimizer(self.factories.optimizer, self.encoder, self.head, self.learning_rate_plan)
        check_capturable(optimizer)
        if self.factories.lr_scheduler is None:
            return optimizer
        steps = self.trainer.estimated_stepping_batches
        validates = self.trainer.enable_validation
        config = configure_lr_scheduler(self.factories.lr_scheduler, optimizer, steps, self.monitor, validates)
        return {"optimizer": optimizer, "lr_scheduler": config}  # type: ignore[return-value]  # Lightning takes plain dicts

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the bundle, which is all that prediction needs besides the weights."""
        checkpoint["running_loss"] = self.running_loss.state_dict(self._average_ranks)
        tokenizer, data = self.tokenizer, self.find_datamodule()
        add_bundle(checkpoint, self.encoder, self.head, self.text_spec, tokenizer, data)

    def _compute_progress(self) -> float | None:
        """The fraction of training that is done, in [0, 1]; None if training has no last step."""
        total = self.trainer.estimated_stepping_batches
        if total == float("inf"):
            return None
        return min(1.0, self.trainer.global_step / total) if total else 0.0

    def _log_train_loss(self) -> None:
        """Logs the mean loss of the latest steps on all ranks, to the loggers and the progress bar."""
        num_steps = self.running_loss.num_steps
        mean = self.running_loss.compute_and_reset(self.global_step, self._average_ranks)
        for logger in self.loggers:  # straight to the loggers: Lightning leaves them out at the end of a short epoch
            logger.log_metrics({"train/loss": float(mean)}, step=self.global_step)
        self.log("loss", mean, prog_bar=True, logger=False, batch_size=num_steps)

    def _average_ranks(self, values: Tensor) -> Tensor:
        """Averages a tensor over all ranks."""
        if self._trainer is None or self.trainer.world_size == 1:
            return values
        average: Tensor = self.trainer.strategy.reduce(values.to(self.device), reduce_op="mean")
        return average

    def _evaluate_batch(self, batch: TextBatch, variants: Iterable[TextBatch] = ()) -> None:
        """Stores losses and probabilities of a batch, the latter averaged over its variants too."""
        logits = self(batch)
        losses = self.loss(logits.float(), batch.labels)
        predictions = [self.task.compute_probabilities(logits)]
        predictions += [self.task.compute_probabilities(self(variant.to(self.device))) for variant in variants]
        probabilities = predictions[0] if len(predictions) == 1 else torch.stack(predictions).mean(0)
        self._evaluated_batches.append(Evaluation(batch.index, batch.labels, probabilities, losses))

    def _log_evaluation(self, split: str) -> None:
        """Computes and logs the metrics of all stored batches of all ranks."""
        batches, self._evaluated_batches = self._evaluated_batches, []
        if self.trainer.sanity_checking or not batches:
            return
        evaluation, values, num_texts = evaluate_split(batches, self.task, self.trainer)
        if evaluation is not None:
            self.evaluations[split] = evaluation
        logged = {f"{split}/{name}": torch.tensor(value) for name, value in values.items()}
        self.log_dict(logged, batch_size=num_texts, rank_zero_only=False)
