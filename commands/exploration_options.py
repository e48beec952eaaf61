"""Options of `explore.py` besides the data options, and its help text; does not import torch."""

from __future__ import annotations

from pathlib import Path

from commands.class_docs import ParameterDoc, extract_first_sentence, read_classes

_ROOT = Path(__file__).parents[1]
_DATA_OPTIONS = (
    ("data", "datamodules/text_datamodule.py", "TextDataModule", ("source",)),
    ("data.source", "datamodules/sources/files.py", "Files", ("path", "text_column", "label_column", "encoding")),
    (
        "data",
        "datamodules/text_datamodule.py",
        "TextDataModule",
        ("tokenizer", "validation_size", "test_size", "max_train_samples", "few_shot", "num_folds", "fold"),
    ),
)
EXPLORE_OPTIONS = (
    ParameterDoc("compare", "", "[]", "Further tokenizers to compare, such as '[Characters, Subwords]'."),
    ParameterDoc("vectors", "", None, "File of word vectors whose coverage of the tokens is measured."),
    ParameterDoc("near_threshold", "", "0.8", "Minimum Jaccard similarity of near-duplicates, in (0, 1]."),
    ParameterDoc(
        "output", "", "runs/explore/NAME.html", "The page, or a folder for it; the JSON file is written next to it."
    ),
    ParameterDoc("open", "", "false", "Opens the page in the browser."),
    ParameterDoc("config", "", None, "YAML file of train.py; only its `data` part is read."),
)
"""Name, default and meaning of each option; the types are set in the parser."""


def format_help() -> str:
    """Returns the help of `python explore.py --help`."""
    lines = [
        "usage: python explore.py [--OPTION VALUE …]",
        "",
        "Statistics, checks and advice on labeled texts before any training, printed here and written to an HTML page.",
        "",
        "  python explore.py                                                     the demo data",
        "  python explore.py --data.source Files --data.source.path DIR_OR_FILE  your own texts",
        "  python explore.py --config FILE.yaml --compare '[Characters]'         the data of a config, two tokenizers",
        "",
        "data (as for train.py):",
    ]
    for prefix, file, class_name, names in _DATA_OPTIONS:
        docs = {doc.name: doc for doc in read_classes(_ROOT / file)[class_name].parameters}
        note = f"{class_name}: " if prefix != "data" else ""
        lines += [_format_option(f"--{prefix}.{name}", docs[name], note) for name in names]
    lines += ["", "exploration:", *(_format_option(f"--{option.name}", option) for option in EXPLORE_OPTIONS)]
    lines += [
        "",
        "more help:",
        "  --data.tokenizer.help            the classes that an option can name, here those of --data.tokenizer",
        "  --data.tokenizer.help Subwords   the options of one class: type, default, meaning",
        "  --help_all                       every option",
    ]
    return "\n".join(lines)


def _format_option(option: str, doc: ParameterDoc, note: str = "") -> str:
    """Formats an option in one line: name, default and the first sentence of its meaning."""
    default = "" if doc.default in (None, "null") else f" {doc.default}"
    line = f"  {option + default:<40}  {note}{extract_first_sentence(doc.meaning).replace('`', '')}"
    return line if len(line) <= 120 else f"{line[:119].rsplit(' ', 1)[0]} …"
