"""`predictions.csv` is written in parts, and is the same whatever their size."""

from __future__ import annotations

import csv
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from callbacks.reporting import predictions
from callbacks.reporting.predictions import write_predictions
from contracts.text_spec import TextSpec
from lightning_modules.evaluation import Evaluation
from lightning_modules.tasks import create_task


def evaluated(task: str, rows: int, classes: int):
    """A model, data and an evaluation, as far as the table needs them."""
    names = tuple(f"c{place}" for place in range(classes))
    spec = TextSpec(task, names, (1,) * classes, rows, 30, 0, 20)
    model = SimpleNamespace(text_spec=spec, task=create_task(spec))
    data = SimpleNamespace(
        get_split=lambda name: SimpleNamespace(numbers=np.arange(rows) + 7),
        load_texts=lambda name: [f"text {row}" for row in range(rows)],
        load_pairs=lambda name: None,
    )
    rng = torch.Generator().manual_seed(0)
    probabilities = torch.rand(rows, classes, generator=rng)
    if task == "single_label":
        labels, probabilities = torch.arange(rows) % classes, probabilities / probabilities.sum(1, keepdim=True)
    else:
        labels = torch.randint(0, 2, (rows, classes), generator=rng).float()
    return model, data, Evaluation(torch.arange(rows), labels, probabilities, torch.rand(rows, generator=rng))


@pytest.mark.parametrize("task", ["single_label", "multi_label"])
@pytest.mark.parametrize("size", [1, 7, 1000], ids=["a row each", "two rows each", "one part"])
def test_the_table_does_not_depend_on_the_size_of_its_parts(monkeypatch, tmp_path, task, size):
    model, data, evaluation = evaluated(task, rows=5, classes=3)
    monkeypatch.setattr(predictions, "_MAX_PROBABILITIES", size)
    write_predictions(tmp_path / "table.csv", model, data, evaluation)
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["row"] for line in lines] == ["7", "8", "9", "10", "11"]
    assert [line["text"] for line in lines] == [f"text {row}" for row in range(5)]
    for row, line in enumerate(lines):
        probabilities = evaluation.probabilities[row]
        assert [line[f"probability:c{place}"] for place in range(3)] == [f"{value:.7f}" for value in probabilities]
        assert line["loss"] == f"{evaluation.losses[row]:.6f}"
        if task == "single_label":
            assert line["label"] == f"c{row % 3}"
            assert line["prediction"] == f"c{int(probabilities.argmax())}"


def test_memory_does_not_grow_with_the_probabilities(tmp_path):
    """As one list they took 41 bytes each, here 16 MB."""
    model, data, evaluation = evaluated("single_label", rows=2_000, classes=200)
    tracemalloc.start()
    write_predictions(tmp_path / "table.csv", model, data, evaluation)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8e6, peak
