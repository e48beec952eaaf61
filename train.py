"""Trains a text classifier, tests its best checkpoint once, and reports.

Run `python train.py` for the demo data, `python train.py --help` for every option.
"""

from __future__ import annotations

import os
import sys
import warnings

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
for not_for_users in (
    ".*LeafSpec.*",  # inside Lightning
    ".*all_gather.* is deprecated",  # inside Lightning
    "It is recommended to use `self.log",  # each rank measures all texts, so there is nothing to average
    "The number of training batches",  # fewer than the logging interval: the loss is logged at the epoch's end anyway
    "Glyph .* missing from",  # labels in a script that no installed font has, in the picture of the confusion matrix
    "The dirpath has changed",  # on resuming; `ExactResume` sees to it
):
    warnings.filterwarnings("ignore", message=not_for_users)


def main(arguments: list[str]) -> int:
    """Runs one of `fit` (also where none is named), `validate`, `test`.

    Returns:
        0 when all went well, 2 for a choice that cannot be, 1 for data or folders that cannot be used.
    """
    from commands.cli import TextCLI
    from commands.script import run_script

    return run_script(TextCLI, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
