"""Compares the options of continued training with those that its checkpoint was trained with."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from inspect import signature
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentParser, Namespace

from callbacks.differential_learning_rates import DifferentialLearningRates
from commands.option_reader import CALLBACK_GROUPS
from contracts.errors import UsageError
from lightning_modules.checkpoints import find_config

_RATES = "differential_learning_rates"
_RESTORED = ("model.optimizer", "model.lr_scheduler", _RATES)
"""Options whose effect would be overwritten by the state in the checkpoint."""
_COMPARED_OF_TRAINER = (
    *("limit_train_batches", "overfit_batches", "accumulate_grad_batches"),
    *("gradient_clip_val", "gradient_clip_algorithm", "precision"),
)
_FIXED_BY_PROGRESS = {"limit_train_batches": 1.0, "overfit_batches": 0.0, "accumulate_grad_batches": 1}
"""Options of the trainer that say how far an epoch has come, and what they are if they are null."""
_OF_THE_FOLDER = ("config", "name", "version", "resume", "ckpt_path", "model.spec", "trainer.default_root_dir")
_WITHOUT_INFLUENCE = ("data.cache_dir", "data.num_workers", "model.spec", "model.monitor")


def dump_options(parser: ArgumentParser, config: Namespace) -> dict[str, Any]:
    """Returns a config as plain nested dictionaries, as they are in its file."""
    return dict(yaml.safe_load(parser.dump(config, skip_validation=True, skip_none=False)))


def compare_with_checkpoint(
    checkpoint: Mapping[str, Any], path: Path, config: Mapping[str, Any], stated: Collection[str] | None
) -> list[str]:
    """Compares options with those of a checkpoint, as `check_continued_options` does with its other arguments.

    Beside `--resume` the changes of all other options follow.
    """
    changes = check_continued_options(read_trained_options(checkpoint, path), config, stated, path)
    return changes if stated is not None else [*changes, *list_other_changes(_read_config(path), config)]


def list_other_changes(saved: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """Lists the changes of the options that `check_continued_options` does not compare, in the same form.

    Args:
        saved: The config of the run; empty if it is not known.
        config: The config of the continued training.
    """
    ours, theirs = _flatten_run(config), _flatten_run(saved)
    compared = _select(config).keys() | _select(saved).keys()
    return [
        _format_changes({name: (ours[name], theirs[name])})
        for name in sorted((ours.keys() & theirs.keys()) - compared)
        if _normalize(ours[name]) != _normalize(theirs[name])
    ]


def read_trained_options(checkpoint: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Returns the options that a checkpoint was trained with, by name: of the model, and of the run if it has a config.

    Args:
        checkpoint: Its content.
        path: Its file, in whose run folder the config is.
    """
    sections = _read_config(path)
    hyper = checkpoint.get("hyper_parameters")
    if isinstance(hyper, dict):
        sections["model"] = {name: value for name, value in hyper.items() if not name.startswith("_")}
    return _select(sections)


def check_continued_options(
    trained: Mapping[str, Any], config: Mapping[str, Any], stated: Collection[str] | None, path: Path
) -> list[str]:
    """Raises an error for options that differ from those of the checkpoint; returns the changes that are applied.

    Args:
        trained: From `read_trained_options`.
        config: The config of the continued training, as nested dictionaries.
        stated: Options that the user has given; None if all that differ are given, as beside `--resume`.
        path: The checkpoint.

    Returns:
        One text for each change, such as `data.batch_size 16 (was 8)`.

    Raises:
        UsageError: Optimizer, learning rates, schedule or batches per epoch differ, or an option differs that was not
            stated.
    """
    present = _select(config)
    changes = {
        name: (present[name], trained[name])
        for name in sorted(trained.keys() & present.keys())
        if _normalize(present[name]) != _normalize(trained[name])
    }
    restored = {name: change for name, change in changes.items() if _is_below(name, _RESTORED)}
    if restored:
        raise UsageError(
            f"{_format_changes(restored)}: optimizer and learning rate schedule are restored from {path}; leave "
            f"the option out{_format_config(path)}, or start a new run for another one"
        )
    progress = {name: change for name, change in changes.items() if name.removeprefix("trainer.") in _FIXED_BY_PROGRESS}
    if progress:
        raise UsageError(
            f"{_format_changes(progress)}: {path} counts the batches and the steps of its epochs, of which texts would "
            f"be repeated or left out; leave the option out{_format_config(path)}, or start a new run for another one"
        )
    if stated is None and "seed_everything" in changes:
        new, old = changes["seed_everything"]
        raise UsageError(
            f"--seed_everything {new}: {path} goes on with the order of texts and the dropout of seed {old}; leave the "
            "option out, or start a new run for another seed"
        )
    if stated is not None:
        unstated = {name: change for name, change in changes.items() if not _is_stated(name, stated)}
        if unstated:
            raise UsageError(
                f"{path} was trained with other options than this command gives: {_format_changes(unstated)}; state "
                f"them{_format_config(path)}"
            )
    return [_format_changes({name: change}) for name, change in changes.items()]


def _select(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options that influence training, by name; arguments of a class are below the option of the class."""
    selected: dict[str, Any] = {}
    for section in ("data", "model"):
        _flatten(config.get(section) or {}, section, selected)
    trainer = config.get("trainer") or {}
    for name in _COMPARED_OF_TRAINER:
        if name in trainer:
            value = trainer[name]
            selected[f"trainer.{name}"] = _FIXED_BY_PROGRESS.get(name) if value is None else value
    if "trainer" in config:  # of a run; a group that is switched off has the effect of its defaults
        defaults = {name: one.default for name, one in signature(DifferentialLearningRates).parameters.items()}
        _flatten(defaults | (config.get(_RATES) or {}), _RATES, selected)
    if "seed_everything" in config:
        selected["seed_everything"] = config["seed_everything"]
    return {name: value for name, value in selected.items() if not _is_below(name, _WITHOUT_INFLUENCE)}


def _read_config(path: Path) -> dict[str, Any]:
    """Reads the config in the run folder of a checkpoint; empty if there is none."""
    file = find_config(path)
    config = None if file is None else yaml.safe_load(file.read_text(encoding="utf-8"))
    return dict(config) if isinstance(config, dict) else {}


def _flatten_run(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all options of a run but those of its folder, by name; a group of a callback is `on` or null."""
    selected: dict[str, Any] = {}
    for section, value in config.items():
        _flatten(value, section, selected)
        if section in CALLBACK_GROUPS and value is not None:
            selected[section] = "on"
    return {name: value for name, value in selected.items() if not _is_below(name, _OF_THE_FOLDER)}


def _flatten(value: Any, name: str, selected: dict[str, Any]) -> None:
    if isinstance(value, Mapping) and "class_path" in value:
        selected[name] = str(value["class_path"]).rsplit(".", 1)[-1]
        _flatten(value.get("init_args") or {}, name, selected)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _flatten(item, f"{name}.{key}", selected)
    else:
        selected[name] = value


def _normalize(value: Any) -> str:
    """Returns a text that is equal for equal values: of a path, a tuple and a number of another type too."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return json.dumps(value, default=str, sort_keys=True).strip('"')
    return repr(float(value))


def _is_below(name: str, options: Collection[str]) -> bool:
    return any(name == option or name.startswith(f"{option}.") for option in options)


def _is_stated(name: str, stated: Collection[str]) -> bool:
    return any(name == option or name.startswith(f"{option}.") for option in stated)


def _format_changes(changes: Mapping[str, tuple[Any, Any]]) -> str:
    """Formats changes such as `data.batch_size 16 (was 8)`; five at most."""
    texts = [f"{name} {_format(value)} (was {_format(old)})" for name, (value, old) in changes.items()]
    more = "" if len(texts) <= 5 else f" and {len(texts) - 5} more"
    return ", ".join(texts[:5]) + more


def _format(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_format, value))}]"
    if isinstance(value, Mapping) and "class_path" in value:
        return str(value["class_path"]).rsplit(".", 1)[-1]
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _format_config(path: Path) -> str:
    file = find_config(path)
    return "" if file is None else f", or give --config {file}"
