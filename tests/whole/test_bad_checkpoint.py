"""Checkpoints that are truncated, not ours, or of other data or another model: refused by every verb and script."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from workplace import DATA, LEARNING_EPOCHS, TINY_RNN, USAGE, assert_refused, write_splits, write_table

LR = ("--model.optimizer.lr", 0.03)  # of the trained run


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


def test_a_checkpoint_of_another_model_is_refused(trained, work):
    last = trained / "checkpoints" / "last.ckpt"
    answer = work.train("--config", trained / "config.yaml", "--model.encoder.embedding_dim", 17, "--ckpt_path", last)
    assert answer.out.startswith("changed: model.encoder.embedding_dim 17")
    answer = answer._replace(out="")
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
    assert answer.out.startswith("changed: data.source.path ")
    assert_refused(
        answer._replace(out=""),
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


# A file of this project's kind, from an unknown author


def _spoil(good: Path, bad: Path, change: Callable[[dict], object]) -> Path:
    checkpoint = torch.load(good / "checkpoints" / "last.ckpt", weights_only=True)
    change(checkpoint)
    torch.save(checkpoint, bad)
    return bad


@pytest.mark.parametrize("command", ["fit", "test", "predict"])
def test_a_label_cannot_control_the_terminal(command, trained, work, on, tmp_path):
    def rename(checkpoint: dict) -> None:
        checkpoint["bundle"]["spec"]["label_names"] = ["\x1b[2Jfruit", "metal"]

    bad = _spoil(trained, tmp_path / "bad.ckpt", rename)
    answer = work.predict(bad, "some words") if command == "predict" else work.train(command, *on, "--ckpt_path", bad)
    assert answer.code in (USAGE, DATA)
    assert "\x1b" not in answer.err + answer.out
    assert answer.err.count("error:") == 1
    assert not work.root.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda checkpoint: checkpoint.update(loops=5),
        lambda checkpoint: checkpoint.update(epoch="first"),
        lambda checkpoint: checkpoint.update(optimizer_states=[{"state": 5}]),
        lambda checkpoint: checkpoint.update(callbacks="none"),
        lambda checkpoint: checkpoint["callbacks"].update(EpochLog=3),
        lambda checkpoint: checkpoint.update(running_loss={}),
        lambda checkpoint: checkpoint.update({"pytorch-lightning_version": "newest"}),
    ],
    ids=["loops", "epoch", "optimizer", "callbacks", "epoch log", "running loss", "version"],
)
def test_a_training_state_that_cannot_be_restored_ends_in_a_message(change, trained, work, on, tmp_path):
    bad = _spoil(trained, tmp_path / "bad.ckpt", change)
    limits = ("--trainer.max_epochs", 9, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
    answer = work.train("fit", *on, *LR, "--ckpt_path", bad, *limits)
    assert answer.code == DATA, answer.err
    assert re.search(r"bad.ckpt (cannot be continued from: its training state is damaged|is damaged)", answer.err)
    assert answer.err.count("error:") == 1
    assert "Traceback" not in answer.err


def test_a_best_checkpoint_elsewhere_is_neither_copied_nor_removed(trained, work, on, tmp_path):
    """Its path comes from the checkpoint, and a better one replaces it."""
    treasure = tmp_path / "treasure.txt"
    treasure.write_text("mine", encoding="utf-8")

    def point(checkpoint: dict) -> None:
        for state in checkpoint["callbacks"].values():
            if "best_k_models" in state:
                paths = ("best_model_path", "kth_best_model_path", "last_model_path")
                state.update(dict.fromkeys(paths, str(treasure)), best_k_models={str(treasure): torch.tensor(0.9)})

    bad = _spoil(trained, tmp_path / "bad.ckpt", point)
    limits = ("--trainer.max_epochs", LEARNING_EPOCHS + 1, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
    with pytest.warns(
        UserWarning, match="the best checkpoint so far is gone, so the best of the remaining epochs is saved"
    ):
        answer = work.train("fit", *on, *LR, "--ckpt_path", bad, *limits)
    assert answer.code == 0, answer.err
    assert treasure.read_text(encoding="utf-8") == "mine"
    assert not list(work.root.rglob("treasure*"))
