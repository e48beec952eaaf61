"""`--resume RUN`: resumes an interrupted run with its config, in its folder and TensorBoard curves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jsonargparse import Namespace

from commands.run_lock import check_not_trained
from contracts.errors import UsageError
from lightning_modules.checkpoint_records import choose_last, read_record
from lightning_modules.checkpoints import find_checkpoint

_FIXED_BY_THE_RUN = ("ckpt_path", "name", "version", "trainer.default_root_dir")
"""Options that cannot be changed when a run is resumed."""
_RESTORED_FROM_CHECKPOINT = ("model.optimizer", "model.lr_scheduler", "differential_learning_rates")
"""Options whose effect is overwritten by the state in the checkpoint."""

NOTHING_SAVED = "nothing was saved yet; start it again"


class ResumedRun(NamedTuple):
    """The folder and the checkpoint of a run to resume."""

    folder: Path
    checkpoint: Path


def expand_resume(arguments: list[str]) -> tuple[list[str], ResumedRun | None]:
    """Replaces `--resume RUN` by the config of that run; other options follow it and override it.

    Args:
        arguments: Command-line arguments, beginning with a verb.

    Returns:
        The arguments, and the run (None without `--resume`).

    Raises:
        UsageError: There is no such run, it cannot be continued, or options beside it would have no effect.
    """
    verb, *options = arguments
    positions = [position for position, argument in enumerate(options) if argument.split("=")[0] == "--resume"]
    if not positions:
        return arguments, None
    position = positions[-1]
    _, equals, value = options[position].partition("=")
    if not equals:
        value = "".join(options[position + 1 : position + 2])
    if not value or value.startswith("--"):
        raise UsageError("--resume needs a value: a run folder, runs/NAME for its newest run, or a checkpoint")
    others = options[:position] + options[position + (1 if equals else 2) :]
    if verb != "fit":
        raise UsageError(f"--resume continues training; `{verb}` takes --ckpt_path {value}")
    run = find_resumed_run(Path(value))
    check_not_trained(run.folder)  # before its config is read
    _check_other_options(others, run)
    return [verb, "--config", str(run.folder / "config.yaml"), *others], run


def find_resumed_run(path: Path) -> ResumedRun:
    """Finds the run and the checkpoint to resume from.

    Args:
        path: A run folder or `runs/NAME`, whose last checkpoint is used; or a checkpoint.

    Raises:
        UsageError: There is no such run, or it has no last checkpoint or no config.
    """
    checkpoint = find_checkpoint(path, "last")
    record = read_record(checkpoint)
    if record is not None and not record.is_resumable:
        last = choose_last(checkpoint.parent.glob("*.ckpt"))
        other = "no other checkpoint of the run does" if last is None else f"resume from the last one: --resume {last}"
        raise UsageError(f"{checkpoint} holds weights only, not the state of the optimizer and the progress; {other}")
    if not path.is_file() and checkpoint.stem != "last" and (record is None or record.kind != "last"):
        raise UsageError(
            f"{checkpoint.parent.parent} has no checkpoints/last.ckpt to continue from; name one: --resume {checkpoint}"
        )
    folder = checkpoint.parent.parent if checkpoint.parent.name == "checkpoints" else checkpoint.parent
    if not (folder / "config.yaml").is_file():
        raise UsageError(
            f"{folder} has no config.yaml, so its options are not known; give them with --ckpt_path {checkpoint}"
        )
    return ResumedRun(folder, checkpoint)


def check_unfinished(run: ResumedRun, checkpoint: dict[str, Any], config: Namespace) -> None:
    """Raises an error for a run that is complete: trained to its limits and tested.

    Args:
        run: The run to resume.
        checkpoint: The content of its checkpoint.
        config: Config of the run, with the options that override it.

    Raises:
        UsageError: The run is complete.
    """
    epochs, step = count_epochs(checkpoint), checkpoint["global_step"]
    if not _has_report(run.folder, epochs):
        return
    trainer = config.trainer
    waited = checkpoint.get("callbacks", {}).get("EarlyStopping", {}).get("waited", 0)
    if waited >= config.early_stopping.patience:
        ending = f"it stopped early after epoch {epochs}"
        longer = _format_larger("--early_stopping.patience", config.early_stopping.patience, waited)
    elif trainer.max_epochs is not None and 0 <= trainer.max_epochs <= epochs:
        ending = f"{_format_count(epochs, 'epoch')} trained"
        longer = _format_larger("--trainer.max_epochs", trainer.max_epochs, epochs)
    elif 0 <= trainer.max_steps <= step:
        ending = f"{_format_count(step, 'step')} trained"
        longer = _format_larger("--trainer.max_steps", trainer.max_steps, step)
    else:
        return
    raise UsageError(f"{run.folder} is complete: {ending}; {longer}")


def format_progress(
    run: ResumedRun, checkpoint: dict[str, Any], max_epochs: int | None, changes: Sequence[str] = ()
) -> str:
    """Formats the start of a resumed run: its folder, epoch (counted from 1) and step, and the options that changed."""
    changed = f"; changed: {', '.join(changes)}" if changes else ""
    epochs = count_epochs(checkpoint)
    of_all = "" if max_epochs is None or max_epochs < 0 else f" of {max_epochs}"
    if of_all and epochs >= (max_epochs or 0):
        return f"Resuming {run.folder}: all {epochs} epochs are trained, step {checkpoint['global_step']}{changed}"
    return f"Resuming {run.folder} from epoch {epochs + 1}{of_all}, step {checkpoint['global_step']}{changed}"


def format_continuation(folder: Path, has_checkpoint: bool, is_complete: bool = False) -> list[str]:
    """Formats how an interrupted run is continued; the list is empty if only another checkpoint than the last is left.

    Args:
        folder: The run folder.
        has_checkpoint: Whether it contains a checkpoint, not necessarily the last one.
        is_complete: Whether its report was written.
    """
    if is_complete:
        return [f"the run is complete: {folder}"]
    if not has_checkpoint:
        return [NOTHING_SAVED]
    last = choose_last((folder / "checkpoints").glob("*.ckpt"))
    return [] if last is None else [f"continue with `python train.py --resume {folder}`"]


def count_epochs(checkpoint: dict[str, Any]) -> int:
    """Returns the number of completed epochs."""
    batches = checkpoint.get("loops", {}).get("fit_loop", {}).get("epoch_loop.batch_progress", {})
    return checkpoint["epoch"] + bool(batches.get("is_last_batch"))


def _has_report(folder: Path, epochs: int) -> bool:
    """Whether a run has a report, and not one of fewer epochs: that of a session that was continued since."""
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    reported = report.get("epochs") if isinstance(report, dict) else None
    return not isinstance(reported, int) or reported >= epochs


def _format_count(count: int, noun: str) -> str:
    return f"{count} {noun} is" if count == 1 else f"{count} {noun}s are"


def _format_larger(option: str, value: int, reached: int) -> str:
    """Returns how to train longer: that a limit below what is reached must be larger, or twice the present limit."""
    if value < reached:
        return f"{option} must be larger (got {value})"
    return f"to train longer, add {option} {2 * reached} (now {value})"


def _check_other_options(options: list[str], run: ResumedRun) -> None:
    """Raises an error for options beside `--resume` that would have no effect."""
    for position, argument in enumerate(options):
        name, equals, value = argument.removeprefix("--").partition("=")
        value = value if equals else "".join(options[position + 1 : position + 2])
        if not argument.startswith("--"):
            continue
        if name == "trainer.default_root_dir" and Path(value).resolve() == run.folder.resolve().parent.parent:
            continue
        if name in _FIXED_BY_THE_RUN:
            raise UsageError(f"--resume continues in {run.folder}: leave --{name} out")
        if any(name == key or name.startswith(f"{key}.") for key in _RESTORED_FROM_CHECKPOINT):
            raise UsageError(
                f"--{name} has no effect beside --resume: optimizer and schedule are restored from {run.checkpoint}; "
                "start a new run for other ones"
            )
