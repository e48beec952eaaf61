"""Checkpoints that are truncated, not ours, or of other data or another model: refused by every verb and script."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from workplace import DATA, TINY_RNN, USAGE, assert_refused, write_splits, write_table


def _truncated(good: Path, bad: Path) -> None:
    bad.write_bytes(good.read_bytes()[:5000])


def _empty(good: Path, bad: Path) -> None:
    bad.write_bytes(b"")


def _text(good: Path, bad: Path) -> None:
    bad.write_text("these are no weights", encoding="utf-8")


def _of_another_project(good: Path, bad: Path) -> None:
    torch.save({"state_dict": {"weight": torch.zeros(3)}, "epoch": 3}, bad)


def _a_list(good: Path, bad: Path) -> None:
    torch.save([1, 2], bad)


BAD = {
    _truncated: r"cannot be read as a checkpoint: it is truncated or of another format",
    _empty: r"cannot be read as a checkpoint: it is truncated or of another format",
    _text: r"cannot be read as a checkpoint: it is truncated or of another format",
    _of_another_project: r"was not written by this project: it lacks the parts `state_dict` and `bundle`",
    _a_list: r"was not written by this project",
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__.strip("_"))
@pytest.mark.parametrize("command", ["fit", "test", "predict"])
def test_a_file_that_is_no_checkpoint_of_ours_is_refused(command, spoil, trained, work, on, tmp_path):
    bad = tmp_path / "bad.ckpt"
    spoil(trained / "checkpoints" / "best.ckpt", bad)
    answer = work.predict(bad, "some words") if command == "predict" else work.train(command, *on, "--ckpt_path", bad)
    assert_refused(answer, work, DATA, rf"bad.ckpt {BAD[spoil]}")


def test_a_run_folder_without_a_checkpoint_is_refused(trained, work, on, tmp_path):
    shutil.copytree(trained, tmp_path / "run", ignore=shutil.ignore_patterns("*.ckpt"))
    assert_refused(work.predict(tmp_path / "run", "some words"), work, USAGE, r"run holds no checkpoint")
    assert_refused(work.train(*on, "--ckpt_path", tmp_path / "run"), work, USAGE, r"run holds no checkpoint")


def test_a_checkpoint_of_another_model_is_refused(trained, work, on):
    answer = work.train(*on, "--model.encoder.embedding_dim", 17, "--ckpt_path", trained / "checkpoints" / "last.ckpt")
    words = r"holds another model than the one chosen: encoder\.\S+ is of shape \(\d+, \d+\) there and of shape .* here"
    assert_refused(answer, work, USAGE, words)


def test_a_checkpoint_of_another_class_of_model_is_refused(trained, work, data):
    given = ("--data.source", "Files", "--data.source.path", data, *TINY_RNN)
    answer = work.train("test", *given, "--ckpt_path", trained / "checkpoints" / "best.ckpt")
    assert_refused(answer, work, USAGE, r"holds another model .* is (missing|of shape .*) there and")


def test_a_checkpoint_of_other_labels_is_refused(trained, work, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write_table(folder / "train.csv", [{"text": f"word {n}", "label": "xyz"[n % 3]} for n in range(30)])
    given = ("--config", trained / "config.yaml", "--data.source.path", folder)
    answer = work.train("fit", *given, "--ckpt_path", trained / "checkpoints" / "best.ckpt")
    assert_refused(
        answer,
        work,
        USAGE,
        r"labels fruit, metal, river, and these data have x, y, z; add --config .*config.yaml for those",
    )


def test_a_checkpoint_of_another_vocabulary_is_refused(trained, work, tmp_path):
    """With as many words as before, its weights would load and mean other words."""
    folder = write_splits(tmp_path / "data")
    train = (folder / "train.csv").read_text(encoding="utf-8")
    (folder / "train.csv").write_text(train.replace("apple", "lemon"), encoding="utf-8")
    given = ("--config", trained / "config.yaml", "--data.source.path", folder)
    answer = work.train("test", *given, "--ckpt_path", trained / "checkpoints" / "best.ckpt")
    assert_refused(answer, work, USAGE, r"was trained with another vocabulary than these data and options give")
