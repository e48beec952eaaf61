"""From rows to arrays; expectations are derived by hand from rows in memory."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rows_in_memory import RowsInMemory

from contracts.errors import DataError, UsageError
from contracts.text_spec import TextSpec
from datamodules.preparation.options import PreparationOptions
from datamodules.preparation.prepare import prepare
from datamodules.sources.base import Rows
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.base import TokenIds, tokenizer_from_json
from datamodules.tokenizers.characters import Characters
from datamodules.tokenizers.pretrained import Pretrained
from datamodules.tokenizers.words import Words

CLS, SEP, A, B, C = 2, 3, 5, 6, 7  # of the tiny BERT


@pytest.fixture
def data(tmp_path):
    """Prepares rows, and sets them up for reading."""

    def prepared(train: Rows, validation: Rows | None = None, test: Rows | None = None, tokenizer=Words, **options):
        splits = {"train": train, "validation": validation, "test": test}
        given = {name: rows for name, rows in splits.items() if rows is not None}
        module = TextDataModule(lambda: RowsInMemory(**given), tokenizer, cache_dir=str(tmp_path / "cache"), **options)
        module.setup()
        return module

    return prepared


def rows_of(tokens: TokenIds) -> list[list[int]]:
    return [tokens.ids[start:end].tolist() for start, end in zip(tokens.offsets, tokens.offsets[1:], strict=False)]


def labelled(*labels: str, word: str = "text") -> Rows:
    return Rows([f"{word} {number}" for number in range(len(labels))], list(labels))


SOME = Rows(["x a", "y b", "x c", "y d"], ["x", "y", "x", "y"])
HELD_OUT = Rows(["x", "y"], ["x", "y"])
GAPS = Rows(["x a", "", "y b", " \t\u3000", "x c"], ["x", "x", "y", "y", "x"])
BAGS = Rows(["r g", "g", "b", "none", "all"], [["red", "green"], ["green"], ["blue"], [], ["red", "green", "blue"]])


# Empty texts


def test_empty_texts_are_dropped_and_counted_and_the_others_keep_their_number(data):
    module = data(GAPS, HELD_OUT)
    assert module.load_texts("train") == ["x a", "y b", "x c"]
    assert module.get_split("train").numbers.tolist() == [0, 2, 4]
    assert module.spec.class_counts == (2, 1)
    note = "train: 2 of 5 texts dropped because they are empty (rows 1, 3, counted from 0; --data.empty)"
    assert note in module.notes


def test_empty_texts_can_be_kept(data):
    module = data(GAPS, HELD_OUT, empty="keep")
    assert module.load_texts("train") == GAPS.texts
    assert module.get_split("train").numbers.tolist() == [0, 1, 2, 3, 4]
    assert module.get_split("train").lengths.tolist() == [2, 0, 2, 0, 2]
    assert not any("empty" in note for note in module.notes)


def test_empty_texts_can_be_refused(data):
    message = (
        r"train: 2 of 5 texts are empty \(rows 1, 3, counted from 0\); fix them, or choose --data.empty drop or keep"
    )
    with pytest.raises(DataError, match=message):
        data(GAPS, HELD_OUT, empty="refuse")


def test_many_empty_rows_are_named_in_part(data):
    module = data(SOME, Rows(["x", *[""] * 9], ["x"] * 10))
    assert any(
        "9 of 10 texts dropped because they are empty (rows 1, 2, 3, 4, 5, counted" in note for note in module.notes
    )


def test_a_training_split_of_empty_texts_is_refused(data):
    with pytest.raises(DataError, match="the training split has no text that could be used"):
        data(Rows(["", " "], ["x", "y"]))


def test_a_held_out_split_of_empty_texts_is_refused(data):
    with pytest.raises(DataError, match="the validation split has no text that could be used; fill it, or leave"):
        data(SOME, Rows([" "], ["x"]))


# Splits


def test_one_file_is_cut_into_three_stratified_and_seeded(data):
    rows = labelled(*["x"] * 40, *["y"] * 20)
    module = data(rows)
    counts = {name: np.bincount(module.get_split(name).labels).tolist() for name in ("train", "validation", "test")}
    assert counts == {"train": [32, 16], "validation": [4, 2], "test": [4, 2]}
    numbers = [number for name in counts for number in module.get_split(name).numbers.tolist()]
    assert sorted(numbers) == list(range(60))
    assert "test: 6 of the 60 rows, in the same class proportions (--data.split_seed)" in module.notes
    assert "validation: 6 of the 60 rows, in the same class proportions (--data.split_seed)" in module.notes
    other = data(rows, split_seed=1)
    assert other.get_split("test").numbers.tolist() != module.get_split("test").numbers.tolist()


def test_another_validation_share_leaves_the_test_rows_as_they_are(data):
    rows = labelled(*["x"] * 40, *["y"] * 20)
    one, other = data(rows), data(rows, validation_size=0.3)
    assert one.get_split("test").numbers.tolist() == other.get_split("test").numbers.tolist()
    assert len(other.get_split("validation")) == 18  # a share of the 60 rows there were, not of those the test left


def test_where_only_validation_is_missing_it_is_cut_from_training(data):
    module = data(labelled(*["x"] * 20, *["y"] * 20), test=HELD_OUT, validation_size=0.2)
    assert [len(module.get_split(name)) for name in ("train", "validation", "test")] == [32, 8, 2]
    assert module.load_texts("test") == HELD_OUT.texts


def test_where_only_a_test_is_missing_there_is_none(data):
    module = data(SOME, HELD_OUT)
    assert (module.has_split("validation"), module.has_split("test")) == (True, False)
    assert module.test_dataloader() == []
    assert len(module.get_split("train")) == 4


def test_splits_that_are_there_stay_as_they_are(data):
    module = data(SOME, HELD_OUT, Rows(["y y"], ["y"]))
    for name, rows in (("train", SOME), ("validation", HELD_OUT), ("test", Rows(["y y"], ["y"]))):
        assert module.load_texts(name) == rows.texts
        assert [module.spec.label_names[label] for label in module.get_split(name).labels] == rows.labels
        assert module.get_split(name).numbers.tolist() == list(range(len(rows.texts)))


def test_too_few_rows_to_cut_are_refused(data):
    message = (
        r"no row of the training split could be set aside for test: it has 2 rows, and .* Give a test file, or a "
        r"larger --data.test_size \(now 0.1\)"
    )
    with pytest.raises(DataError, match=message):
        data(labelled("x", "y"))


def test_the_share_in_a_message_is_the_one_that_was_chosen(data):
    with pytest.raises(DataError, match=r"for validation: .*--data.validation_size \(now 0.01\)"):
        data(labelled(*["x"] * 10, *["y"] * 10), validation_size=0.01, test_size=0.5)


def test_a_row_number_is_the_place_in_the_source_after_drops_and_cuts(data):
    rows = labelled(*["x", "y"] * 30)
    rows.texts[::7] = [""] * len(rows.texts[::7])
    module = data(rows)
    for name in ("train", "validation", "test"):
        numbers = module.get_split(name).numbers.tolist()
        assert module.load_texts(name) == [rows.texts[number] for number in numbers]
        labels = [module.spec.label_names[label] for label in module.get_split(name).labels]
        assert labels == [rows.labels[number] for number in numbers]


def test_several_labels_a_row_lose_none_to_the_held_out_rows(data):
    """Here "z" would be cut off whole by the rarer labels beside it, and validation would hold a label unknown."""
    rows = Rows([f"text {i}" for i in range(4)], [["s", "z"], ["s"], ["t", "z"], ["t"]])
    for seed in range(6):
        module = data(rows, test=Rows(["x"], [["s"]]), validation_size=0.5, split_seed=seed)
        assert module.spec.label_names == ("s", "t", "z")


# Labels


def test_labels_unknown_to_training_are_refused_with_their_names_and_counts(data):
    test = Rows(list("abcd"), ["x", "new", "new", "odd"])
    with pytest.raises(DataError) as raised:
        data(SOME, HELD_OUT, test)
    assert str(raised.value) == (
        "test: 3 of 4 rows have 2 labels that are not in the training split: 'new' (2), 'odd' (1). The training "
        "split has: 'x', 'y'. Fix the labels, add such texts to training, or drop these rows "
        "with --data.unseen_labels drop."
    )


def test_labels_unknown_to_training_can_be_left_out(data):
    module = data(SOME, Rows(list("abcd"), ["new", "x", "new", "y"]), unseen_labels="drop")
    assert module.load_texts("validation") == ["b", "d"]
    assert module.get_split("validation").numbers.tolist() == [1, 3]
    assert (
        "validation: 2 of 4 rows dropped because they have 1 label that are not in the training split: 'new' (2)"
        in module.notes
    )


def test_leaving_all_rows_out_is_refused(data):
    with pytest.raises(DataError, match=r"validation: 1 of 1 rows have 1 label .*'new' \(1\). No row is left"):
        data(SOME, Rows(["a"], ["new"]), unseen_labels="drop")


def test_unknown_labels_among_several_are_found(data):
    with pytest.raises(DataError, match=r"validation: 2 of 3 rows have 2 labels .*: 'odd' \(2\), 'new' \(1\)"):
        data(BAGS, Rows(["a", "b", "c"], [["red", "odd"], ["new", "odd"], ["blue"]]))
    module = data(BAGS, Rows(["a", "b", "c"], [["red", "odd"], [], ["blue"]]), unseen_labels="drop")
    assert module.load_texts("validation") == ["b", "c"]


@pytest.mark.parametrize(
    ("rows", "got"),
    [
        (Rows(["a", "b"], ["x", "x"]), "at least two different labels, got only 'x'"),
        (Rows(["a", "b"], [[], []]), "got none"),
    ],
)
def test_one_class_only_is_refused(data, rows, got):
    with pytest.raises(DataError, match=f"{got}. Check --data.source.label_column, or add texts"):
        data(rows, rows, rows)


def test_one_label_is_enough_where_a_text_may_have_none(data):
    rows = Rows(["a", "b"], [["x"], []])
    assert data(rows, rows).get_split("train").labels.tolist() == [[1], [0]]


def test_classes_of_a_single_text_are_noted(data):
    module = data(labelled("x", "x", "rare", "y", "y", "lone"), HELD_OUT)
    assert ("train: 2 of 4 classes have only one training text: lone, rare") in module.notes


def test_each_class_number_means_its_name(data):
    names = ["b", "a", "ä", "B", "10", "9", "a b"]
    module = data(labelled(*names * 2), labelled(*names[::-1]))
    assert module.spec.label_names == tuple(sorted(names))
    assert [module.spec.label_names[label] for label in module.get_split("train").labels] == names * 2
    assert [module.spec.label_names[label] for label in module.get_split("validation").labels] == names[::-1]
    assert module.spec.class_counts == (2,) * 7


def test_several_labels_become_a_table_of_zeros_and_ones(data):
    module = data(BAGS, BAGS.select([3, 0]))
    assert (module.spec.task, module.spec.label_names) == ("multi_label", ("blue", "green", "red"))
    assert module.spec.class_counts == (2, 3, 2)
    assert module.get_split("train").labels.tolist() == [[0, 1, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]]
    assert module.get_split("validation").labels.tolist() == [[0, 0, 0], [0, 1, 1]]
    assert module.get_split("train")[0].labels.tolist() == [[0.0, 1.0, 1.0]]


# Lengths


@pytest.fixture
def growing() -> Rows:
    """Ten texts of 1 to 10 words, 55 in all."""
    return Rows([" ".join(["word"] * words) for words in range(1, 11)], ["x", "y"] * 5)


@pytest.mark.parametrize(
    ("max_length", "length", "cut", "lost"),
    [
        (8, 8, 2, "5.5%"),  # (1 + 2) / 55
        (0.8, 8, 2, "5.5%"),
        (0.75, 8, 2, "5.5%"),  # the least length that covers so many
        (1, 1, 9, "81.8%"),  # 45 / 55
        (0.1, 1, 9, "81.8%"),
        (0.0001, 1, 9, "81.8%"),
    ],
)
def test_a_length_or_a_share_to_cover_says_what_it_cuts(data, growing, max_length, length, cut, lost):
    module = data(growing, HELD_OUT, max_length=max_length)
    assert module.spec.max_length == length
    assert module.get_split("train").lengths.tolist() == [min(words, length) for words in range(1, 11)]
    assert (
        f"texts truncated to {length} tokens (--data.max_length): {cut} of 10 train ({lost} of their tokens)"
    ) in module.notes  # and validation is not named


@pytest.mark.parametrize(("max_length", "length"), [(1.0, 10), (0.91, 10), (0.99, 10), (10, 10), (11, 11), (500, 500)])
def test_where_all_texts_are_covered_nothing_is_said(data, growing, max_length, length):
    module = data(growing, HELD_OUT, max_length=max_length)
    assert module.spec.max_length == length
    assert module.get_split("train").lengths.tolist() == list(range(1, 11))
    assert not any("longer" in note for note in module.notes)


def test_the_length_covers_training_texts_and_binds_the_others_too(data, growing):
    module = data(growing, Rows(["word " * 30, "word"], ["x", "y"]), max_length=1.0)
    assert module.get_split("validation").lengths.tolist() == [10, 1]
    assert "texts truncated to 10 tokens (--data.max_length): 1 of 2 validation (64.5% of their tokens)" in module.notes


def test_truncation_of_several_splits_is_one_note(data, growing):
    module = data(growing, Rows(["word " * 30, "word"], ["x", "y"]), test=Rows(["word " * 16], ["x"]), max_length=8)
    assert [note for note in module.notes if "truncated" in note] == [
        "texts truncated to 8 tokens (--data.max_length): 2 of 10 train (5.5% of their tokens), "
        "1 of 2 validation (71.0% of their tokens), 1 of 1 test (50.0% of their tokens)"
    ]


def test_the_beginning_of_a_long_text_is_what_stays(data):
    rows = Rows(["abcd", "e", "fghij", "kl"], ["x", "y", "x", "y"])
    module = data(rows, rows, tokenizer=Characters, max_length=0.5)
    characters = module.tokenizer
    expected = characters.encode_batch(["ab", "e", "fg", "kl"])
    assert module.spec.max_length == 2
    assert rows_of(module.get_split("train").tokens) == rows_of(expected)


@pytest.mark.parametrize("max_length", [4, 0.5])
def test_special_tokens_stay_when_long_texts_are_cut(data, tiny_bert, max_length):
    rows = Rows(["a", "a b c a", "b", "a b c", "c b"], ["x", "y", "x", "y", "x"])
    module = data(rows, rows, tokenizer=lambda: Pretrained(str(tiny_bert)), max_length=max_length)
    assert module.spec.max_length == 4  # lengths are 3, 6, 3, 5, 4
    expected = [[CLS, A, SEP], [CLS, A, B, SEP], [CLS, B, SEP], [CLS, A, B, SEP], [CLS, C, B, SEP]]
    assert rows_of(module.get_split("train").tokens) == expected
    assert any("2 of 5 train (14.3% of their" in note for note in module.notes)  # 3 / 21


def test_no_text_is_longer_than_the_model_can_take(data, tiny_bert):
    rows = Rows(["a " * 40, "b " * 30], ["x", "y"])
    module = data(rows, rows, tokenizer=lambda: Pretrained(str(tiny_bert)), max_length=1.0)
    assert module.spec.max_length == 16
    assert module.get_split("train").lengths.tolist() == [16, 16]


def test_the_least_length_is_one(data):
    rows = Rows(["", " "], ["x", "y"])
    assert data(rows, rows, empty="keep", max_length=0.5).spec.max_length == 1


# Pairs


def test_pairs_are_encoded_together_and_kept_apart(data, tiny_bert):
    rows = Rows(["a", "a b c", "b"], ["x", "y", "x"], pairs=["b", "a b c a", ""])
    module = data(rows, rows.select([2, 0]), tokenizer=lambda: Pretrained(str(tiny_bert)), max_length=9)
    tokens = module.get_split("train").tokens
    assert rows_of(tokens) == [[CLS, A, SEP, B, SEP], [CLS, A, B, C, SEP, A, B, C, SEP], [CLS, B, SEP, SEP]]
    assert any(note.startswith("texts truncated to 9 tokens") and "1 of 3 train" in note for note in module.notes)
    assert tokens.type_ids[:5].tolist() == [0, 0, 0, 1, 1]
    assert len(tokens.type_ids) == len(tokens.ids)
    assert (module.spec.pairs, module.load_pairs("train")) == (True, rows.pairs)
    assert module.load_pairs("validation") == ["", "b"]
    assert module.get_split("train")[0].token_type_ids.tolist() == [[0, 0, 0, 1, 1]]


def test_pairs_need_a_tokenizer_that_tells_them_apart(data):
    rows = Rows(["a", "b"], ["x", "y"], pairs=["c", "d"])
    message = r"pairs of texts, which Words cannot distinguish; choose --data.tokenizer Pretrained"
    with pytest.raises(UsageError, match=message):
        data(rows, rows)


# What is written


def test_the_folder_holds_what_a_checkpoint_and_a_reader_need(tmp_path):
    prepare(RowsInMemory(train=SOME, validation=HELD_OUT), Words(), PreparationOptions(), tmp_path, quiet=True)
    about = json.loads((tmp_path / "about.json").read_text())
    spec = TextSpec.from_dict(about["spec"])
    assert spec == TextSpec("single_label", ("x", "y"), (2, 2), 4, vocabulary_size=8, padding_id=0, max_length=2)
    assert TextSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    assert about["rows"] == {"train": 4, "validation": 2}
    assert tokenizer_from_json((tmp_path / "tokenizer.json").read_text()).vocabulary_size == 8


def test_only_training_texts_are_learned_from(data):
    module = data(SOME, Rows(["x unheard of", "y"], ["x", "y"]))
    assert module.spec.vocabulary_size == 2 + len({"x", "y", "a", "b", "c", "d"})
    # "x unheard" and "y": the third word is cut off, as all training texts have two
    assert module.summary["unknown_share"] == {"train": 0.0, "validation": pytest.approx(1 / 3)}


def test_texts_are_encoded_alike_in_pieces(data, monkeypatch):
    import datamodules.preparation.encoding

    rows = labelled(*["x", "y"] * 5)
    whole = data(rows, rows, max_length=1)
    monkeypatch.setattr(datamodules.preparation.encoding, "_CHUNK", 3)
    pieces = data(rows, rows, max_length=2)
    assert rows_of(pieces.get_split("train").tokens) == rows_of(whole.tokenizer.encode_batch(rows.texts))
    assert [row[:1] for row in rows_of(pieces.get_split("train").tokens)] == rows_of(whole.get_split("train").tokens)
