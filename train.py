"""Trains a text classifier, tests its best checkpoint once, and writes a report.

Run `python train.py` for the demo data, `python train.py --help` for the most used options.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
for irrelevant_to_users in (
    ".*LeafSpec.*",  # inside Lightning
    ".*all_gather.* is deprecated",  # inside Lightning
    "It is recommended to use `self.log",  # each rank measures all texts, so there is nothing to average
    "The number of training batches",  # fewer than the logging interval: the loss is logged at the end of the epoch
    "Glyph .* missing from",  # labels in a script that no installed font has, in the plot of the confusion matrix
    "Checkpoint directory .* exists and is not empty",  # on `--resume`, or if the user sets the version
    "You're using the WeightAveraging callback",  # layers are not sharded here; an evaluation needs no average
    "You requested to overfit but enabled",  # our sampler repeats the batches of epoch 1 itself
    r"You passed `Trainer\(accelerator='cpu', precision='16-mixed'\)`",  # a note of the run says so
    "The dirpath has changed",  # on resuming; `ExactResume` copies the best checkpoint
):
    warnings.filterwarnings("ignore", message=irrelevant_to_users)


def main(arguments: list[str]) -> int:
    """Runs `fit` (the default), `validate` or `test`, or prints help.

    Returns:
        0 on success, 2 for invalid options, 1 for invalid data or unusable folders.
    """
    from commands.script import run_script

    return run_script(_train, arguments, ignore_broken_pipe=any(map(_is_help_option, arguments)))


def _is_help_option(argument: str) -> bool:
    """Whether an argument requests output instead of a run; a run must not end silently if its output is closed."""
    name = argument.split("=")[0]
    return name in ("-h", "--help", "--help_all", "--print_config") or (
        name.startswith("--") and name.endswith(".help")
    )


def _train(arguments: list[str]) -> None:
    from commands.help import get_help_text

    text = get_help_text(arguments)
    if text is not None:
        print(text)
        return
    from commands.cli import TextCLI  # takes seconds to import, and help does not need it

    TextCLI(["--help" if argument == "--help_all" else argument for argument in arguments])


if __name__ == "__main__":
    from commands.loading_message import print_loading_message

    print_loading_message(sys.argv[1:])
    code = main(sys.argv[1:])
    if code in (130, 143):  # interrupted: the final garbage collection takes seconds
        gc.freeze()
    sys.exit(code)
