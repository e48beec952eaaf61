"""Options of `train.py` that are no constructor arguments, and its trainer defaults; imports no library."""

from __future__ import annotations

from commands.class_docs import ParameterDoc

TRAINER_DEFAULTS = {
    "default_root_dir": "runs",
    "max_epochs": 10,
    "use_distributed_sampler": False,  # our own samplers know their rank
    "enable_model_summary": False,
}
"""Trainer defaults that differ from Lightning's."""

TRAINER_SUMMARIES = {
    "max_epochs": "Epochs to train, at most",
    "accelerator": "Kind of device: auto, cpu, gpu, mps",
    "devices": "Number of devices, or a list of their numbers",
    "strategy": "How several devices share the work: auto, single_device, ddp",
    "precision": "32-true, 16-mixed, bf16-mixed, 64-true",
    "gradient_clip_val": "Maximum norm of the gradients; no clipping if null",
    "accumulate_grad_batches": "Batches per optimizer step",
    "limit_train_batches": "Batches per epoch: a number, or a fraction of all",
    "fast_dev_run": "Runs one batch (or that many) of each split and leaves nothing",
    "default_root_dir": "Folder of all runs",
}
"""Meanings in one line, where Lightning's docstring takes several."""

OPTIMIZER_OPTIONS = (ParameterDoc("lr", "float", "0.001", "Learning rate."),)
"""Options of the default optimizer for the first page of the help."""

RUN_OPTIONS = (
    ParameterDoc("name", "str | null", "null", "Name of the run folder; derived from data and encoder if null."),
    ParameterDoc(
        "version", "str | null", "null", "Folder of this run below --name; `version_N` with the next free N if null."
    ),
    ParameterDoc(
        "matmul_precision",
        "highest | high | medium",
        "highest",
        "Precision of 32-bit matrix products in training: full, TF32, or less.",
    ),
    ParameterDoc("resume", "str | null", "null", "Run to resume: `runs/NAME`, a run folder or a checkpoint."),
)
"""Name, type, default and meaning of each option."""

LIGHTNING_OPTIONS = (
    ParameterDoc("ckpt_path", "str | null", "null", "Checkpoint to continue in a new run, or to evaluate."),
    ParameterDoc("seed_everything", "int", "0", "Seed of all randomness."),
    ParameterDoc("config", "str", None, "YAML file with any of these options; several are merged in their order."),
)
"""Options of Lightning that no docstring documents."""
