"""The help of `augment.py`: its own options, and the options of `train.py` for data and augmentations."""

from __future__ import annotations

from pathlib import Path

from commands.class_docs import ParameterDoc, read_classes
from commands.help import format_option_line, get_class_help_text

_ROOT = Path(__file__).parents[1]

AUGMENT_OPTIONS = (
    ParameterDoc("rows", "int", "8", "Changed texts shown per augmentation."),
    ParameterDoc("seed", "int", "0", "Seed of the augmentations, as --seed_everything of train.py."),
    ParameterDoc("epoch", "int", "0", "Epoch whose texts are shown, counted from 0."),
    ParameterDoc("output", "str | null", "null", "CSV file for augmented copies of all training texts."),
    ParameterDoc("config", "str", None, "YAML file with any of these options."),
)
"""Name, type, default and meaning of the options that `train.py` does not have."""

_DATA_MODULE = (_ROOT / "datamodules/text_datamodule.py", "TextDataModule", "data")
_FILES = (_ROOT / "datamodules/sources/files.py", "Files", "data.source")
_AUGMENT_OPTIONS_CLASS = (_ROOT / "datamodules/augmenting/options.py", "AugmentOptions", "data.augment")
_TRAIN_OPTIONS = (
    (_DATA_MODULE, ("source",)),
    (_FILES, ("path", "text_column", "label_column")),
    (_DATA_MODULE, ("augmentations",)),
    (_AUGMENT_OPTIONS_CLASS, ("mode", "ratio", "num_copies", "below", "up_to", "seed")),
)


def get_help_text(arguments: list[str]) -> str | None:
    """Returns the help text requested by `--help` or `--OPTION.help`; None if none is requested.

    Args:
        arguments: Command-line arguments, without the script's name.

    Raises:
        UsageError: The option does not accept the class whose help is requested.
    """
    return format_help() if {"-h", "--help"} & set(arguments) else get_class_help_text(arguments)


def format_help() -> str:
    """Returns the help of `python augment.py --help`."""
    lines = [
        "usage: python augment.py [--OPTION VALUE …]",
        "",
        "Shows training texts before and after augmentation, or writes augmented copies to a file.",
        "",
        "  python augment.py                                     all augmentations that need no file, on the demo data",
        "  python augment.py --data.augmentations EDA --rows 20  one augmentation",
        "  python augment.py --data.augmentations EDA --output augmented.csv",
        "",
        "options:",
        *(format_option_line(f"--{doc.name}", doc) for doc in AUGMENT_OPTIONS),
        "",
        "data and augmentations, as for train.py:",
    ]
    for (file, class_name, prefix), names in _TRAIN_OPTIONS:
        parameters = {doc.name: doc for doc in read_classes(file)[class_name].parameters}
        note = "Files: " if class_name == "Files" else ""
        lines += [format_option_line(f"--{prefix}.{name}", parameters[name], note) for name in names]
    lines += [
        "",
        "more help:",
        "  --data.augmentations.help        the augmentations",
        "  --data.augmentations.help EDA    the options of one",
        "  --help_all                       every option",
    ]
    return "\n".join(lines)
