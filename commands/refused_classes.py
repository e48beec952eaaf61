"""Classes of Lightning that options of the trainer do not accept, with their replacement; imports no library."""

from __future__ import annotations

_IS_BASE = "it is a base class that does nothing; name a class derived from it"
_IS_PRECISION = "--trainer.precision sets the precision, such as bf16-mixed"
_NEEDS_WHOLE_CHECKPOINT = "a checkpoint here holds the whole model, on one device or under ddp: --trainer.strategy ddp"
NEEDS_TORCH_FILES = "checkpoints here are files that PyTorch reads as soon as they are written; leave it out"
_NO_TPU = "TPUs are not supported"

REFUSED_CLASSES: dict[str, str] = {
    # callbacks
    "BackboneFinetuning": "--model.encoder.freeze (Pretrained), --model.encoder.unfreeze_after (word vectors) and "
    "--differential_learning_rates.backbone_lr freeze an encoder or slow it down",
    "BaseFinetuning": _IS_BASE,
    "BasePredictionWriter": f"{_IS_BASE}; `python predict.py RUN FILE` labels new texts",
    "BatchSizeFinder": "the batch size changes what is learned and is an option: --data.batch_size; "
    "--trainer.fast_dev_run 3 shows whether it fits into memory",
    "Callback": _IS_BASE,
    "Checkpoint": _IS_BASE,
    "EarlyStopping": "every run has one, which also restores the best weights: --early_stopping.patience, "
    "--early_stopping.monitor, --early_stopping.min_delta; early_stopping: null in a config switches it off",
    "GradientAccumulationScheduler": "schedules and OHEM need the number of steps, which would no longer be "
    "known; --trainer.accumulate_grad_batches is the same in every epoch",
    "LambdaCallback": "its functions cannot be named by an option; derive a class from pytorch_lightning.Callback and "
    "give its import path",
    "LearningRateFinder": "it sets one learning rate for all parameter groups; try some with --model.optimizer.lr, and "
    "--model.lr_scheduler WarmupLinear for a warm-up",
    "ModelCheckpoint": "every run has two: --checkpoint.… for the best weights, --last_checkpoint.… for the last",
    "ModelPruning": "checkpoints with its masks cannot be read by predict.py, and pruned weights take the same time; "
    "choose a smaller --model.encoder",
    "ProgressBar": _IS_BASE,
    "SpikeDetection": "it ends a run by an exception; every run reports non-finite gradients (--gradient_norm), and "
    "--trainer.gradient_clip_val limits large ones",
    "StochasticWeightAveraging": "its average is computed after the best checkpoint is chosen and would never be "
    "tested; WeightAveraging and EMAWeightAveraging average the weights that are validated, saved and tested",
    "ThroughputMonitor": "each epoch's line and report.json have the texts/s; --trainer.profiler simple measures "
    "each part of a step",
    "Timer": "--trainer.max_time 00:01:30:00 ends training after 90 minutes",
    # loggers
    "Logger": _IS_BASE,
    "LitLogger": "it is not a logger of this trainer; every run writes TensorBoard curves",
    "TensorBoardLogger": "every run writes TensorBoard curves into its own folder, which --trainer.default_root_dir, "
    "--name and --version choose",
    # strategies
    "Strategy": _IS_BASE,
    "ParallelStrategy": _IS_BASE,
    "FSDPStrategy": _NEEDS_WHOLE_CHECKPOINT,
    "DeepSpeedStrategy": _NEEDS_WHOLE_CHECKPOINT,
    "ModelParallelStrategy": _NEEDS_WHOLE_CHECKPOINT,
    "XLAStrategy": _NO_TPU,
    "SingleDeviceXLAStrategy": _NO_TPU,
    # plugins
    "CheckpointIO": _IS_BASE,
    "LayerSync": _IS_BASE,
    "AsyncCheckpointIO": NEEDS_TORCH_FILES,
    "XLACheckpointIO": _NO_TPU,
    "Precision": _IS_PRECISION,
    "ClusterEnvironment": _IS_BASE,
    "XLAEnvironment": _NO_TPU,
    # profilers
    "Profiler": _IS_BASE,
    "XLAProfiler": _NO_TPU,
}
"""Classes of Lightning that do not work here by name, with the reason and the replacement; also their subclasses."""
REFUSED_THEMSELVES = {name for name, reason in REFUSED_CLASSES.items() if reason.startswith(_IS_BASE)}
"""Those of which subclasses are accepted."""
LOGGER_PACKAGES = {
    "WandbLogger": "wandb",
    "CometLogger": "comet_ml",
    "MLFlowLogger": "mlflow",
}
"""The package that a logger needs."""
