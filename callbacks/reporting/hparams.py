"""Writes the choices and final metrics of a run for TensorBoard's HPARAMS page.

Both are written as columns of the run. Metrics proper would have to be scalars, which the other pages show as curves of
one point; and of all scalars the page shows five, in the order of their names. TensorBoard unites the columns of all
runs only where no run describes the experiment, so none does.

TensorBoard keeps the first values that it finds in a folder, so they have a file of their own, which is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

_SUFFIX = ".hparams"


def write_hparams(folder: Path, choices: Mapping[str, str | float | bool], metrics: Mapping[str, float]) -> None:
    """Writes one row of the page, replacing an earlier one of the same run.

    Args:
        folder: The run folder with the event files.
        choices: Values of options by name.
        metrics: Final metrics by name, such as `test/macro_f1`.
    """
    for former in folder.glob(f"events.out.tfevents.*{_SUFFIX}"):
        former.unlink()
    _, start, end = hparams({**choices, **metrics}, {})
    writer = SummaryWriter(str(folder), filename_suffix=_SUFFIX)
    file_writer = writer._get_file_writer()
    file_writer.add_summary(start)
    file_writer.add_summary(end)
    writer.close()
