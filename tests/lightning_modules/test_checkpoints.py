"""Which checkpoint a path means."""

import os

import pytest

from contracts.errors import UsageError
from lightning_modules.checkpoints import find_checkpoint, find_run_folder


def write(folder, *names):
    """Empty files, each a second older than the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    for age, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
        os.utime(folder / name, (1000 - age, 1000 - age))
    return folder


def test_a_run_folder_means_its_latest_best_checkpoint(tmp_path):
    folder = write(tmp_path / "checkpoints", "best-v1.ckpt", "best.ckpt", "last.ckpt")
    assert find_checkpoint(tmp_path) == find_checkpoint(folder) == folder / "best-v1.ckpt"
    assert find_checkpoint(tmp_path, "last") == folder / "last.ckpt"
    assert find_checkpoint(folder / "last.ckpt") == folder / "last.ckpt"


def test_a_run_without_a_best_checkpoint_means_its_last_one(tmp_path):
    folder = write(tmp_path / "checkpoints", "last.ckpt")
    assert find_checkpoint(tmp_path) == folder / "last.ckpt"


def test_checkpoints_that_the_user_named_are_found(tmp_path):
    """Lightning's default names, and a `--checkpoint.filename` with a slash, which makes a folder."""
    folder = write(
        tmp_path / "checkpoints", "last.ckpt", "epoch=1-validation/macro_f1=0.93.ckpt", "epoch=0-step=9.ckpt"
    )
    assert find_checkpoint(tmp_path) == folder / "epoch=1-validation" / "macro_f1=0.93.ckpt"
    (folder / "last.ckpt").unlink()
    assert find_checkpoint(tmp_path, "last") == folder / "epoch=1-validation" / "macro_f1=0.93.ckpt"


def test_a_run_name_means_its_newest_version_with_a_checkpoint(tmp_path):
    """By number, not by spelling: 10 is newer than 9. A version that holds only a report is passed over."""
    for version in (2, 9, 10):
        write(tmp_path / f"version_{version}" / "checkpoints", "best.ckpt")
    write(tmp_path / "mine" / "checkpoints", "best.ckpt")
    write(tmp_path / "version_11", "report.json")
    assert find_run_folder(tmp_path) == tmp_path / "version_10"
    assert find_checkpoint(tmp_path) == tmp_path / "version_10" / "checkpoints" / "best.ckpt"
    assert find_run_folder(tmp_path / "version_9") == tmp_path / "version_9"


def test_a_path_that_means_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"there is no checkpoint or run folder .*/nothing"):
        find_checkpoint(tmp_path / "nothing")
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(UsageError, match=r"holds no checkpoint \(checkpoints/\*.ckpt\); did its run end before"):
        find_checkpoint(tmp_path)
