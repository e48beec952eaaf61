"""The TensorBoard logger of a run: curves only, in an order that shows training and validation first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytorch_lightning.loggers import TensorBoardLogger


class RunLogger(TensorBoardLogger):
    """Writes what changes during training as curves, and leaves out what has one value per run.

    TensorBoard sorts groups of curves by name: `train`, `validation`, then everything named `watch_…`. Test metrics
    would be curves of one point and stand first; `RunReport` writes them to the text page and to HPARAMS instead. The
    number of the epoch is on no curve of its own, and `config.yaml` takes the place of `hparams.yaml`.

    Args:
        root: Folder of all runs.
        name: Folder of the runs that belong together.
        version: Folder of the run; the next free `version_N` where None.
        purge_step: The first step whose events from an earlier, killed attempt are discarded; None keeps all.
    """

    def __init__(self, root: str, name: str, version: int | str | None = None, purge_step: int | None = None) -> None:
        super().__init__(root, name=name, version=version, default_hp_metric=False, purge_step=purge_step)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Writes a point for each curve."""
        curves = {tag: value for tag, value in metrics.items() if tag != "epoch" and not tag.startswith("test/")}
        super().log_metrics(curves, step)

    def log_hyperparams(self, params: Any, metrics: Any = None, step: int | None = None) -> None:
        """Writes nothing: `RunReport` writes the choices of the run with its final metrics."""

    def save(self) -> None:
        """Writes events to disk, and no `hparams.yaml`."""
        if self._experiment is not None:
            self.experiment.flush()
