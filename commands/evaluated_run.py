"""Takes the data and the model of `--ckpt_path RUN` from the config of that run, where none are given."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from contracts.errors import UsageError
from lightning_modules.checkpoints import find_checkpoint, find_config

_WITHOUT_INFLUENCE = ("data.cache_dir", "data.num_workers", "data.batch_size")
"""Options below `data` that change neither texts nor labels."""


def add_run_config(arguments: list[str]) -> tuple[list[str], str | None]:
    """Puts the sections `data` and `model` of the run's config before the options of a command with `--ckpt_path`.

    Args:
        arguments: With a verb first.

    Returns:
        The arguments, and a line that states the config; both unchanged and None if a config, data or a model are
        given, or if the run has no config.
    """
    verb, *options = arguments
    names = [argument.removeprefix("--").split("=")[0] for argument in options if argument.startswith("--")]
    chosen = [name for name in names if name == "config" or name.split(".")[0].rstrip("+") in ("data", "model")]
    if "ckpt_path" not in names or set(chosen) - set(_WITHOUT_INFLUENCE):
        return arguments, None
    place = next(place for place, argument in enumerate(options) if argument.split("=")[0] == "--ckpt_path")
    value = options[place].partition("=")[2] or "".join(options[place + 1 : place + 2])
    if not value:
        return arguments, None
    try:
        file = find_config(find_checkpoint(Path(value)))
    except UsageError:  # reported after all options are checked
        return arguments, None
    config = None if file is None else yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(config, dict):
        return arguments, None
    sections = {name: config[name] for name in ("data", "model") if isinstance(config.get(name), dict)}
    return [verb, "--config", json.dumps(sections), *options], f"Data and model as in {file}"
