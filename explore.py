"""Looks at labelled texts before any training: tables here, pictures and examples on a page, and advice.

Run `python explore.py` for the demo data, `python explore.py --data.source Files --data.source.path DIR` for your own;
the options that choose data are those of `train.py`, and `python explore.py --help` lists all.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # nothing forks while texts are tokenized


def main(arguments: list[str]) -> int:
    """Looks at the data.

    Returns:
        0 when all went well, 2 for a choice that cannot be, 1 for data that cannot be used.
    """
    from commands.exploration import explore
    from commands.script import run_script

    return run_script(explore, arguments)


if __name__ == "__main__":
    from commands.loading_line import print_loading_line

    print_loading_line(sys.argv[1:])
    sys.exit(main(sys.argv[1:]))
