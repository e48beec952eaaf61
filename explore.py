"""Statistics, checks and advice on labeled texts before any training: printed, and written to an HTML page.

Run `python explore.py` for the demo data, `python explore.py --data.source Files --data.source.path DIR` for your own.
The data options are those of `train.py`; `python explore.py --help` lists them.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # no process is forked while texts are tokenized


def main(arguments: list[str]) -> int:
    """Explores the data, or prints help.

    Returns:
        0 on success, 2 for invalid options, 1 for invalid data or unusable folders.
    """
    from commands.script import run_script

    return run_script(_explore, arguments, ignore_broken_pipe=True)


def _explore(arguments: list[str]) -> None:
    from commands.exploration_options import format_help
    from commands.help import get_class_help_text

    text = format_help() if {"-h", "--help"} & set(arguments) else get_class_help_text(arguments)
    if text is not None:
        print(text)
        return
    from commands.exploration import explore  # takes seconds to import, and help does not need it

    explore(["--help" if argument == "--help_all" else argument for argument in arguments])


if __name__ == "__main__":
    from commands.loading_message import print_loading_message

    print_loading_message(sys.argv[1:])
    sys.exit(main(sys.argv[1:]))
