"""What a run computes in: matrix products in 32 bits, and processors that are slow at 16."""

from __future__ import annotations

import pytest
import torch

from lightning_modules import precision
from lightning_modules.precision import (
    compute_in_32_bits,
    find_replaced_precision,
    find_slow_precision,
    measure_slowdown,
    set_matmul_precision,
)


@pytest.fixture(autouse=True)
def _as_before():
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    yield
    torch.set_float32_matmul_precision(before[0])
    torch.backends.cudnn.allow_tf32 = before[1]


@pytest.mark.parametrize(("name", "rounds"), [("highest", False), ("high", True), ("medium", True)])
def test_one_setting_is_for_matrix_products_and_convolutions_alike(name, rounds):
    """Left alone, torch rounds in convolutions and recurrent layers of a GPU, and not in linear layers."""
    set_matmul_precision(name)
    assert torch.get_float32_matmul_precision() == name
    assert torch.backends.cudnn.allow_tf32 == rounds


def test_testing_computes_in_32_bits_whatever_the_run_does():
    set_matmul_precision("medium")
    with torch.autocast("cpu", torch.bfloat16):
        with compute_in_32_bits("cpu"):
            assert not torch.is_autocast_enabled("cpu")
            assert torch.get_float32_matmul_precision() == "highest"
            assert not torch.backends.cudnn.allow_tf32
        assert torch.is_autocast_enabled("cpu")
    assert torch.get_float32_matmul_precision() == "medium"
    assert torch.backends.cudnn.allow_tf32


def test_the_setting_is_put_back_after_an_error():
    set_matmul_precision("high")
    with pytest.raises(ZeroDivisionError), compute_in_32_bits("cpu"):
        _ = 1 / 0
    assert torch.get_float32_matmul_precision() == "high"


@pytest.mark.parametrize("name", ["bf16-mixed", "bf16-true", "16-mixed"])
def test_a_slow_precision_is_named_with_its_ratio_and_the_faster_one(name, monkeypatch):
    monkeypatch.setattr(precision, "measure_slowdown", lambda dtype: 19.04)
    note = find_slow_precision(name, "cpu")
    assert note.startswith(f"--trainer.precision {name} is slow on this CPU")
    assert "19.0 times as long as in 32 bits; --trainer.precision 32-true is faster" in note


def test_nothing_is_said_of_a_gpu_of_32_bits_or_of_a_fast_processor(monkeypatch):
    monkeypatch.setattr(precision, "measure_slowdown", lambda dtype: 19.0)
    assert find_slow_precision("bf16-mixed", "cuda") is None
    assert find_slow_precision("32-true", "cpu") is None
    assert find_slow_precision("64-true", "cpu") is None
    monkeypatch.setattr(precision, "measure_slowdown", lambda dtype: 0.4)
    assert find_slow_precision("bf16-mixed", "cpu") is None


def test_the_slowdown_is_that_of_the_times(monkeypatch):
    times = {torch.bfloat16: 0.38, torch.float32: 0.02}
    monkeypatch.setattr(precision, "_time_matmul", lambda dtype, repeats: times[dtype])
    assert measure_slowdown(torch.bfloat16) == pytest.approx(19)


def test_a_type_compared_with_itself_takes_about_as_long():
    assert 0.1 < measure_slowdown(torch.float32, repeats=20) < 10


@pytest.mark.parametrize("requested", ["16-mixed", "16", 16])
def test_half_precision_on_a_cpu_is_replaced_and_said_so(requested):
    note = find_replaced_precision(requested, "bf16-mixed")
    assert note == "--trainer.precision 16-mixed needs a GPU; bf16-mixed is used on the CPU"
    assert find_replaced_precision(requested, "16-mixed") is None  # on a GPU
    assert find_replaced_precision("bf16-mixed", "bf16-mixed") is None
