"""Batches of all ranks become one table: each text once, in the order of its rows."""

import math
from types import SimpleNamespace

import torch

from lightning_modules.evaluation import Evaluation, evaluate_split, gather_batches, merge_repeated_rows
from lightning_modules.tasks import SingleLabel


def evaluate(*rows: int) -> Evaluation:
    """Values that tell their row: label = row, probabilities (row, -row), loss = row / 2."""
    index = torch.tensor(rows)
    return Evaluation(index, index, torch.stack([index, -index], 1).float(), index / 2)


def test_batches_are_joined_in_the_order_of_their_rows():
    merged = merge_repeated_rows(gather_batches([evaluate(4, 0), evaluate(3), evaluate(1, 2)], lambda part: part))
    for name, part in vars(evaluate(0, 1, 2, 3, 4)).items():
        assert torch.equal(getattr(merged, name), part), name


def test_texts_that_fill_up_a_rank_count_once():
    """The first of two ranks has the rows 0 and 2, the second one 1 and 2 again."""
    others = iter(vars(evaluate(1, 2)).values())  # gathered one after the other
    merged = merge_repeated_rows(gather_batches([evaluate(0, 2)], lambda part: torch.cat([part, next(others)])))
    assert merged.index.tolist() == [0, 1, 2]
    assert merged.losses.tolist() == [0, 0.5, 1]
    assert merged.probabilities.tolist() == [[0, 0], [1, -1], [2, -2]]


class CountingTask(SingleLabel):
    """Counts how often metrics are computed."""

    computed = 0

    def compute_metrics(self, probabilities, labels):
        self.computed += 1
        return super().compute_metrics(probabilities, labels)


def two_ranks(rank: int, others: Evaluation, from_first: list):
    """A trainer on one of two ranks; the other one holds `others`, and the first one's results come from it."""
    of_others = iter(vars(others).values())

    def broadcast(results):
        from_first.extend([results] if rank == 0 else [])
        return from_first[0]

    strategy = SimpleNamespace(all_gather=lambda part: torch.stack([part, next(of_others)]), broadcast=broadcast)
    return SimpleNamespace(strategy=strategy, world_size=2, is_global_zero=rank == 0)


def probable(*rows: int) -> Evaluation:
    """Each text has the label of its row, modulo 2, and is predicted to have the label 1."""
    index = torch.tensor(rows)
    return Evaluation(index, index % 2, torch.tensor([[0.25, 0.75]]).expand(len(rows), 2), index / 2)


def test_metrics_are_computed_on_the_first_rank_and_known_on_all():
    shared, task = [], CountingTask()
    first = evaluate_split([probable(0, 2)], task, two_ranks(0, probable(1, 3), shared))
    second = evaluate_split([probable(1, 3)], task, two_ranks(1, probable(0, 2), shared))
    assert task.computed == 1
    assert first[0].index.tolist() == [0, 1, 2, 3]
    assert second[0] is None
    assert first[1:] == second[1:]
    assert first[1]["accuracy"] == 0.5
    assert first[1]["loss"] == 0.75
    assert first[2] == 4


def test_probabilities_that_are_not_finite_have_no_metrics():
    """The most probable class of them would still be right for some texts."""
    broken = probable(0, 1)
    broken = Evaluation(broken.index, broken.labels, broken.probabilities * torch.nan, broken.losses)
    alone = SimpleNamespace(world_size=1, is_global_zero=True, strategy=SimpleNamespace(broadcast=lambda value: value))
    task = CountingTask()
    _, values, _ = evaluate_split([broken], task, alone)
    assert task.computed == 0
    assert values.keys() == {*SingleLabel.metric_names, "loss"}
    assert all(math.isnan(value) for name, value in values.items() if name != "loss")
