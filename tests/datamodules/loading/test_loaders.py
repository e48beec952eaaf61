from __future__ import annotations

import os

import numpy as np
import pytest
import torch

from datamodules.loading.loaders import TrainingLoader, build_evaluation_loader
from datamodules.loading.text_split import TextSplit
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.length_bucket import LengthBucket
from datamodules.tokenizers.base import TokenIds

ROWS = 23


def split(rows: int = ROWS) -> TextSplit:
    """Row i is i % 5 + 1 times the token i + 1."""
    lengths = np.arange(rows) % 5 + 1
    ids = np.repeat(np.arange(rows, dtype=np.int32) + 1, lengths)
    return TextSplit(TokenIds(ids, np.cumsum([0, *lengths])), np.arange(rows) % 3, np.arange(rows) + 100, padding_id=0)


def loader(num_workers: int = 0, rows: int = ROWS) -> TrainingLoader:
    texts = split(rows)
    return TrainingLoader(texts, LengthBucket(SamplingContext(texts.labels, texts.lengths, 3, 4, 5)), num_workers)


def rows_of(batches) -> list[list[int]]:
    return [batch.index.tolist() for batch in batches]


@pytest.fixture
def no_word_on_parallelism(monkeypatch):
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "so that it is put back")
    monkeypatch.delenv("TOKENIZERS_PARALLELISM")


def test_batches_are_those_of_the_sampler_and_hold_its_rows():
    found = list(loader())
    planned = [rows.tolist() for rows in loader().sampler]
    assert rows_of(found) == planned
    assert len(loader()) == len(found) == 6
    for batch in found:
        assert (batch.input_ids.amax(dim=1) == batch.index + 1).all()
        assert (batch.attention_mask.sum(dim=1) == batch.index % 5 + 1).all()
        assert (batch.labels == batch.index % 3).all()


@pytest.mark.parametrize("done", [0, 1, 4, 6])
@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_loaded_state_goes_on_after_the_last_batch_that_was_handed_out(done, num_workers, no_word_on_parallelism):
    """Workers fetch ahead: what they hold and the run has not seen must come again."""
    whole = loader()
    expected = rows_of(whole) + rows_of(whole)
    stopped = loader(num_workers)
    steps = iter(stopped)
    seen = [next(steps).index.tolist() for _ in range(done)]
    state = stopped.state_dict()
    del steps

    resumed = loader()
    early = iter(resumed)  # as Lightning does, before the state is loaded
    resumed.load_state_dict(state)
    rest = rows_of(early)
    assert len(rest) == (6 - done or 6)
    assert seen + rest == expected[: done + len(rest)]


def test_an_iterator_that_was_never_used_changes_nothing():
    once = loader()
    iter(once)
    assert rows_of(once) == rows_of(loader())


def test_a_pass_draws_nothing_from_the_global_generator():
    """A resumed run starts the loader once more often; dropout after it must not notice."""
    before = torch.get_rng_state()
    list(loader())
    list(build_evaluation_loader(split(), 4))
    assert torch.equal(torch.get_rng_state(), before)


def test_workers_keep_tokenizers_from_threads(no_word_on_parallelism):
    next(iter(loader()))
    assert "TOKENIZERS_PARALLELISM" not in os.environ
    next(iter(loader(num_workers=1)))
    assert os.environ["TOKENIZERS_PARALLELISM"] == "false"


def test_a_choice_of_the_user_about_threads_stays(monkeypatch):
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    next(iter(build_evaluation_loader(split(), 4, num_workers=1)))
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true"


def test_evaluation_takes_each_text_once_by_length():
    found = list(build_evaluation_loader(split(), 4))
    rows = [row for batch in found for row in batch.index.tolist()]
    assert sorted(rows) == list(range(ROWS))
    lengths = [row % 5 + 1 for row in rows]
    assert lengths == sorted(lengths, reverse=True)
    assert [len(batch.index) for batch in found] == [4, 4, 4, 4, 4, 3]


def test_evaluation_gives_the_same_batches_each_time():
    texts = build_evaluation_loader(split(), 4)
    assert rows_of(texts) == rows_of(texts)
    assert len(texts) == 6


@pytest.mark.parametrize("world_size", [1, 2, 3, 5])
@pytest.mark.parametrize("rows", [1, 2, 22, 23, 24])
def test_ranks_evaluate_each_text_once_but_for_repeats_that_make_them_even(rows, world_size):
    ranks = [rows_of(build_evaluation_loader(split(rows), 4, rank, world_size)) for rank in range(world_size)]
    sizes = [[len(batch) for batch in batches] for batches in ranks]
    assert all(size == sizes[0] for size in sizes)
    seen = [row for batches in ranks for batch in batches for row in batch]
    assert set(seen) == set(range(rows))
    assert len(seen) - rows == -rows % world_size


def test_evaluation_of_no_text_has_no_batch():
    assert rows_of(build_evaluation_loader(split(0), 4, rank=1, world_size=2)) == []
