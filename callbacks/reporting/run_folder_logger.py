"""Gives a run its folder without a TensorBoard logger: with `--trainer.logger false`."""

from __future__ import annotations

from typing import Any

from pytorch_lightning.loggers import Logger

from callbacks.reporting.run_logger import RunLogger


class RunFolderLogger(Logger):
    """Names the run folder, in which config, checkpoints and report are written, and logs nothing.

    Args:
        folder: A logger of that folder, which is not used to log.
    """

    def __init__(self, folder: RunLogger) -> None:
        super().__init__()
        self._folder = folder

    @property
    def name(self) -> str | None:
        """The folder of a group of runs."""
        return self._folder.name

    @property
    def version(self) -> int | str:
        """The folder of the run."""
        return self._folder.version

    @property
    def log_dir(self) -> str:
        """The run folder."""
        return self._folder.log_dir

    @property
    def save_dir(self) -> str:
        """The run folder, which Lightning takes for the folder of the trainer."""
        return self._folder.log_dir

    def choose_next_version(self) -> None:
        """Takes the next free version."""
        self._folder.choose_next_version()

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        """Does nothing."""

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Does nothing."""
