"""`--model.compile` in whole runs: the same checkpoint as without it, and one message where nothing can compile."""

from __future__ import annotations

import pytest
import torch
from torch._inductor import config as inductor_config
from workplace import USAGE, assert_refused


@pytest.mark.slow
def test_a_compiled_run_leaves_the_checkpoint_of_a_plain_one(work, on):
    """The modules are not wrapped, so the names of the weights carry no `_orig_mod`, and `predict.py` reads them."""
    on = (*on, "--model.head.dropout", "0")  # compiled code draws other random numbers
    plain = work.fit(*on, "--name", "plain", epochs=2)
    compiled = work.fit(*on, "--name", "compiled", "--model.compile", "true", epochs=2)
    one, other = (
        torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"] for run in (plain, compiled)
    )
    assert list(one) == list(other)
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert work.predict(compiled, "an apple and a plum").code == 0


@pytest.mark.slow
def test_a_compiled_run_can_be_resumed(work, on):
    run = work.fit(*on, "--model.compile", "true", epochs=1)
    answer = work.train("--resume", run, "--trainer.max_epochs", 2)
    assert answer.code == 0, answer.err
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["epoch"] == 1


def test_a_run_without_a_compiler_ends_before_any_work(work, on):
    with inductor_config.patch({"cpp.cxx": ("no-such-compiler",)}):
        answer = work.train(*on, "--model.compile", "true", "--trainer.accelerator", "cpu")
    assert_refused(answer, work, USAGE, r"--model\.compile needs a C\+\+ compiler \(such as g\+\+")
    assert not (work.folder / "cache").exists()


def test_an_unknown_mode_is_one_message(work, on):
    answer = work.train(*on, "--model.compile", "fastest")
    assert_refused(answer, work, USAGE, r"--model\.compile.*fastest")
    assert "max-autotune-no-cudagraphs" in answer.err
