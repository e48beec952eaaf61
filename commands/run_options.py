"""Options of `train.py` that belong to no class, and the defaults it gives to Lightning's trainer; imports nothing."""

from __future__ import annotations

from commands.class_docs import ParameterDoc

TRAINER_DEFAULTS = {
    "default_root_dir": "runs",
    "max_epochs": 10,
    "use_distributed_sampler": False,  # our own samplers know their rank
    "enable_model_summary": False,
}
"""Where they differ from Lightning's."""

RUN_OPTIONS = (
    ParameterDoc("name", "str | null", "null", "Folder of the run; made of data and model if null."),
    ParameterDoc(
        "version", "str | null", "null", "Folder of this run below --name; `version_N` with the next N if null."
    ),
    ParameterDoc("resume", "str | null", "null", "Run folder or checkpoint to go on with, in the same folder."),
)
"""Name, type, default and meaning of each."""

LIGHTNING_OPTIONS = (
    ParameterDoc("ckpt_path", "str | null", "null", "Checkpoint to begin with, in a new run; what `test` measures."),
    ParameterDoc("seed_everything", "int", "0", "Seed of all randomness."),
    ParameterDoc("config", "str", None, "YAML file with any of these options; several are merged in their order."),
)
"""Options that Lightning describes nowhere in a docstring."""
