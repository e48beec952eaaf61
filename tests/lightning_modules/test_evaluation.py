"""Batches of all ranks become one table: each text once, in the order of its rows."""

import torch

from lightning_modules.evaluation import Evaluation, merge_evaluations


def evaluate(*rows: int) -> Evaluation:
    """Values that tell their row: label = row, probabilities (row, -row), loss = row / 2."""
    index = torch.tensor(rows)
    return Evaluation(index, index, torch.stack([index, -index], 1).float(), index / 2)


def test_batches_are_joined_in_the_order_of_their_rows():
    merged = merge_evaluations([evaluate(4, 0), evaluate(3), evaluate(1, 2)], gather=lambda part: part)
    for name, part in vars(evaluate(0, 1, 2, 3, 4)).items():
        assert torch.equal(getattr(merged, name), part), name


def test_texts_that_fill_up_a_rank_count_once():
    """The first of two ranks has the rows 0 and 2, the second one 1 and 2 again."""
    others = iter(vars(evaluate(1, 2)).values())  # gathered one after the other
    merged = merge_evaluations([evaluate(0, 2)], lambda part: torch.cat([part, next(others)]))
    assert merged.index.tolist() == [0, 1, 2]
    assert merged.losses.tolist() == [0, 0.5, 1]
    assert merged.probabilities.tolist() == [[0, 0], [1, -1], [2, -2]]
