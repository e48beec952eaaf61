"""What each option of the trainer, and of the groups of callbacks, does here: values that work, and those refused."""

from __future__ import annotations

from typing import Any, NamedTuple


class Behaviour(NamedTuple):
    """What an option does."""

    does: str
    """As `docs/trainer_options.md` says it."""
    works: tuple[Any, ...] = ()
    refused: tuple[tuple[Any, str], ...] = ()
    """Values as on the command line, each with words of its message; a dict holds several options."""


TRAINER: dict[str, Behaviour] = {
    "accelerator": Behaviour(
        "chooses the kind of device",
        ("auto", "cpu"),
        (("tpu", "It takes: auto, cpu, gpu, cuda, mps"), ("abacus", "abacus is not supported")),
    ),
    "strategy": Behaviour(
        "one process, or several under ddp",
        ("auto", "single_device", "ddp", "ddp_find_unused_parameters_true"),
        tuple(
            (name, "It takes: auto, single_device, ddp")
            for name in ("ddp_spawn", "ddp_fork", "ddp_notebook", "fsdp", "deepspeed", "xla", "dp", "DDPStrategy")
        ),
    ),
    "devices": Behaviour(
        "number of devices, -1 for all, or a list of their numbers; on a CPU, as here, a number of processes",
        (1, 2, "auto"),
        tuple((value, "a number of processes, at least 1") for value in (0, -1, "[0]", "[]", "0.5", "two", "null")),
    ),
    "num_nodes": Behaviour("number of machines, each started by torchrun or SLURM", (1,), ((0, "positive integer"),)),
    "precision": Behaviour(
        "the precision of training and validation; testing is in 32 bits; `16-mixed` on a CPU is `bf16-mixed`",
        ("32-true", "64-true", "16-mixed", "bf16-mixed", "bf16-true", "32", "bf16", "null"),
        (
            ("16-true", "use 16-mixed or bf16-mixed"),
            ("transformer-engine", "use bf16-mixed"),
            ("transformer-engine-float16", "use 16-mixed"),
            ("8", "must be one of"),
        ),
    ),
    "logger": Behaviour(
        "adds a logger to TensorBoard, or switches TensorBoard off (`false`)",
        ("true", "false", "null", "[]"),
        (
            ("TensorBoardLogger", "--trainer.default_root_dir, --name and --version"),
            ("WandbLogger", "needs the package wandb"),
            ("CSVLogger", "needs --trainer.logger.save_dir"),
            ("Nothing", "It takes: CSVLogger"),
        ),
    ),
    "callbacks": Behaviour(
        "adds callbacks to [those of every run](training.md#callbacks)",
        ("null", "[]", "LearningRateMonitor", "[LearningRateMonitor, RichModelSummary]"),
        (("EarlyStopping", "--early_stopping.patience"), ("Nothing", "It takes: DeviceStatsMonitor")),
    ),
    "fast_dev_run": Behaviour(
        "runs one batch, or that many, of training and validation and leaves nothing",
        (0, 1, 2, "true", "false"),
        ((-1, "fast_dev_run=-1"), ("null", "must be int or bool")),
    ),
    "max_epochs": Behaviour(
        "epochs to train, at most; -1 is no limit, null is Lightning's 1000",
        (1, -1, "null"),
        ((0, "nothing to train"), (-2, "-2")),
    ),
    "min_epochs": Behaviour(
        "epochs that are trained although early stopping would stop",
        (0, 3, "null"),
        ((-1, "at least 0"), ({"min_epochs": 4, "max_epochs": 3}, "min_epochs 4 is more than --trainer.max_epochs 3")),
    ),
    "max_steps": Behaviour("optimizer steps, at most; -1 is no limit", (1, -1), ((0, "nothing to train"), (-2, "-2"))),
    "min_steps": Behaviour(
        "steps that are trained although early stopping would stop",
        (0, 3, "null"),
        ((-1, "at least 0"), ({"min_steps": 4, "max_steps": 3}, "min_steps 4 is more than --trainer.max_steps 3")),
    ),
    "max_time": Behaviour(
        "ends training after a time",
        ("00:00:00:01", "{minutes: 1}", "null"),
        tuple((value, "a time above 0, as DD:HH:MM:SS") for value in ("0", "1:00", "soon", "00:00:00:00", "{hour: 1}")),
    ),
    "limit_train_batches": Behaviour(
        "training batches per epoch: a number, or a fraction (`1.0` is all, `1` is one)",
        (1, "1.0", 0.5, 100, "null"),
        ((0, "nothing to train"), (1.5, "1.5"), (-1, "-1")),
    ),
    "limit_val_batches": Behaviour(
        "validation batches; 0 switches validation off, and the last weights are tested",
        (0, 1, "1.0", "null"),
        ((1.5, "1.5"), (-1, "-1")),
    ),
    "limit_test_batches": Behaviour(
        "test batches; 0 leaves the report to validation", (0, 1, "1.0", "null"), ((1.5, "1.5"), (-1, "-1"))
    ),
    "limit_predict_batches": Behaviour(
        "as in Lightning, from Python; `predict.py` labels every text", (1, "null"), ((-1, "-1"),)
    ),
    "overfit_batches": Behaviour(
        "trains on the first batches of epoch 1 in every epoch, and validates on as many",
        (0, 1, "1.0"),
        ((-1, "-1"), ("2.0", "a fraction of at most 1.0"), (1.5, "a fraction of at most 1.0")),
    ),
    "val_check_interval": Behaviour(
        "batches between validations, a fraction of an epoch, or a time",
        (1, 0.5, "1.0", "00:00:00:01", "{seconds: 1}", "null"),
        ((0, "no interval"), ("0.0", "no interval"), (1.5, "1.5"), (-1, "-1"), ("soon", "a time above 0")),
    ),
    "check_val_every_n_epoch": Behaviour(
        "epochs between validations; null counts `val_check_interval` over epochs",
        (1, 2, "null"),
        ((0, "at least 1"), (-1, "at least 1")),
    ),
    "num_sanity_val_steps": Behaviour(
        "validation batches before training; -1 is all", (0, 1, -1, "null"), ((-2, "at least -1"),)
    ),
    "log_every_n_steps": Behaviour(
        "steps between points of the training curves; 0 is none", (0, 1, "null"), ((-1, "at least 0"),)
    ),
    "enable_checkpointing": Behaviour(
        "`false` writes no checkpoint: the run can be neither resumed nor used", ("true", "false", "null")
    ),
    "enable_progress_bar": Behaviour("shows a bar; by default in a terminal only", ("true", "false", "null")),
    "enable_model_summary": Behaviour(
        "prints the layers of the model; by default it does not", ("true", "false", "null")
    ),
    "accumulate_grad_batches": Behaviour(
        "batches per optimizer step", (1, 2, 100), ((0, "at least 1"), (-1, "at least 1"), ("{0: 1}", "must be int"))
    ),
    "gradient_clip_val": Behaviour(
        "largest norm of the gradients; 0 or null is no limit", (0, 0.5, "null"), ((-1, "0 or more"),)
    ),
    "gradient_clip_algorithm": Behaviour(
        "clips the norm, or each value",
        ("null", {"gradient_clip_algorithm": "value", "gradient_clip_val": 1}),
        (
            ("value", "has no effect without --trainer.gradient_clip_val"),
            ({"gradient_clip_algorithm": "half", "gradient_clip_val": 1}, "half is invalid"),
        ),
    ),
    "deterministic": Behaviour(
        "deterministic algorithms of PyTorch, or a warning where there is none",
        ("true", "false", "warn", "null"),
        (("maybe", "must be one of"),),
    ),
    "benchmark": Behaviour("lets cuDNN time its algorithms", ("true", "false", "null")),
    "inference_mode": Behaviour("evaluates in inference mode, or without gradients only", ("true", "false")),
    "use_distributed_sampler": Behaviour(
        "the samplers of `--data.sampler` share the texts among processes themselves",
        ("false",),
        (("true", "share the texts"),),
    ),
    "profiler": Behaviour(
        "prints the seconds of each part of a run at its end",
        ("null", "simple", "advanced", "pytorch", "SimpleProfiler"),
        (
            ("xla", "It takes: simple, advanced, pytorch"),
            ("XLAProfiler", "TPUs are not supported"),
            ("fast", "It takes: simple"),
        ),
    ),
    "detect_anomaly": Behaviour("names the operation that makes a gradient non-finite", ("true", "false")),
    "barebones": Behaviour(
        "is refused: it switches off validation logs, checkpoints and the report", ("false",), (("true", "benchmarks"),)
    ),
    "plugins": Behaviour(
        "cluster environments",
        ("null", "[]", "LightningEnvironment", "TorchCheckpointIO"),
        (("HalfPrecision", "--trainer.precision"), ("AsyncCheckpointIO", "leave it out"), ("Nothing", "It takes: ")),
    ),
    "sync_batchnorm": Behaviour("synchronizes batch norms, which only an encoder of your own has", ("true", "false")),
    "reload_dataloaders_every_n_epochs": Behaviour(
        "rebuilds the loaders, with the same batches", (0, 1, 2), ((-1, "int >= 0"),)
    ),
    "default_root_dir": Behaviour(
        "folder of all runs", (), (("null", "must be a folder"), ("s3://bucket/runs", "a folder of this machine"))
    ),
    "enable_autolog_hparams": Behaviour(
        "as in Lightning, for loggers that are added; TensorBoard's HPARAMS are always written", ("true", "false")
    ),
    "model_registry": Behaviour(
        "is refused: checkpoints are in the run folder", ("null",), (("a/b", "in the run folder"),)
    ),
}

NAMED = " is not supported"
GROUPS: dict[str, dict[str, Behaviour]] = {
    "checkpoint": {
        "dirpath": Behaviour("is refused: the run folder holds them", ("null",), (("/tmp/x", NAMED),)),
        "filename": Behaviour(
            "name of a file, with metrics in braces; not one that the last checkpoint can have",
            ("best", "null", "{epoch}-{validation/macro_f1:.2f}"),
            (("a/b", "filename"),),
        ),
        "monitor": Behaviour("is `--model.monitor`", (), (("validation/loss", "no option"),)),
        "verbose": Behaviour("says when a checkpoint is written", ("true",)),
        "save_last": Behaviour(
            "is refused: `--last_checkpoint` writes it", ("null",), (("true", NAMED), ("link", NAMED))
        ),
        "save_top_k": Behaviour(
            "number of checkpoints that are kept; the best is tested", (1, 3, 0, -1), ((-2, "Must be >= -1"),)
        ),
        "save_on_exception": Behaviour("is refused", ("false",), (("true", NAMED),)),
        "save_weights_only": Behaviour("leaves out the state of training", ("true",)),
        "mode": Behaviour("is that of `--model.monitor`", (), (("min", "no option"),)),
        "auto_insert_metric_name": Behaviour("writes `name=value` into file names", ("false",)),
        "every_n_train_steps": Behaviour(
            "is refused: weights are chosen after a validation", ("null",), ((2, NAMED), (-2, "Must be >= 0"))
        ),
        "train_time_interval": Behaviour(
            "is refused: weights are chosen after a validation", ("null",), (("0:00:01", NAMED),)
        ),
        "every_n_epochs": Behaviour("epochs between checkpoints", (1, 2), ((-1, "Must be >= 0"),)),
        "save_on_train_epoch_end": Behaviour(
            "is refused: weights are chosen after a validation", ("false",), (("true", NAMED),)
        ),
        "enable_version_counter": Behaviour("numbers files of the same name", ("true",)),
    },
    "last_checkpoint": {
        "dirpath": Behaviour("is refused: the run folder holds them", ("null",), (("/tmp/x", NAMED),)),
        "filename": Behaviour("name of a file", ("last", "null"), (("a/b", "filename"),)),
        "monitor": Behaviour("is refused: the last weights are kept", ("null",), (("validation/loss", NAMED),)),
        "verbose": Behaviour("says when a checkpoint is written", ("true",)),
        "save_last": Behaviour("is refused: it is the last", ("null",), (("true", NAMED),)),
        "save_top_k": Behaviour("1 keeps the last, -1 all", (1, -1), ((3, "save_top_k"), (-2, "Must be >= -1"))),
        "save_on_exception": Behaviour("is refused", ("false",), (("true", NAMED),)),
        "save_weights_only": Behaviour("is refused: a run is resumed from it", ("false",), (("true", NAMED),)),
        "mode": Behaviour("is refused: there is no metric", ("min",), (("max", "has no effect"),)),
        "auto_insert_metric_name": Behaviour("writes `name=value` into file names", ("false",)),
        "every_n_train_steps": Behaviour("saves within an epoch too", (2,), ((-2, "Must be >= 0"),)),
        "train_time_interval": Behaviour("saves after a time", ("0:00:01",)),
        "every_n_epochs": Behaviour("epochs between checkpoints", (1, 2), ((-1, "Must be >= 0"),)),
        "save_on_train_epoch_end": Behaviour("saves at the end of each epoch", ("true", "false")),
        "enable_version_counter": Behaviour("numbers files of the same name", ("true",)),
    },
    "early_stopping": {
        "patience": Behaviour("validations without improvement before training stops", (1,), ((0, "at least 1"),)),
        "warmup": Behaviour("validations at the start that do not count", (0, 5), ((-1, "0 or more"),)),
        "min_delta": Behaviour("smallest gain that counts", (0, 0.1), ((-1, "0 or more"), (".inf", "0 or more"))),
        "restore_best_weights": Behaviour("ends training with the best weights", ("true", "false")),
        "monitor": Behaviour("another metric than the model's", ("null",)),
        "mode": Behaviour("whether that metric falls or rises", ("null", "min", "max"), (("up", "must be one of"),)),
    },
    "gradient_norm": {
        "every_n_steps": Behaviour("steps between points of the curves", (1,), ((0, "at least 1"), (-1, "at least 1")))
    },
    "differential_learning_rates": {
        "head_lr_multiplier": Behaviour(
            "learning rate of the head as a multiple", (10,), ((0, "above 0"), (-1, "above 0"))
        ),
        "backbone_lr": Behaviour("learning rate of the encoder; 0 freezes it", (0, 0.1), ((-1, "0 or more"),)),
        "layer_decay": Behaviour(
            "learning rate of each layer as a fraction of that above", (1, 0.9), ((0, r"\(0, 1\]"), (1.5, r"\(0, 1\]"))
        ),
    },
}
