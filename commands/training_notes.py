"""Notes on the options of a run that trains: a learning rate too high for fine-tuning, and the time of compilation."""

from __future__ import annotations

from jsonargparse import Namespace

from commands.checks import get_class_name
from commands.option_reader import read_options
from contracts.console import announce

_ADAPTIVE = ("Adam", "AdamW", "Adamax", "NAdam", "RAdam")
_HIGH = 5e-4  # usual rates of fine-tuning are 1e-5 to 2e-4


def announce_training_notes(config: Namespace, arguments: list[str], verb: str) -> None:
    """Prints the notes, if the verb is `fit`; see `list_training_notes`."""
    for note in list_training_notes(config, arguments) if verb == "fit" else []:
        announce(f"note: {note}")


def list_training_notes(config: Namespace, arguments: list[str]) -> list[str]:
    """Lists notes on options whose effect on training may surprise.

    Args:
        config: Config of `fit`.
        arguments: The command line, which may name a learning rate.
    """
    notes = [_describe_default_rate(config, arguments), _describe_compilation(config)]
    return [note for note in notes if note is not None]


def _describe_default_rate(config: Namespace, arguments: list[str]) -> str | None:
    """Describes the default learning rate if a pretrained encoder is fine-tuned with it, and no rate is named."""
    encoder, optimizer = config.model.encoder, config.model.optimizer
    if get_class_name(encoder) != "Pretrained" or get_class_name(optimizer) not in _ADAPTIVE:
        return None
    groups = config.get("differential_learning_rates")
    if encoder.init_args.freeze == "all" or (groups is not None and groups.backbone_lr is not None):
        return None
    rate = optimizer.init_args.lr
    if rate < _HIGH or any(option.name == "model.optimizer.lr" for option in read_options(arguments)):
        return None
    return (
        f"the default learning rate {rate:g} is high for fine-tuning a pretrained encoder; "
        "try --model.optimizer.lr 1e-4"
    )


def _describe_compilation(config: Namespace) -> str | None:
    """Describes when the compilation takes place, if it is requested."""
    if config.model.compile is False:
        return None
    return (
        "--model.compile: the first training step compiles, which takes from seconds to minutes; the texts/s of the "
        "first epoch include it"
    )
