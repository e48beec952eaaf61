"""Shows what augmentations do to training texts, side by side, or writes all that they would add.

    python augment.py --data.source Files --data.source.path DIR --data.augmentations EDA
    python augment.py … --output augmented.csv

Takes the `--data.…` options of `train.py`. Where none is named, every augmentation that needs no file is shown.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main(arguments: list[str]) -> int:
    """Shows or writes.

    Returns:
        0 when all went well, 2 for a choice that cannot be, 1 for data that cannot be used.
    """
    from commands.augmenting import augment
    from commands.script import run_script

    return run_script(augment, arguments, ignore_broken_pipe=True)


if __name__ == "__main__":
    from commands.loading_line import print_loading_line

    print_loading_line(sys.argv[1:])
    sys.exit(main(sys.argv[1:]))
