"""What a run says of data that change its result; each message names the option or the tool that helps."""

import re

import pytest

from contracts.text_spec import TextSpec
from datamodules.preparation.findings import MAX_STANDARD_ERROR, list_row_findings
from datamodules.preparation.options import PreparationOptions
from datamodules.sources.base import Rows
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.characters import Characters
from datamodules.tokenizers.mixed import Mixed
from datamodules.tokenizers.subwords import Subwords
from datamodules.tokenizers.words import Words
from lightning_modules.monitor import find_imbalance
from tests.rows_in_memory import RowsInMemory

CHINESE = "昨天看的画面很精彩这部电影很精彩"
THAI = "ผู้โดยสารหลายร้อยคนติดค้างที่สนามบินเนื่องจากพายุ"


def make_rows(count, prefix="text", labels="ab"):
    return Rows([f"{prefix} number {n}" for n in range(count)], [labels[n % len(labels)] for n in range(count)])


def find(train=None, options=None, **splits):
    splits = {"train": train or make_rows(100)} | (splits or {"validation": make_rows(60, "valid")})
    names = sorted(splits["train"].count_labels())
    return list_row_findings(splits, names, options or PreparationOptions())


def test_ordinary_data_have_none():
    assert find() == []


def test_texts_that_are_also_in_training():
    both = Rows([*make_rows(3).texts, *make_rows(57, "valid").texts], ["a", "b"] * 30)
    (finding,) = find(test=both)
    assert finding == (
        "test: 3 of 60 texts also occur in training, so scores may be too high by up to 5.0 points; explore.py lists "
        "the rows to remove (duplicates.removable_rows in its JSON file)"
    )
    assert find(test=Rows([*make_rows(1).texts, *make_rows(399, "test").texts], ["a"] * 400)) == []  # a quarter percent


def test_pairs_are_equal_only_if_both_texts_are():
    train = Rows(["a", "b"] * 50, ["x", "y"] * 50, [f"{n}" for n in range(100)])
    others = Rows(["a", "b"] * 50, ["x", "y"] * 50, [f"{n + 100}" for n in range(100)])
    assert find(train, test=others) == []
    assert "100 of 100 texts" in find(train, test=train)[0]


def test_texts_with_several_labels():
    train = Rows([*make_rows(100).texts, "text number 0", "text number 1"], [*make_rows(100).labels, "b", "b"])
    (finding,) = find(train)
    assert finding.startswith("train: 1 text occurs with different labels, of which no model gets all right")


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "with 1 text the best epoch is chosen by chance"), (50, "with 50 texts the best epoch is chosen almost by")],
)
def test_a_validation_split_too_small_to_choose_by(count, words):
    (finding,) = [line for line in find(validation=make_rows(count, "valid")) if "chance" in line]
    assert words in finding
    assert f"up to {100 * 0.5 / count**0.5:.0f} points" in finding
    assert "--data.validation_size" in finding
    assert finding.endswith("cross-validate with --data.num_folds 5 --data.fold 0")
    folded = PreparationOptions(num_folds=5, fold=0)
    assert "cross" not in find(validation=make_rows(count, "valid"), options=folded)[0]


def test_the_bound_is_the_standard_error_of_a_proportion():
    smallest = next(n for n in range(1, 1000) if (0.25 / n) ** 0.5 <= MAX_STANDARD_ERROR)
    assert find(validation=make_rows(smallest, "valid")) == []
    assert len(find(validation=make_rows(smallest - 1, "valid"))) == 1


def test_classes_missing_from_validation():
    (finding,) = find(make_rows(100, labels="abc"), validation=make_rows(60, "valid", labels="ab"))
    assert finding.startswith("validation: no text of 1 of 3 classes (c), so the best epoch is chosen without them")


def test_as_many_labels_as_texts():
    labels = [f"{number}" for number in range(30)]
    (finding,) = find(Rows(make_rows(30).texts, labels), validation=Rows(make_rows(60, "v").texts, labels * 2))
    assert finding.startswith("train: 30 different labels in 30 texts, most of them once; is --data.source.label_colu")


def test_nearly_one_label():
    train = Rows(make_rows(200).texts, ["a"] * 199 + ["b"])
    (finding,) = find(train)
    assert finding.startswith("train: 199 of 200 texts have the label 'a': a model that knows no other reaches an acc")
    assert "99.5%" in finding
    assert "--data.sampler ClassBalanced" in finding


def prepared_notes(tokenizer, tmp_path, text):
    rows = {
        name: Rows([f"{text}{name}{n}" for n in range(60)], ["a", "b"] * 30) for name in ("train", "validation", "test")
    }
    data = TextDataModule(RowsInMemory(**rows), tokenizer, cache_dir=str(tmp_path))
    data.setup()
    return data.notes


def test_words_of_texts_without_spaces(tmp_path):
    (finding,) = [note for note in prepared_notes(Words(), tmp_path, CHINESE) if "phrases" in note]
    assert finding.startswith("Chinese texts have no spaces between words, so Words takes entire phrases as words: ")
    assert finding.endswith(
        "% of the validation ones are unknown; choose --data.tokenizer Characters or Subwords, or Words with "
        "--data.tokenizer.segment jieba (extra jieba)"
    )
    assert not any("phrases" in note for note in prepared_notes(Characters(), tmp_path, CHINESE))


def test_texts_of_two_languages_are_told_how_many_letters_have_no_spaces(tmp_path):
    """Below one half of the letters nothing was said, although each Chinese phrase was one word."""
    english = "the engine of a small boat "
    letters = sum(letter.isalpha() for letter in CHINESE), sum(letter.isalpha() for letter in english)
    assert letters[0] < letters[1] < 9 * letters[0]
    (finding,) = [note for note in prepared_notes(Words(), tmp_path, english + CHINESE) if "phrases" in note]
    assert re.match(r"\d\d% of the letters are Chinese, and such texts have no spaces between words, so Words", finding)
    assert not any("phrases" in note for note in prepared_notes(Words(), tmp_path, english * 20 + CHINESE))


def test_mixed_spells_the_phrases_that_it_does_not_know(tmp_path):
    """It was said to have unknown tokens, of which it has none."""
    (finding,) = [note for note in prepared_notes(Mixed(), tmp_path, CHINESE) if "phrases" in note]
    assert "% of the validation ones are outside the vocabulary and get spelled; choose" in finding
    assert finding.endswith("or Mixed with --data.tokenizer.segment jieba (extra jieba)")


def test_advice_on_thai_does_not_name_jieba(tmp_path):
    (finding,) = [note for note in prepared_notes(Words(), tmp_path, THAI) if "phrases" in note]
    assert finding.endswith("choose --data.tokenizer Characters or Subwords")


def test_advice_on_words_of_jieba_keeps_jieba(tmp_path):
    pytest.importorskip("jieba")
    words = Words(segment="jieba", vocab_size=4)
    (finding,) = [note for note in prepared_notes(words, tmp_path, CHINESE) if "unknown" in note]
    assert "--data.tokenizer Mixed (with --data.tokenizer.segment jieba) or Subwords encode" in finding


def test_many_unknown_tokens(tmp_path):
    (finding,) = [note for note in prepared_notes(Words(), tmp_path, "Word") if "unknown" in note]
    assert finding.startswith("validation: 50% of the tokens are unknown to Words; --data.tokenizer Mixed or Subwords")
    assert not any("unknown" in note for note in prepared_notes(Subwords(byte_fallback=True), tmp_path, "Word"))
    (finding,) = [note for note in prepared_notes(Characters(vocab_size=4), tmp_path, "Word") if "unknown" in note]
    assert finding.endswith("by a lower --data.tokenizer.min_frequency or a larger --data.tokenizer.vocab_size")


@pytest.mark.parametrize(
    ("monitor", "counts", "is_found"),
    [
        ("validation/accuracy", (100, 20), True),
        ("validation/micro_f1", (100, 20), True),
        ("validation/macro_f1", (100, 2), False),
        ("validation/loss", (100, 2), False),
        ("validation/accuracy", (100, 21), False),
    ],
)
def test_a_metric_that_hides_rare_classes(monitor, counts, is_found):
    spec = TextSpec("single_label", ("a", "b"), counts, sum(counts), 9, 0, 9)
    found = find_imbalance(monitor, spec)
    assert len(found) == is_found
    for line in found:
        assert line.startswith("the largest class has 5 times the training texts of the smallest")
        assert f"--model.monitor {monitor} hides rare classes" in line
