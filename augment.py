"""Shows training texts before and after augmentation, or writes augmented copies of all training texts.

    python augment.py --data.source Files --data.source.path DIR --data.augmentations EDA
    python augment.py … --output augmented.csv

The `--data.…` options of `train.py` select data and augmentations. By default all augmentations that need no file are
shown.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main(arguments: list[str]) -> int:
    """Shows augmented texts, writes them, or prints help.

    Returns:
        0 on success, 2 for invalid options, 1 for invalid data.
    """
    from commands.script import run_script

    return run_script(_augment, arguments, ignore_broken_pipe=True)


def _augment(arguments: list[str]) -> None:
    from commands.augmenting_help import get_help_text

    text = get_help_text(arguments)
    if text is not None:
        print(text)
        return
    from commands.augmenting import augment  # takes seconds to import, and help does not need it

    augment(["--help" if argument == "--help_all" else argument for argument in arguments])


if __name__ == "__main__":
    from commands.loading_message import print_loading_message

    print_loading_message(sys.argv[1:])
    sys.exit(main(sys.argv[1:]))
