from __future__ import annotations

import pytest
import torch

from contracts.text_spec import TextSpec
from lightning_modules.metrics import compute_multi_label_metrics, compute_single_label_metrics
from lightning_modules.tasks import MultiLabel, SingleLabel, create_task, decode_labels

LOGITS = torch.tensor([[0.0, 2.0, -1.0], [3.0, 0.0, 0.5], [-2.0, -3.0, -0.1]])


def spec(task: str) -> TextSpec:
    return TextSpec(task, ("a", "b", "c"), (2, 1, 1), 4, vocabulary_size=5, padding_id=0, max_length=3)


def test_the_data_call_for_the_task():
    assert isinstance(create_task(spec("single_label")), SingleLabel)
    assert isinstance(create_task(spec("multi_label")), MultiLabel)


def test_probabilities_of_one_label_sum_to_one_and_the_likeliest_is_decided():
    task = SingleLabel()
    probabilities = task.compute_probabilities(LOGITS)
    torch.testing.assert_close(probabilities, LOGITS.exp() / LOGITS.exp().sum(1, keepdim=True))
    assert task.decide(probabilities).tolist() == [1, 0, 2]


def test_probabilities_of_several_labels_are_each_for_itself():
    task = MultiLabel()
    probabilities = task.compute_probabilities(LOGITS)
    torch.testing.assert_close(probabilities, 1 / (1 + (-LOGITS).exp()))
    assert task.decide(probabilities).tolist() == [[1, 1, 0], [1, 1, 1], [0, 0, 0]]  # a logit of 0 is a half


@pytest.mark.parametrize(
    ("threshold", "decided"), [(0.0, [1, 1, 1]), (0.3, [0, 1, 1]), (0.5, [0, 0, 1]), (0.91, [0, 0, 0])]
)
def test_the_threshold_is_the_least_probability_that_counts(threshold, decided):
    assert MultiLabel(threshold).decide(torch.tensor([[0.1, 0.3, 0.9]])).tolist() == [decided]


@pytest.mark.parametrize("task", [SingleLabel(), MultiLabel()])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_huge_logits_of_any_precision_give_finite_probabilities(task, dtype):
    probabilities = task.compute_probabilities(torch.tensor([[6e4, -6e4, 0.0]], dtype=dtype))
    assert probabilities.dtype == torch.float32
    torch.testing.assert_close(probabilities[0, :2], torch.tensor([1.0, 0.0]))


def test_metrics_are_those_of_the_task_by_its_names():
    labels = torch.tensor([1, 0, 1])
    one = SingleLabel()
    found = one.compute_metrics(one.compute_probabilities(LOGITS), labels)
    assert found == compute_single_label_metrics(LOGITS.softmax(1), labels)
    assert set(found) == set(one.metric_names)

    rows = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # floats, as a batch has them
    many = MultiLabel(0.9)
    found = many.compute_metrics(LOGITS.sigmoid(), rows)
    assert found == compute_multi_label_metrics(LOGITS.sigmoid(), (LOGITS.sigmoid() >= 0.9).long(), rows.long())
    assert set(found) == set(many.metric_names)


def test_decisions_have_names():
    assert decode_labels(SingleLabel(), spec("single_label"), LOGITS.softmax(1)) == ["b", "a", "c"]
    names = decode_labels(MultiLabel(), spec("multi_label"), LOGITS.sigmoid())
    assert names == [["a", "b"], ["a", "b", "c"], []]
    assert decode_labels(SingleLabel(), spec("single_label"), LOGITS[:0]) == []
    assert decode_labels(MultiLabel(), spec("multi_label"), LOGITS[:0]) == []
