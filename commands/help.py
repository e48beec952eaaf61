"""The help of `train.py`: the first page with the most used options, the classes of an option, the options of a class.

Names, defaults and meanings are read from the constructors; this file only selects the options of the first page.
"""

from __future__ import annotations

import inspect
import shutil
import textwrap
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from commands.class_docs import (
    ClassDoc,
    ParameterDoc,
    extract_first_sentence,
    format_value,
    list_implementations,
    read_classes,
    read_parameters,
)
from commands.common_names import CLASS_NAMES
from commands.run_options import (
    LIGHTNING_OPTIONS,
    OPTIMIZER_OPTIONS,
    RUN_OPTIONS,
    TRAINER_DEFAULTS,
    TRAINER_SUMMARIES,
)
from contracts.errors import UsageError, suggest_name

_ROOT = Path(__file__).parents[1]
_LIGHTNING = Path(getattr(find_spec("pytorch_lightning"), "origin", "")).parent  # found, not imported


class OptionGroup(NamedTuple):
    """Options of one class that are shown on the first page."""

    prefix: str
    file: Path
    class_name: str
    options: tuple[str, ...]


FIRST_PAGE: dict[str, tuple[OptionGroup, ...]] = {
    "data": (
        OptionGroup("data", _ROOT / "datamodules/text_datamodule.py", "TextDataModule", ("source",)),
        OptionGroup(
            "data.source", _ROOT / "datamodules/sources/files.py", "Files", ("path", "text_column", "label_column")
        ),
        OptionGroup(
            "data",
            _ROOT / "datamodules/text_datamodule.py",
            "TextDataModule",
            (
                *("tokenizer", "max_length", "batch_size", "sampler", "augmentations"),
                *("validation_size", "test_size", "max_train_samples", "few_shot"),
                *("num_folds", "fold", "num_workers"),
            ),
        ),
    ),
    "model": (
        OptionGroup(
            "model",
            _ROOT / "lightning_modules/text_classifier.py",
            "TextClassifier",
            ("encoder", "head", "loss", "optimizer", "lr_scheduler", "monitor"),
        ),
    ),
    "training": (
        OptionGroup(
            "trainer",
            _LIGHTNING / "trainer/trainer.py",
            "Trainer",
            (
                *("max_epochs", "accelerator", "devices", "strategy", "precision", "gradient_clip_val"),
                *("accumulate_grad_batches", "limit_train_batches", "fast_dev_run", "default_root_dir"),
            ),
        ),
    ),
    "callbacks": (
        OptionGroup(
            "early_stopping",
            _ROOT / "callbacks/early_stopping.py",
            "EarlyStopping",
            ("patience", "min_delta", "restore_best_weights"),
        ),
        OptionGroup(
            "differential_learning_rates",
            _ROOT / "callbacks/differential_learning_rates.py",
            "DifferentialLearningRates",
            ("backbone_lr", "head_lr_multiplier", "layer_decay"),
        ),
    ),
}
"""Options of the first page, by heading."""

CLASS_FOLDERS = {
    "data.source": (_ROOT / "datamodules/sources", "Source"),
    "data.tokenizer": (_ROOT / "datamodules/tokenizers", "Tokenizer"),
    "data.sampler": (_ROOT / "datamodules/samplers", "TextSampler"),
    "data.augmentations": (_ROOT / "datamodules/augmentations", "Augmentation"),
    "data.tta_augmentations": (_ROOT / "datamodules/augmentations", "Augmentation"),
    "model.encoder": (_ROOT / "lightning_modules/encoders", "TextEncoder"),
    "model.head": (_ROOT / "lightning_modules/heads", "Head"),
    "model.loss": (_ROOT / "lightning_modules/losses", "Loss"),
    "model.lr_scheduler": (_ROOT / "lightning_modules/optim", "ProgressSchedule"),
}
"""Folder and base class by option, for options that name a class of this project."""


def get_help_text(arguments: list[str]) -> str | None:
    """Returns the help text requested by `--help` or `--OPTION.help`; None if other help, or none, is requested.

    Args:
        arguments: Command-line arguments, without the script's name.

    Raises:
        UsageError: The option does not accept the class whose help is requested.
    """
    return format_first_page() if {"-h", "--help"} & set(arguments) else get_class_help_text(arguments)


def get_class_help_text(arguments: list[str]) -> str | None:
    """Returns the help text requested by `--model.encoder.help` or `--model.encoder.help RNN`; None if not requested.

    Raises:
        UsageError: The option does not accept the class whose help is requested.
    """
    for position, argument in enumerate(arguments):
        option, equals, name = argument.partition("=")
        key = option.removeprefix("--").removesuffix(".help")
        if not option.endswith(".help") or (key not in CLASS_FOLDERS and key != "model.optimizer"):
            continue
        following = arguments[position + 1 : position + 2]
        if not equals and following and not following[0].startswith("-"):
            name = following[0]
        return format_class_options(key, name) if name else format_class_list(key)
    return None


def format_first_page() -> str:
    """Returns the help of `python train.py --help`."""
    lines = [
        "usage: python train.py [fit | validate | test] [--OPTION VALUE …]",
        "",
        "Trains a text classifier, tests its best checkpoint, and reports; `fit` if no verb comes first.",
        "",
        "  python train.py                                                     the demo data",
        "  python train.py --data.source Files --data.source.path DIR_OR_FILE  your own texts",
        "  python train.py --config FILE.yaml --model.encoder RNN              a config; options after it override it",
        "  python train.py --resume runs/NAME                                  continues an interrupted run",
    ]
    for heading, groups in FIRST_PAGE.items():
        lines += ["", f"{heading}:"]
        for group in groups:
            parameters = {doc.name: doc for doc in read_classes(group.file)[group.class_name].parameters}
            for name in group.options:
                doc = parameters[name]
                if group.prefix == "trainer" and name in TRAINER_DEFAULTS:
                    doc = doc._replace(default=str(TRAINER_DEFAULTS[name]))
                if group.prefix == "trainer":
                    doc = doc._replace(meaning=TRAINER_SUMMARIES[name])
                note = f"{group.class_name}: " if group.prefix in CLASS_FOLDERS else ""
                lines.append(format_option_line(f"--{group.prefix}.{name}", doc, note))
                if (group.prefix, name) == ("model", "optimizer"):
                    lines += [format_option_line(f"--model.optimizer.{of.name}", of) for of in OPTIMIZER_OPTIONS]
    lines += ["", "run:", *(format_option_line(f"--{doc.name}", doc) for doc in (*RUN_OPTIONS, *LIGHTNING_OPTIONS))]
    lines += [
        "",
        "more help:",
        "  --model.encoder.help        the classes that an option can name, here those of --model.encoder",
        "  --model.encoder.help RNN    the options of one class: type, default, meaning",
        "  --print_config              the full configuration of a command as YAML, without running it",
        "  --help_all                  every option",
    ]
    return "\n".join(lines)


def format_class_list(key: str) -> str:
    """Returns the help of an option that names a class: one line per class."""
    docs = _list_class_docs(key)
    width = max(len(doc.name) for doc in docs)
    lines = [_truncate(f"  {doc.name:<{width}}  {doc.summary}") for doc in docs]
    first = docs[0].name
    return "\n".join(
        [f"--{key} NAME takes one of:", "", *lines, "", f"The options of one: python train.py --{key}.help {first}"]
    )


def format_class_options(key: str, name: str) -> str:
    """Returns the options of one class with their types, defaults and meanings.

    Raises:
        UsageError: The option does not accept this class.
    """
    docs = {doc.name: doc for doc in _list_class_docs(key)}
    short_name = name.rsplit(".", 1)[-1]
    if short_name not in docs:
        known = ", ".join(docs)
        meant = CLASS_NAMES.get(key, {}).get(name.lower())
        suggestion = f" Did you mean {meant}?" if meant else suggest_name(name, docs)
        raise UsageError(f"--{key} has no choice named {name}.{suggestion} It takes: {known}")
    doc = docs[short_name]
    lines = [f"--{key} {doc.name}", f"  {doc.summary}.", ""]
    for parameter in doc.parameters:
        default = "required" if parameter.default is None else f"default {parameter.default}"
        lines.append(f"--{key}.{parameter.name}  ({parameter.annotation or 'any'}; {default})")
        lines += textwrap.wrap(
            parameter.meaning, _get_line_width() - 6, initial_indent="      ", subsequent_indent="      "
        )
    return "\n".join(lines if doc.parameters else [*lines, "It has no options."])


def _list_class_docs(key: str) -> list[ClassDoc]:
    """Returns the documentation of the classes that an option accepts; those of torch are imported for it."""
    docs = list_implementations(*CLASS_FOLDERS[key]) if key in CLASS_FOLDERS else []
    if key in ("model.optimizer", "model.lr_scheduler"):  # some docstrings of torch are generated on import
        from commands.class_registry import get_registered_classes

        known = {doc.name for doc in docs}
        docs += [
            _document_imported_class(cls)
            for name, cls in sorted(get_registered_classes(key).items())
            if name not in known
        ]
    return docs


def _document_imported_class(cls: Any) -> ClassDoc:
    """Returns the documentation of an imported class: summary and parameters."""
    from commands.class_registry import get_parameters

    docstring = inspect.getdoc(cls) or ""
    names = []
    for name, parameter in get_parameters(cls).items():
        annotation = parameter.annotation
        if not isinstance(annotation, str):
            annotation = "" if annotation is parameter.empty else inspect.formatannotation(annotation)
        default = None if parameter.default is parameter.empty else format_value(parameter.default)
        names.append((name, annotation, default))
    summary = extract_first_sentence(docstring.partition("\n\n")[0])
    return ClassDoc(cls.__name__, summary, read_parameters(names, docstring))


def format_option_line(option: str, doc: ParameterDoc, note: str = "") -> str:
    """Returns one line on an option: name, default, and the first sentence of its meaning."""
    default = "" if doc.default in (None, "null") else f" {doc.default}"
    meaning = extract_first_sentence(doc.meaning).replace("`", "")
    return _truncate(f"  {option + default:<44}  {note}{meaning}")


def _truncate(line: str) -> str:
    """Truncates a line that is longer than the line width at a word boundary, and marks it by an ellipsis."""
    if len(line) <= _get_line_width():
        return line
    return f"{line[: _get_line_width() - 1].rsplit(' ', 1)[0]} …"


def _get_line_width() -> int:
    """Returns the width of the terminal, clipped to 100 to 160 characters."""
    return max(100, min(160, shutil.get_terminal_size((120, 24)).columns))
