"""Lists the options of a run that differ from their defaults, as values for TensorBoard's HPARAMS page."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any

Plain = str | float | bool

_ALWAYS_LISTED = ("data.source", "data.tokenizer", "data.sampler", "model.encoder", "model.loss", "seed_everything")
"""TensorBoard shows an option as differing between runs only if two runs have values of it."""
_WITHOUT_INFLUENCE = (
    "config", "name", "version", "resume", "ckpt_path", "weights_only", "model.spec", "data.cache_dir",
    "data.num_workers", "checkpoint.", "last_checkpoint.", "trainer.default_root_dir", "trainer.logger",
    "trainer.callbacks", "trainer.profiler", "trainer.enable_", "trainer.log_every_n_steps", "gradient_norm.",
)  # fmt: skip
"""Options, and groups of options, that change the output folder or the logging of a run, not its results."""


def list_changed_options(config: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Plain]:
    """Returns the main options of a run, and each other option whose value differs from its default.

    A class is listed by its name, its arguments by `OPTION.ARGUMENT` where they differ from the default of the option
    or, for another class, of the class. Options that do not change results are left out.

    >>> default = {"class_path": "datamodules.sources.demo.Demo", "init_args": {"rows": 3340, "seed": 0}}
    >>> selected = {"class_path": "datamodules.sources.demo.Demo", "init_args": {"rows": 500, "seed": 0}}
    >>> list_changed_options({"data": {"source": selected}}, {"data": {"source": default}})
    {'data.source': 'Demo', 'data.source.rows': 500}

    Args:
        config: The parsed config of a verb, as nested dictionaries.
        defaults: The default config, as nested dictionaries.
    """
    changed = {
        option: value
        for option, value in _list_differences(config, defaults).items()
        if not any(option == name or (name[-1] in "._" and option.startswith(name)) for name in _WITHOUT_INFLUENCE)
    }
    for option in _ALWAYS_LISTED:
        *groups, name = option.split(".")
        options: Any = config
        for group in groups:
            options = options.get(group, {})
        if name in options:
            changed.setdefault(option, "default" if options[name] is None else _to_hparam_value(options[name]))
    return dict(sorted(changed.items()))


def _list_differences(config: Mapping[str, Any], defaults: Mapping[str, Any], prefix: str = "") -> dict[str, Plain]:
    """Returns the options that differ from their defaults, nested ones by dotted names."""
    differences: dict[str, Plain] = {}
    for key, value in config.items():
        option, default = f"{prefix}{key}", defaults.get(key)
        if _is_class(value):
            arguments = value.get("init_args") or {}
            if isinstance(default, Mapping) and default.get("class_path") == value["class_path"]:
                differences |= _list_differences(arguments, default.get("init_args") or {}, f"{option}.")
            else:
                differences[option] = _to_hparam_value(value)
                differences |= _list_differences(arguments, _read_signature(value["class_path"]), f"{option}.")
        elif isinstance(value, Mapping):
            differences |= _list_differences(value, default if isinstance(default, Mapping) else {}, f"{option}.")
        elif value is not None and value != default:
            differences[option] = _to_hparam_value(value)
    return differences


def _is_class(value: Any) -> bool:
    return isinstance(value, Mapping) and "class_path" in value


def _to_hparam_value(value: Any) -> Plain:
    """Converts a config value to a string or number: a class to its name, a list to its items joined by commas."""
    if isinstance(value, bool | int | float | str):
        return value
    if _is_class(value):
        return value["class_path"].rpartition(".")[2]
    if isinstance(value, list | tuple):
        return ", ".join(str(_to_hparam_value(item)) for item in value)
    return str(value)


def _read_signature(class_path: str) -> dict[str, Any]:
    """Returns the default of each constructor parameter of a class."""
    module, _, name = class_path.rpartition(".")
    parameters = inspect.signature(getattr(import_module(module), name)).parameters
    return {name: parameter.default for name, parameter in parameters.items()}
