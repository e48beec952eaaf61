"""Writes the options and final metrics of a run for TensorBoard's HPARAMS page.

Both are written as hyperparameters. Metrics would have to be scalars, which the other pages show as curves of one
point, and of which the page shows only five, sorted by name. TensorBoard merges the columns of all runs only if no run
contains an experiment description, so none is written.

TensorBoard reads only the first values in a folder, so they are in a separate file, which is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

_SUFFIX = ".hparams"


def write_hparams(folder: Path, choices: Mapping[str, str | float | bool], metrics: Mapping[str, float]) -> None:
    """Writes the row of a run, replacing an earlier one.

    Args:
        folder: The run folder with the event files.
        choices: Values of options by name.
        metrics: Metrics of the best checkpoint by name, such as `best/test_macro_f1`.
    """
    for previous in folder.glob(f"events.out.tfevents.*{_SUFFIX}"):
        previous.unlink()
    _, start, end = hparams({**metrics, **choices}, {})
    writer = SummaryWriter(str(folder), filename_suffix=_SUFFIX)
    file_writer = writer._get_file_writer()
    file_writer.add_summary(start)
    file_writer.add_summary(end)
    writer.close()
