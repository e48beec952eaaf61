"""The TensorBoard logger of a run: writes curves only, named so that training and validation come first."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from typing import Any

from pytorch_lightning.loggers import TensorBoardLogger


class RunLogger(TensorBoardLogger):
    """Writes values that change during training as curves, and skips those with one value per run.

    TensorBoard sorts groups of curves by name: `train`, `validation`, then everything named `watch_…`. Test metrics
    would be curves of one point and come first; `RunReport` writes them to the text page and to HPARAMS instead. The
    epoch number has no curve, and `config.yaml` replaces `hparams.yaml`.

    Args:
        root: Folder of all runs.
        name: Folder of a group of runs.
        version: Folder of the run; the next free `version_N` if None.
        purge_step: The first step whose events from an earlier, killed attempt are discarded; None keeps all.
    """

    def __init__(self, root: str, name: str, version: int | str | None = None, purge_step: int | None = None) -> None:
        super().__init__(root, name=name, version=version, default_hp_metric=False, purge_step=purge_step)

    def choose_next_version(self) -> None:
        """Takes the next free version, for a run whose version was taken by another one in the meantime."""
        self._version = self._get_next_version()

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Writes a point for each curve."""
        curves = {tag: value for tag, value in metrics.items() if tag != "epoch" and not tag.startswith("test/")}
        super().log_metrics(curves, step)

    def log_hyperparams(self, params: Any, metrics: Any = None, step: int | None = None) -> None:
        """Does nothing: `RunReport` writes the options of the run with its final metrics."""

    def finalize(self, status: str) -> None:
        """Closes the file; after a failure or an interrupt, which may come while it is closed, as far as possible."""
        with nullcontext() if status == "success" else suppress(OSError, ValueError):
            super().finalize(status)

    def save(self) -> None:
        """Flushes events to disk; writes no `hparams.yaml`."""
        if self._experiment is not None:
            self.experiment.flush()
