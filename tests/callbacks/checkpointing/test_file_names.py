"""Names of checkpoint files, and files that are complete or not there."""

from __future__ import annotations

import pytest
import torch

from callbacks.checkpointing import checkpoint_file
from callbacks.checkpointing.checkpoint_file import AtomicCheckpointIO
from callbacks.checkpointing.file_names import check_placeholders, check_template, format_file_name, make_unique
from contracts.errors import UsageError

VALUES = {"epoch": torch.tensor(2), "step": torch.tensor(14), "validation/macro_f1": torch.tensor(0.666)}


@pytest.mark.parametrize(
    ("template", "inserted", "plain"),
    [
        ("{epoch}-{validation/macro_f1:.2f}", "epoch=2-validation_macro_f1=0.67", "2-0.67"),
        ("a_{step:04d}", "a_step=0014", "a_0014"),
        ("best", "best", "best"),
        ("", "epoch=2-step=14", "2-14"),
        (None, "epoch=2-step=14", "2-14"),
    ],
)
def test_placeholders_are_filled_without_making_folders(template, inserted, plain):
    """`{validation/macro_f1}` made a folder `epoch=2-validation`, in which `predict.py RUN` found nothing."""
    assert format_file_name(template, VALUES, True) == inserted
    assert format_file_name(template, VALUES, False) == plain


@pytest.mark.parametrize("top_k", [2, -1])
def test_kept_checkpoints_have_different_names(top_k):
    assert make_unique("best", top_k) == "best-{epoch}-{step}"
    assert make_unique("{epoch:02d}", top_k) == "{epoch:02d}-{step}"
    assert make_unique("{step}", top_k) == "{step}"
    assert make_unique(None, top_k) is None


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("sub/best", "without slashes, got 'sub/best'"),
        ("/tmp/best", "without slashes"),
        ("best{", "a brace that belongs to no placeholder"),
        ("{epoch:.2q}", "formats epoch as '.2q', which is not possible"),
        ("{validation/loss:03d}", "formats validation/loss as '03d', which is not possible"),
    ],
)
def test_a_name_that_cannot_be_formatted_is_refused(template, words):
    with pytest.raises(UsageError, match=words):
        check_template(template, "--checkpoint.filename")


def test_an_unknown_metric_in_a_name_is_refused():
    """Lightning puts 0 in its place."""
    with pytest.raises(UsageError, match=r"names \{validation/f1\}, which is not logged\. .*validation/macro_f1"):
        check_placeholders("{validation/f1}", ["validation/macro_f1"], "--checkpoint.filename")


def test_a_file_is_replaced_only_by_a_complete_one(tmp_path, monkeypatch):
    file = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"step": 1}, file)

    def write_half(checkpoint: object, stream: object) -> None:
        stream.write(b"half")  # type: ignore[attr-defined]
        assert torch.load(file, weights_only=True) == {"step": 1}
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_file.torch, "save", write_half)
        with pytest.raises(KeyboardInterrupt):
            AtomicCheckpointIO().save_checkpoint({"step": 2}, file)
    assert torch.load(file, weights_only=True) == {"step": 1}
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_killed_run_left_of_a_file_is_removed(tmp_path):
    (tmp_path / ".last.ckpt.77.part").write_bytes(b"half")
    (tmp_path / ".other.ckpt.77.part").write_bytes(b"half")
    AtomicCheckpointIO().save_checkpoint({}, tmp_path / "last.ckpt")
    assert {file.name for file in tmp_path.iterdir()} == {"last.ckpt", ".other.ckpt.77.part"}
