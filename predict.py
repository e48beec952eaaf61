"""Labels new texts with a trained checkpoint, which needs nothing but itself.

    python predict.py RUN_OR_CHECKPOINT [FILE | - | "a text" ...]

A FILE is CSV, TSV or JSON lines with a text column (plain or .gz), or any other file with a text a line; `-` reads a
text a line from the standard input, as does leaving all out. The answer is CSV or JSON lines, in the order of the
texts, written while they are read.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main(arguments: list[str]) -> int:
    """Predicts.

    Returns:
        0 when all went well, 2 for a choice that cannot be, 1 for data that cannot be used.
    """
    from commands.prediction import predict
    from commands.script import run_script

    return run_script(predict, arguments, ignore_broken_pipe=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
