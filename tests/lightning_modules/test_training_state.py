"""Training is continued only from a checkpoint with the whole training state, and of these data."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

from commands.restore_errors import format_restore_error
from contracts.errors import DataError, UsageError
from contracts.text_spec import TextSpec
from datamodules.tokenizers.words import Words
from lightning_modules.checkpoints import check_checkpoint_matches
from lightning_modules.training_state import check_training_state

PATH = Path("runs/a/last.ckpt")
COUNTS = {"total": {"ready": 2, "completed": 2}, "current": {"ready": 1, "completed": 1}}
LOOP = {
    "state_dict": {},
    "epoch_progress": COUNTS,
    "epoch_loop.batch_progress": COUNTS | {"is_last_batch": True},
    "epoch_loop.automatic_optimization.optim_progress": {"optimizer": {"step": COUNTS}},
}
GOOD: dict[str, Any] = {
    "epoch": 1,
    "global_step": 2,
    "pytorch-lightning_version": "2.6.0",
    "loops": {"fit_loop": LOOP},
    "callbacks": {},
    "optimizer_states": [{"state": {}, "param_groups": [{"lr": 0.1}]}],
    "lr_schedulers": [],
}


def test_a_whole_training_state_is_accepted():
    check_training_state(GOOD, PATH)
    check_training_state(GOOD | {"lr_schedulers": [{"last_epoch": 1}], "hyper_parameters": {}}, PATH)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"loops": {}}, "loops.fit_loop.epoch_progress"),
        ({"loops": {"fit_loop": {}}}, "loops.fit_loop.epoch_progress"),
        ({"loops": {"fit_loop": LOOP | {"epoch_progress": {"current": {"ready": -3}}}}}, "epoch_progress;"),
        ({"loops": {"fit_loop": LOOP | {"epoch_progress": {"current": {"ready": "x"}}}}}, "epoch_progress;"),
        ({"lr_schedulers": [{}, {}]}, "lr_schedulers"),
        ({"lr_schedulers": None}, "lr_schedulers"),
        ({"optimizer_states": [{}]}, "optimizer_states"),
        ({"optimizer_states": []}, "optimizer_states"),
        ({"hyper_parameters": 5}, "hyper_parameters"),
        ({"epoch": -3}, "epoch"),
        ({"global_step": None}, "global_step"),
        ({"global_step": True}, "global_step"),
        ({"callbacks": [1]}, "callbacks"),
        ({"pytorch-lightning_version": None}, "pytorch-lightning_version"),
    ],
)
def test_a_training_state_that_lacks_a_part_is_refused(change, names):
    """Lightning would begin anew in silence where the progress is missing."""
    with pytest.raises(DataError, match=rf"last.ckpt cannot be continued from: .*it lacks valid values of .*{names}"):
        check_training_state(GOOD | change, PATH)


def test_every_missing_part_is_named():
    for name in GOOD:
        checkpoint = {key: value for key, value in GOOD.items() if key != name}
        with pytest.raises(DataError, match=f"lacks valid values of {name}"):
            check_training_state(checkpoint, PATH)


@pytest.fixture(scope="module")
def known() -> tuple[dict[str, Any], TextSpec, Words]:
    tokenizer = Words()
    tokenizer.train(["one two"])
    spec = TextSpec("single_label", ("x", "y"), (1, 1), 2, tokenizer.vocabulary_size, tokenizer.padding_id, 4)
    bundle = {"spec": spec.to_dict(), "tokenizer": tokenizer.to_json()}
    return {"bundle": bundle, "state_dict": {"head.bias": torch.zeros(2)}}, spec, tokenizer


@pytest.mark.parametrize(
    ("part", "value", "error", "message"),
    [
        ("spec", [1], DataError, "is damaged: the checkpoint's spec must have the values"),
        ("tokenizer", 5, DataError, "is damaged: its tokenizer cannot be read"),
        ("tokenizer", "{", DataError, "is damaged: its tokenizer cannot be read"),
        ("tokenizer", "[" * 100_000, DataError, "is damaged: its tokenizer cannot be read"),
        ("tokenizer", "[]", UsageError, "was trained with another vocabulary"),
        ("task", "multi_label", UsageError, "for the task multi_label, and these data have the task single_label"),
        ("task", 5, DataError, "has the task 5; it must be one of"),
        ("class_counts", [1], DataError, "has 1 class_counts for 2 label_names"),
        ("label_names", ["x", "z"], UsageError, "for the labels x, z, and these data have x, y"),
    ],
)
def test_a_bundle_that_is_damaged_or_of_other_data_is_refused(known, part, value, error, message):
    checkpoint, spec, tokenizer = copy.deepcopy(known)
    bundle = checkpoint["bundle"]
    (bundle["spec"] if part in bundle["spec"] else bundle)[part] = value
    with pytest.raises(error, match=f"last.ckpt .*{message}") as raised:
        check_checkpoint_matches(checkpoint, PATH, spec, tokenizer, {})
    assert len(str(raised.value)) < 500


def test_weights_that_are_not_finite_are_refused(known):
    checkpoint, spec, tokenizer = copy.deepcopy(known)
    check_checkpoint_matches(checkpoint, PATH, spec, tokenizer, {})
    checkpoint["state_dict"]["head.bias"][1] = float("nan")
    with pytest.raises(DataError, match=r"holds weights that are not finite \(head.bias\)"):
        check_checkpoint_matches(checkpoint, PATH, spec, tokenizer, {})


def test_an_error_in_an_evaluation_says_nothing_of_continuing(tmp_path):
    file = tmp_path / "checkpoint_connector.py"
    file.write_text("def restore():\n    raise KeyError('x')\n")
    names: dict[str, Any] = {}
    exec(compile(file.read_text(), file, "exec"), names)
    with pytest.raises(KeyError) as raised:
        names["restore"]()
    said = [format_restore_error(raised.value, PATH, verb) for verb in ("fit", "test")]
    assert said[0].startswith(
        "runs/a/last.ckpt cannot be continued from: its training state is damaged (KeyError: 'x')"
    )
    assert said[1] == "runs/a/last.ckpt cannot be evaluated: it is damaged (KeyError: 'x')"
