"""What can be wrong in the GPU benchmark without a GPU: counts, budget, judgements; and the whole rehearsal."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.gpu import __main__ as benchmark
from benchmarks.gpu import cells as cells_module
from benchmarks.gpu import equality, experiments, peer, throughput
from benchmarks.gpu.cells import Cell, run_cells
from benchmarks.gpu.flops import ForwardFlops, count_forward_flops, find_peak
from benchmarks.gpu.probes import Meter
from benchmarks.gpu.report import format_report, list_goals
from benchmarks.gpu.workload import CONFIGS, TINY_BERT, Workplace, find_data_name
from benchmarks.packages import require_package
from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.rnn import RNN
from lightning_modules.encoders.text_cnn import TextCNN

SPEC = TextSpec("single_label", ("a", "b"), (5, 5), 10, 30522, 0, 64)


@pytest.fixture
def place(tmp_path) -> Workplace:
    return Workplace(torch.device("cpu"), None, tmp_path, quick=True)


def test_operations_of_a_transformer_are_those_that_torch_counts():
    encoder = Pretrained(SPEC, config=TINY_BERT | {"num_hidden_layers": 2}).eval()
    encoder.backbone.set_attn_implementation("eager")  # the products of the other one are not counted on a CPU
    head = nn.Linear(encoder.output_dim, 2)
    texts, tokens = 3, 17
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        head(encoder(torch.ones(texts, tokens, dtype=torch.int64), torch.ones(texts, tokens, dtype=torch.bool)))
    counted = count_forward_flops(encoder, head).count(texts, texts * tokens, texts * tokens**2)
    assert counted == counter.get_total_flops()


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_operations_of_a_recurrent_network_are_those_of_its_gates(cell):
    """Each gate multiplies the input and the state by a matrix, in each direction and layer."""
    encoder = RNN(SPEC, embedding_dim=5, hidden_size=7, num_layers=2, cell=cell)
    gates, directions = {"lstm": 4, "gru": 3}[cell], 2
    per_token = 2 * directions * gates * (7 * (5 + 7) + 7 * (2 * 7 + 7))
    assert count_forward_flops(encoder, nn.Linear(14, 2)) == ForwardFlops(2 * 14 * 2, per_token)


def test_operations_of_a_convolution_are_those_that_torch_counts_for_conv1d():
    encoder = TextCNN(SPEC, embedding_dim=6, num_filters=4, kernel_sizes=(2, 3))
    tokens = 11
    with FlopCounterMode(display=False) as counter:
        for width in (2, 3):
            nn.functional.conv1d(torch.zeros(1, 6, tokens + width - 1), torch.zeros(4, 6, width))
    assert count_forward_flops(encoder, nn.Identity()).count(1, tokens, tokens**2) == counter.get_total_flops()


def test_the_peak_is_that_of_the_card():
    assert find_peak("NVIDIA H100 80GB HBM3", "bf16") == 989e12
    assert find_peak("NVIDIA H100 PCIe", "bf16") == 756e12
    assert find_peak("NVIDIA H200", "fp32") == 67e12
    assert find_peak("NVIDIA L40S", "tf32") == 183e12
    assert find_peak("Some other card", "bf16") is None


def test_a_budget_drops_the_least_important_and_a_failure_ends_only_itself(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(cells_module.time, "monotonic", lambda: now[0])
    ran = []

    def take(name: str, seconds: float, error: BaseException | None = None) -> dict:
        ran.append(name)
        now[0] += seconds
        if error is not None:
            raise error
        return {"value": name}

    stored = []
    results = run_cells(
        [
            Cell("c", "last", lambda: take("last", 10), 3, 11),
            Cell("b", "fails", lambda: take("fails", 20, torch.OutOfMemoryError("CUDA out of memory.\nTried")), 1, 10),
            Cell("a", "first", lambda: take("first", 25), 0, 10),
            Cell("c", "exits", lambda: take("exits", 5, SystemExit(2)), 2, 10),
        ],
        minutes=1,
        store=lambda so_far: stored.append(len(so_far)),
    )
    assert ran == ["first", "fails", "exits"]
    assert [one["status"] for one in results] == ["ok", "failed", "failed", "dropped"]
    assert results[1]["message"].startswith("OutOfMemoryError: CUDA out of memory.")
    assert "Tried" not in results[1]["message"]
    assert results[2]["message"] == "exit with 2"
    assert stored == [1, 2, 3]


def test_a_cell_that_hangs_is_ended():
    def hang() -> dict:
        while True:
            pass

    (result,) = [cells_module.measure_safely(Cell("a", "hangs", hang, 0, 1), 0.05)]
    assert result["status"] == "failed"
    assert "took more than" in result["message"]


def test_a_meter_counts_what_follows_the_warm_up():
    meter = Meter(torch.device("cpu"), warm_up=2, seconds=0.0, steps=3)
    for width in (100, 100, 4, 5, 6, 7):
        if not meter.is_done:
            meter.add(10, width)
    assert (meter.steps, meter.texts, meter.tokens) == (5, 30, 150)
    assert meter.squared_tokens == 10 * (16 + 25 + 36)
    assert meter.seconds > 0


def test_losses_must_be_finite_and_fall():
    assert experiments.check_losses([2.0] * 10 + [1.0] * 10, True) == {"steps": 20, "first_loss": 2, "last_loss": 1}
    with pytest.raises(AssertionError, match="does not fall: 1"):
        experiments.check_losses([1.0] * 10, True)
    with pytest.raises(AssertionError, match="1 of 3 losses are not finite, the first in step 2"):
        experiments.check_losses([1.0, float("nan"), 0.5], False)


def test_another_gradient_is_found(monkeypatch):
    """A device whose gradient of one weight is 1% off."""
    real = equality.compute_gradients
    calls = []

    def distort(model, batch):
        gradients, loss = real(model, batch)
        calls.append(1)
        if len(calls) % 2 == 0:
            gradients["head.linear.weight"] = gradients["head.linear.weight"] * 1.01
        return gradients, loss

    name, small = TextCNN, {"embedding_dim": 4, "num_filters": 3}
    assert equality.compare_gradients(name, small, torch.device("cpu"))["gradient_difference"] == 0
    monkeypatch.setattr(equality, "compute_gradients", distort)
    with pytest.raises(AssertionError, match=r"the gradient of head\.linear\.weight by 1\.0e-02, and 1e-03 is allowed"):
        equality.compare_gradients(name, small, torch.device("cpu"))
    assert len(calls) == 2 * 3  # with each seed


def make_result(method: str, texts_per_second: float, **more) -> dict:
    labels = {"part": "c", "name": method, "model": "TextCNN", "batch_size": 128, "method": method, "status": "ok"}
    figures = {"texts_per_second": texts_per_second, "loader_ratio": 0.01, "milliseconds_per_step": 1.0, "mfu": None}
    return labels | figures | {"peak_gib": 1.5, "tflops": 2.0, "warm_up_seconds": 0.1} | more


def test_goals_are_judged_by_the_ratios():
    results = [make_result("train.py", 120_000), make_result("Trainer", 50_000)]
    results += [make_result("Trainer, group_by_length", 60_000)]
    default, like_length, loader, headlines = list_goals(results)
    assert default[1:] == ("TextCNN 128: 2.40", "no (0 of 1)")  # 3 times is the goal
    assert like_length[1:] == ("TextCNN 128: 2.00", "yes")
    assert loader[1:] == ("TextCNN 128: 1.0%", "yes")
    assert headlines[1:] == ("120,000", "yes")
    assert {goal[2] for goal in list_goals([])} == {"not measured"}


def test_the_page_names_what_failed_and_what_was_dropped():
    failed = {"part": "b", "name": "trec, 16-mixed", "status": "failed", "message": "RuntimeError: a | b"}
    dropped = {"part": "c", "name": "RNN, batch 64, Trainer", "status": "dropped"}
    page = format_report({"device": "X"}, [make_result("train.py", 7.0), failed, dropped])
    assert "| b | trec, 16-mixed | RuntimeError: a / b |" in page
    assert "Dropped for lack of time: RNN, batch 64, Trainer." in page
    assert "| TextCNN | 128 | train.py | 7 | 1.00 | 1.50 | 2.00 |  | 1.0% | 0.1 s |" in page


def test_each_experiment_has_its_data_and_each_precision(place):
    names = ["banking77", "goemotions", "thucnews", "trec", "trec_fine"]
    assert {find_data_name(config, names) for config in CONFIGS} == set(names)
    whole = Workplace(place.device, None, place.folder, quick=False)
    assert len(experiments.list_cells(whole)) == 3 * len(CONFIGS) > 18
    rehearsed = experiments.list_cells(place)
    assert {cell.labels["experiment"] for cell in rehearsed} == {config.stem for config in CONFIGS}
    assert {cell.labels["precision"] for cell in rehearsed} == set(experiments.PRECISIONS)


def test_what_the_goals_are_about_comes_before_the_sizes_between(place):
    whole = Workplace(place.device, None, place.folder, quick=False)
    of_c = throughput.list_cells(whole)
    assert len({cell.name for cell in of_c}) == len(of_c) == 4 * (5 * 4 + 2)
    priority = {cell.name: cell.priority for cell in of_c}
    assert priority["RNN, batch 128, Trainer"] < priority["RNN, batch 512, train.py"]
    assert priority["RNN, batch 512, train.py"] < priority["MiniLM, batch 128, train.py, compiled"]
    assert priority["MiniLM, batch 128, train.py, compiled"] < priority["TextCNN, batch 64, train.py"]


def test_rows_of_another_length_are_padded():
    batch = peer.pad_rows([{"input_ids": [5, 6, 7], "labels": 1}, {"input_ids": [8], "labels": 0}])
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    recorder = peer.WidthRecorder(peer.pad_rows)
    recorder([{"input_ids": np.arange(4), "labels": 1}])
    assert recorder.widths == [4]


def test_a_missing_package_is_named_with_its_extra():
    with pytest.raises(UsageError, match=r"Trainer needs the package no_such, .*-e '\.\[benchmarks\]'"):
        require_package("no_such", "Trainer")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--path", "nowhere", "--quick"], "--path nowhere is no folder"),
        (["--minutes", "0", "--quick"], "--minutes is a budget of time above 0, got 0"),
        (["--device", "cuda"], "--device cuda needs a GPU that torch sees"),
        ([], "there is no GPU that torch sees; give --quick for a rehearsal"),
    ],
)
def test_wrong_options_are_one_message(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert benchmark.main(["--output", str(tmp_path / "out"), *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"error: {message}")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_rehearsal_fails_nowhere(tmp_path):
    """Every path of the benchmark with tiny models; only what needs a missing package may fail."""
    benchmark.main(["--quick", "--device", "cpu", "--output", str(tmp_path), "--minutes", "30"])
    results = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))["results"]
    wrong = [one for one in results if one["status"] != "ok" and "package accelerate" not in one.get("message", "")]
    assert not wrong
    assert {one["part"] for one in results if one["status"] == "ok"} == {"a", "b", "c"}
    assert "## Goals" in (tmp_path / "gpu.md").read_text(encoding="utf-8")
