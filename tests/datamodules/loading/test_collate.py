from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.loading.collate import collate
from datamodules.loading.text_split import TextSplit
from datamodules.tokenizers.base import TokenIds


def tokens(rows: list[list[int]], types: list[list[int]] | None = None) -> TokenIds:
    offsets = np.cumsum([0, *(len(row) for row in rows)])
    ids = np.array([*chain(*rows)], np.int32)
    return TokenIds(ids, offsets, None if types is None else np.array([*chain(*types)], np.uint8))


def test_rows_are_padded_to_the_longest_of_them():
    batch = collate(tokens([[1, 2, 3, 4], [5], [], [6, 7]]), np.array([0, 1, 2, 3]), np.array([3, 1, 2]), padding_id=9)
    assert batch.input_ids.tolist() == [[6, 7], [5, 9], [9, 9]]
    assert batch.attention_mask.tolist() == [[True, True], [True, False], [False, False]]
    assert batch.labels.tolist() == [3, 1, 2]
    assert batch.index.tolist() == [3, 1, 2]
    assert batch.lengths.tolist() == [2, 1, 0]
    assert batch.token_type_ids is None
    assert (batch.input_ids.dtype, batch.attention_mask.dtype) == (torch.int64, torch.bool)
    assert (batch.labels.dtype, batch.index.dtype) == (torch.int64, torch.int64)


def test_type_ids_are_padded_with_zeros():
    both = tokens([[1, 2, 3], [4, 5]], [[0, 1, 1], [1, 1]])
    batch = collate(both, np.zeros(2, int), np.array([0, 1]), padding_id=9)
    assert batch.token_type_ids.tolist() == [[0, 1, 1], [1, 1, 0]]
    assert batch.token_type_ids.dtype == torch.int64


def test_several_labels_a_text_become_floats():
    labels = np.array([[1, 0], [1, 1]], np.uint8)
    batch = collate(tokens([[1], [2]]), labels, np.array([1]), padding_id=0)
    assert batch.labels.tolist() == [[1.0, 1.0]]
    assert batch.labels.dtype == torch.float32


@pytest.mark.parametrize("rows", [[[], []], [[], [], [3]]])
def test_empty_texts_are_one_token_of_padding_wide(rows):
    batch = collate(tokens(rows), np.zeros(3, int), np.array([0, 1]), padding_id=9)
    assert batch.input_ids.tolist() == [[9], [9]]
    assert not batch.attention_mask.any()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(1, 50), max_size=6), min_size=1, max_size=8), st.data())
def test_a_batch_equals_padding_row_by_row(rows, data):
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=8))
    width = max(1, *(len(rows[row]) for row in chosen), 1)
    batch = collate(tokens(rows), np.zeros(len(rows), int), np.array(chosen), padding_id=0)
    assert batch.input_ids.tolist() == [rows[row] + [0] * (width - len(rows[row])) for row in chosen]
    assert batch.attention_mask.sum(dim=1).tolist() == [len(rows[row]) for row in chosen]


def test_a_memory_mapped_split_gives_batches_of_its_own(tmp_path):
    """A mapped file may be read-only and shared with other runs: what a batch holds must be a copy."""
    np.save(tmp_path / "ids.npy", np.array([1, 2, 3], np.int32))
    np.save(tmp_path / "labels.npy", np.array([4, 5]))
    ids, labels = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("ids", "labels"))
    split = TextSplit(TokenIds(ids, np.array([0, 1, 3])), labels, np.array([7, 8]), padding_id=0)
    batch = split.__getitems__([1, 0])
    batch.input_ids.zero_()
    batch.labels.zero_()
    again = split[1]
    assert (again.input_ids.tolist(), again.labels.tolist(), again.index.tolist()) == ([[2, 3]], [5], [1])
    assert not isinstance(split.tokens.ids, np.memmap)
    assert len(split) == 2
    assert split.lengths.tolist() == [1, 2]


def test_a_batch_does_not_share_memory_with_the_plan_of_rows():
    rows = np.array([0, 1])
    split = TextSplit(tokens([[1], [2]]), np.zeros(2, int), np.arange(2), padding_id=0)
    split.__getitems__(rows).index.zero_()
    assert rows.tolist() == [0, 1]
