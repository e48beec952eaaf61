"""Labels new texts with a trained model.

    python predict.py RUN [INPUT ...]

RUN is a run folder, `runs/NAME` (its newest run), or a checkpoint, which contains the tokenizer and the model. An
INPUT is a file of texts, a text, or `-` for the standard input. Predictions are written in the order of the texts, as
CSV, TSV or JSON lines, while texts are read. `python predict.py --help` lists the options.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main(arguments: list[str]) -> int:
    """Predicts the labels of new texts and writes them, or prints help.

    Returns:
        0 on success, 2 for invalid options, 1 for an invalid checkpoint or text.
    """
    from commands.script import run_script

    return run_script(_predict, arguments, ignore_broken_pipe=True)


def _predict(arguments: list[str]) -> None:
    from commands.prediction_options import parse_prediction_options

    options = parse_prediction_options(arguments)
    from commands.prediction import predict  # imports torch, which help and option errors do not need

    predict(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
