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

RUN_OPTIONS = (
    ParameterDoc("name", "str | null", "null", "Name of the run folder; derived from data and encoder if null."),
    ParameterDoc(
        "version", "str | null", "null", "Folder of this run below --name; `version_N` with the next free N if null."
    ),
    ParameterDoc("resume", "str | null", "null", "Run folder or checkpoint of a run to resume, in the same folder."),
)
"""Name, type, default and meaning of each option."""

LIGHTNING_OPTIONS = (
    ParameterDoc("ckpt_path", "str | null", "null", "Checkpoint to continue in a new run, or to evaluate."),
    ParameterDoc("seed_everything", "int", "0", "Seed of all randomness."),
    ParameterDoc("config", "str", None, "YAML file with any of these options; several are merged in their order."),
)
"""Options of Lightning that no docstring documents."""
