"""From found rows to a vector per id: cases, characters, and those that are drawn."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import DataError
from datamodules.vectors.initial_vectors import build_initial_vectors, list_case_variants, list_spellings
from datamodules.vectors.vector_rows import VectorRows


def found(**vectors):
    rows = VectorRows(Path("file.txt"), 2, ())
    for token, vector in vectors.items():
        rows.add(token.encode(), np.array(vector, np.float32))
    rows.num_rows, rows.examples = len(vectors), list(vectors)[:3]
    return rows


def start(tokens, rows, missing="matched", counts=None, seed=0):
    counts = np.ones(len(tokens), np.int64) if counts is None else np.array(counts)
    return build_initial_vectors(tokens, counts, 0, rows, missing, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["apple", "Apple", "APPLE"], "apple"),
        (["Apple", "APPLE"], "Apple"),
        (["APPLE"], "APPLE"),
    ],
)
def test_the_best_case_is_taken(there, expected):
    vectors, coverage = start(["[PAD]", "apple"], found(**{word: [1, len(word) + ord(word[1])] for word in there}))
    assert vectors[1].tolist() == [1, 5 + ord(expected[1])]
    assert (coverage.as_is, coverage.other_case) == ((1, 0) if expected == "apple" else (0, 1))


def test_a_token_with_capitals_is_looked_for_as_it_is_and_then_in_small_letters():
    assert list_case_variants("USA") == ["USA", "usa", "Usa"]


@pytest.mark.parametrize("token", ["##word", "\u2581word", "\u0120word", "<B>word"])
def test_marks_of_parts_of_words_do_not_stand_in_the_way(token):
    vectors, coverage = start(["[PAD]", token], found(word=[1, 2]))
    assert vectors[1].tolist() == [1, 2]
    assert coverage.as_is == 1


def test_special_tokens_have_no_other_case_and_no_characters():
    assert list_spellings(["[UNK]", "<unk>"], "zeros") == {b"[UNK]", b"<unk>"}
    vectors, coverage = start(["[PAD]", "[UNK]", "a"], found(a=[1, 1], U=[5, 5], N=[5, 5]), "characters")
    assert (coverage.from_characters, coverage.drawn) == (0, 1)
    assert vectors[1].tolist() == [1, 1], "one vector has no spread"


def test_rows_not_found_are_drawn_with_the_mean_and_spread_of_those_found():
    tokens = ["[PAD]", "a", "b", *(f"x{i}" for i in range(20_000))]
    vectors, coverage = start(tokens, found(a=[0, 10], b=[2, 30]))
    np.testing.assert_allclose(vectors[3:].mean(0), [1, 20], rtol=0.02)
    np.testing.assert_allclose(vectors[3:].std(0), [1, 10], rtol=0.02)
    assert coverage.drawn == 20_000
    assert not vectors[0].any()


def test_the_drawn_ones_follow_from_the_seed():
    tokens, rows = ["[PAD]", "a", "b", "x"], found(a=[0, 1], b=[2, 5])
    first, again, other = (start(tokens, rows, seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[3], other[3])


def test_rows_not_found_are_averaged_from_their_characters():
    """Of "aab!" three characters are known, b in its capital only: (2·[3, 0] + [0, 9]) / 3."""
    vectors, coverage = start(["[PAD]", "aab!", "?"], found(a=[3, 0], B=[0, 9]), "characters")
    np.testing.assert_allclose(vectors[1], [2, 3])
    assert (coverage.as_is, coverage.from_characters, coverage.drawn) == (0, 1, 1)
    assert vectors[2].tolist() == [2, 3], "drawn like the only one known"


def test_zeros_stay_zero():
    vectors, coverage = start(["[PAD]", "a", "x"], found(a=[1, 2]), "zeros")
    assert vectors.tolist() == [[0, 0], [1, 2], [0, 0]]
    assert (coverage.zero, coverage.drawn) == (1, 0)


def test_the_padding_is_zero_even_where_the_file_has_a_vector_for_it():
    assert not start(["pad", "a"], found(pad=[1, 1], a=[2, 2]))[0][0].any()


def test_coverage_counts_ids_and_training_tokens():
    """Found are a (6 times) and b as B (3 times) of a, b, c (1) and d (0); the padding does not count."""
    _, coverage = start(["[PAD]", "a", "b", "c", "d"], found(a=[1, 1], B=[2, 2]), counts=[99, 6, 3, 1, 0])
    assert (coverage.ids, coverage.as_is, coverage.other_case, coverage.drawn) == (4, 1, 1, 2)
    assert (coverage.share_of_ids, coverage.share_of_tokens) == (0.5, 0.9)
    assert coverage.commonest_missing == ["c", "d"]
    assert coverage.summarize() == (
        "2 of 4 ids found (50.0%), 90.0% of the training tokens: 1 as they are, 1 in another case, 2 random"
    )


def test_a_file_without_any_of_the_tokens_is_refused():
    with pytest.raises(DataError, match=r"no vector for any of the 2 tokens, such as 猫, 狗; its tokens .* cat, dog"):
        start(["[PAD]", "狗", "猫"], found(cat=[1, 1], dog=[2, 2]), counts=[0, 1, 5])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=8, unique=True))
def test_every_spelling_that_is_looked_up_was_asked_for(tokens):
    """Whatever the tokens are: a file with all wanted rows leaves nothing to be drawn."""
    rows = VectorRows(Path("all"), 2, ())
    for token in list_spellings(tokens, "characters"):
        rows.add(token, np.ones(2, np.float32))
    _, coverage = start(["[PAD]", *tokens], rows)
    assert coverage.as_is == len(tokens)
