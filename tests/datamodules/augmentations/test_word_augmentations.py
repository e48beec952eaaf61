"""How many words the rule-based augmentations change, and which."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from contracts.errors import DataError, UsageError
from datamodules.augmentations.character_noise import CharacterNoise
from datamodules.augmentations.eda import EDA
from datamodules.augmentations.keyboard_noise import KeyboardNoise
from datamodules.augmentations.misspellings import Misspellings
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import (
    Segments,
    compute_change_counts,
    make_jieba_segmenter,
    make_longest_match_segmenter,
    segment_by_characters,
)
from datamodules.augmentations.random_deletion import RandomDeletion
from datamodules.augmentations.random_insertion import RandomInsertion
from datamodules.augmentations.random_swap import RandomSwap
from datamodules.augmentations.synonym_replacement import SynonymReplacement
from datamodules.augmentations.tfidf_replacement import TFIDFReplacement

NAMES = [f"w{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(60)]
LINES = "\n".join(f"{name}\tx{name}\ty{name}" for name in NAMES)


def make_streams(count: int, epoch: int = 0) -> RandomStreams:
    return RandomStreams.from_rows(5, epoch, range(count))


def edit_distance(old: list[str], new: list[str]) -> int:
    """Levenshtein over words, by the textbook."""
    row = list(range(len(new) + 1))
    for i, word in enumerate(old, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(new, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != other))
    return row[-1]


@pytest.mark.parametrize("alpha", [0.0, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("words", [1, 5, 19, 20, 40])
def test_the_number_of_changed_words_follows_from_alpha(alpha, words):
    """n = max(1, floor(alpha * words)): n edits by replacing or inserting, 2n words moved by swapping."""
    text = " ".join(NAMES[:words])
    wanted = max(1, int(alpha * words)) if alpha else 0
    for augmentation in (SynonymReplacement, RandomInsertion):
        (new,) = augmentation(lines=LINES, alpha=alpha).augment([text], make_streams(1))
        assert edit_distance(text.split(), new.split()) == wanted, augmentation
    (new,) = RandomSwap(alpha=alpha).augment([text], make_streams(1))
    moved = sum(old != other for old, other in zip(text.split(), new.split(), strict=True))
    assert moved == 2 * min(wanted, words // 2)
    assert Counter(new.split()) == Counter(text.split())
    for augmentation in (KeyboardNoise, CharacterNoise):
        (new,) = augmentation(alpha=alpha).augment([text], make_streams(1))
        assert sum(old != other for old, other in zip(text.split(), new.split(), strict=True)) == wanted, augmentation


def test_deletion_deletes_the_ratio_alpha_of_all_words():
    texts = [" ".join(NAMES[:20])] * 1000
    left = sum(len(text.split()) for text in RandomDeletion(alpha=0.2).augment(texts, make_streams(1000)))
    # binomial of 20,000 words: standard deviation 57
    assert abs(20_000 - left - 4_000) < 4 * 57


def test_deletion_with_alpha_1_keeps_one_word_uniformly():
    left = RandomDeletion(alpha=1.0).augment(["aa bb cc dd ."] * 800, make_streams(800))
    counts = Counter(re.sub(r"\W", "", text).lower() for text in left)
    assert set(counts) == {"aa", "bb", "cc", "dd"}
    assert min(counts.values()) > 200 - 4 * np.sqrt(800 * 0.25 * 0.75)


def test_deletion_cleans_the_start_and_keeps_other_white_space():
    changed = set(RandomDeletion(alpha=0.5).augment(["Well,  it rains ."] * 200, make_streams(200)))
    assert "It rains ." in changed
    assert "Well,  it ." in changed
    assert "Well, rains ." in changed  # a word goes with the white space before it
    assert all(text[0].isupper() for text in changed)


def test_swapping_keeps_the_positions_of_capitals_punctuation_and_white_space():
    changed = set(RandomSwap(alpha=0.1).augment(["What is it ?"] * 60, make_streams(60)))
    assert changed == {"Is what it ?", "It is what ?", "What it is ?"}
    assert set(RandomSwap(alpha=0.1).augment(["Paris is it ?"] * 60, make_streams(60))) >= {"Is Paris it ?"}


def test_chinese_characters_swap_with_their_neighbours_and_jieba_words_with_any():
    changed = set(RandomSwap(alpha=0.1).augment(["我爱北京"] * 80, make_streams(80)))
    assert changed == {"爱我北京", "我北爱京", "我爱京北"}
    pytest.importorskip("jieba")
    assert set(RandomSwap(alpha=0.1, jieba=True).augment(["我爱北京"] * 80, make_streams(80))) == {
        "爱我北京",
        "北京爱我",
        "我北京爱",
    }


def test_synonyms_get_the_capitals_of_the_word_and_differ_from_it():
    replacement = SynonymReplacement(
        lines="film\tmovie\tfilm\tFilm\npicture show\tx\nexecution\tperformance", alpha=1.0
    )
    texts = ["Film it !", "FILM it", "the FILM", "a Film", "an execution", "films"]
    assert replacement.augment(texts, make_streams(6)) == [
        "Movie it !",
        "MOVIE it",
        "the FILM",
        "a Film",
        "a performance",
        "films",
    ]


def test_the_first_top_k_synonyms_are_chosen_uniformly():
    replacement = SynonymReplacement(lines="film\tma\tmb\tmc\tmd", top_k=2)
    counts = Counter(replacement.augment(["film"] * 400, make_streams(400)))
    assert set(counts) == {"ma", "mb"}
    assert abs(counts["ma"] - 200) < 4 * 10


def test_function_words_and_names_have_no_synonyms():
    replacement = SynonymReplacement(lines="in\tindium\nMay\tmonth\nmay\tcan\nleave\tgo away\tdepart\tLeave", alpha=1.0)
    assert replacement.augment(["in May leave"], make_streams(1)) == ["in May depart"]


def test_chinese_words_of_the_list_are_replaced_whole():
    replacement = SynonymReplacement(lines="中国\t华夏\n的\t之\n中国人民\t大众\n国人\t同胞", alpha=1.0)
    assert replacement.augment(["在中国的大学", "中国人民，中国人"], make_streams(2)) == [
        "在华夏的大学",
        "大众，华夏人",
    ]


def test_insertion_is_behind_a_word_and_without_spaces_in_chinese():
    insertion = RandomInsertion(lines="film\tmovie", alpha=0.1)
    changed = set(insertion.augment(["Film it (now) ?"] * 60, make_streams(60)))
    assert changed == {"Film movie it (now) ?", "Film it movie (now) ?", "Film it (now movie) ?"}
    insertion = RandomInsertion(lines="中国\t华夏", alpha=0.1)
    assert set(insertion.augment(["在中国"] * 60, make_streams(60))) == {"在华夏中国", "在中国华夏"}


def test_eda_chooses_its_four_operations_uniformly():
    text = " ".join(NAMES[:10])
    changed = [new.split() for new in EDA(lines=LINES, alpha=0.1).augment([text] * 2000, make_streams(2000))]
    inserted = sum(len(new) == 11 for new in changed)
    replaced = sum(len(new) == 10 and set(new) != set(NAMES[:10]) for new in changed)
    swapped = sum(len(new) == 10 and set(new) == set(NAMES[:10]) and new != NAMES[:10] for new in changed)
    for count in (inserted, replaced, swapped):
        assert abs(count - 500) < 4 * np.sqrt(2000 * 0.25 * 0.75)


def test_a_typed_key_is_beside_the_right_one():
    struck = {new[0] for new in KeyboardNoise().augment(["gg"] * 400, make_streams(400))} - {"g"}
    assert struck == set("tyfhvb")
    assert KeyboardNoise(alpha=1.0).augment(["2b 中国 c3"], make_streams(1)) == ["2b 中国 c3"]


def test_character_noise_inserts_deletes_swaps_and_replaces():
    changed = CharacterNoise().augment(["word"] * 400, make_streams(400))
    lengths = Counter(len(new) for new in changed)
    assert all(abs(lengths[size] - expected) < 40 for size, expected in ((3, 100), (5, 100), (4, 200)))
    assert {"owrd", "wrod", "wodr"} <= set(changed)
    assert all(edit_distance(list("word"), list(new)) <= 2 and new != "word" for new in changed)
    assert {len(new) for new in CharacterNoise().augment(["我爱北京"] * 50, make_streams(50))} == {3, 4}


def test_misspellings_come_from_the_list_or_a_file(tmp_path):
    assert set(Misspellings().augment(["I receive it"] * 9, make_streams(9))) == {"I recieve it"}
    (tmp_path / "list.tsv").write_text("zebra\tzebbra\n", encoding="utf-8")
    assert Misspellings(str(tmp_path / "list.tsv")).augment(["Zebra"], make_streams(1)) == ["Zebbra"]


def test_informative_words_stay_and_replacements_follow_their_score():
    """Three texts; `the` is in all (idf 0), `cat` and `dog` in two and one."""
    tfidf = TFIDFReplacement(min_frequency=1, alpha=1.0)
    tfidf.fit(["the cat", "the cat the", "the dog"], [["a"]] * 3)
    new = [text.split() for text in tfidf.augment(["the dog"] * 3000, make_streams(3000))]
    assert all(words[1] == "dog" for words in new)
    # tf-idf of the: 0; chance = alpha * C / mean(C, 0) = 2, capped at 1: always replaced
    counts = Counter(words[0] for words in new)
    scores = {"the": 0.0, "cat": 2 * np.log(3 / 2), "dog": 1 * np.log(3)}
    most = max(scores.values())
    weights = {name: most - score for name, score in scores.items()}
    # the most telling is never put in, and in place of `the` itself comes the next word in the alphabet
    assert weights["dog"] == 0
    after = {"cat": weights["cat"] + weights["the"], "dog": 0.0}
    assert counts["cat"] == 3000 * after["cat"] / sum(after.values())


def test_class_dependent_words_are_neither_replaced_nor_inserted():
    """`who` and `when` occur in one class each, the other words equally often in both."""
    rest = ["is the man", "was a ship", "does the rain", "did a dog"]
    texts = [f"{word} {rest[number % 4]}" for number in range(40) for word in ("who", "when")]
    tfidf = TFIDFReplacement(min_frequency=1, alpha=1.0)
    tfidf.fit(texts, [[word] for _ in range(40) for word in ("person", "date")])
    rows = [line.split("\t") for line in tfidf.override_arguments()["lines"].split("\n")[1:]]
    assert {word for word, *_, is_dependent in rows if is_dependent == "1"} == {"who", "when"}
    for text in tfidf.augment(["who is the man"] * 300, make_streams(300)):
        first, *others = text.split()
        assert first == "who"
        assert not {"who", "when"} & set(others)


def test_words_absent_from_a_class_are_class_dependent():
    """`please` in 20 of 350 texts of a and of b each, and in none of 300 of c: chi-square 17.9."""
    labels = ["a"] * 350 + ["b"] * 350 + ["c"] * 300
    texts = [f"{'please ' if n % 350 < 20 and n < 700 else ''}some text" for n in range(1000)]
    tfidf = TFIDFReplacement()
    tfidf.fit(texts, [[label] for label in labels])
    dependent = {row.split("\t")[0]: row.split("\t")[3] for row in tfidf.override_arguments()["lines"].split("\n")[1:]}
    assert dependent == {"please": "1", "some": "0", "text": "0"}


def test_class_dependent_words_are_those_of_a_chi_square_test():
    rng = np.random.default_rng(0)
    labels = rng.choice(["a", "b", "c"], 400, p=[0.6, 0.3, 0.1])
    lean = {f"w{number}": rng.dirichlet([2, 2, 2]) for number in range(40)}
    texts = [
        " ".join(word for word, shares in lean.items() if rng.random() < shares["abc".index(label)]) or "none"
        for label in labels
    ]
    tfidf = TFIDFReplacement()
    tfidf.fit(texts, [[label] for label in labels])
    for row in tfidf.override_arguments()["lines"].split("\n")[1:]:
        word, _, _, is_dependent = row.split("\t")
        has = np.array([word in text.split() for text in texts])
        least = min(
            chi2_contingency([[np.sum(has & of), np.sum(has & ~of)], [np.sum(~has & of), np.sum(~has & ~of)]], False)[1]
            for of in (labels == label for label in "abc")
        )
        assert (is_dependent == "1") == (least < 0.05 / 3), word


def test_words_that_end_in_a_combining_mark_are_counted():
    tfidf = TFIDFReplacement(min_frequency=1)
    tfidf.fit(["की किताब यह है", "वह की घर है"], [["a"], ["a"]])
    assert {row.split("\t")[0] for row in tfidf.override_arguments()["lines"].split("\n")[1:]} == set(
        ["की", "किताब", "यह", "है", "वह", "घर"]
    )


def test_a_first_word_with_a_contraction_loses_its_capital_inside_the_text():
    for text in RandomSwap(alpha=0.5).augment(["What 's the term for a young fox"] * 40, make_streams(40)):
        assert "What" not in text[1:]


def test_an_article_is_adapted_within_its_own_text_only():
    replacement = SynonymReplacement(lines="apple\tbanana\nfilm\tact", alpha=1.0)
    assert replacement.augment(["so he got a", " film ends"], make_streams(2)) == ["so he got a", " act ends"]
    assert replacement.augment(["a film"], make_streams(1)) == ["an act"]


def test_tokenized_contractions_stay_with_their_words():
    assert segment_by_characters("What is Tom 's aim , and do n't they 're so") == [
        "What", " is", " Tom 's", " aim", " ,", " and", " do n't", " they 're", " so"
    ]  # fmt: skip
    assert segment_by_characters("the ' s and 'sun") == ["the", " '", " s", " and", " '", "sun"]


def test_no_capital_of_two_letters_is_made():
    for text in RandomSwap(alpha=0.5).augment(["ßa Word here \u0130x"] * 50, make_streams(50)):
        assert sorted(text.lower()) == sorted("ßa word here \u0130x".lower())


def test_an_augmentation_with_statistics_must_be_fitted():
    with pytest.raises(UsageError, match="is not fitted to training texts yet; call fit first"):
        TFIDFReplacement().augment(["a b"], make_streams(1))


def test_segments_concatenate_to_the_text():
    for text in ("I don't  know 中国 (yet) .\n", "", " ", "😀x_y 3.5 état"):
        for segmenter in (segment_by_characters, make_longest_match_segmenter({"中国"})):
            assert "".join(segmenter(text)) == text
    assert Segments(["a b", "", "."], segment_by_characters).word_counts.tolist() == [2, 0, 0]


def test_jieba_segments_words():
    pytest.importorskip("jieba")
    assert make_jieba_segmenter()("我 来到北京大学 ok") == ["我", " 来到", "北京大学", " ok"]


def test_at_least_one_word_is_changed_unless_alpha_is_0():
    assert compute_change_counts(0.0, np.array([3])).tolist() == [0]
    assert compute_change_counts(0.1, np.array([0, 1, 30])).tolist() == [0, 1, 3]


def test_faults_of_a_list_are_reported(tmp_path):
    with pytest.raises(UsageError, match=r"path: there is no file .*none.tsv; give a list with a word and its alt"):
        SynonymReplacement(str(tmp_path / "none.tsv"))
    (tmp_path / "bad.tsv").write_text("film\tmovie\nfilm movie\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"bad.tsv, line 2 must be a word, a tab and other words for .*got 'film movie'"
    ):
        SynonymReplacement(str(tmp_path / "bad.tsv")).augment(["film"], make_streams(1))
    (tmp_path / "cut.tsv.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(DataError, match=r"cut.tsv.gz cannot be read .*; fix it or name another"):
        SynonymReplacement(str(tmp_path / "cut.tsv.gz")).augment(["film"], make_streams(1))
    with pytest.raises(UsageError, match=r"alpha is a ratio and must be in \[0, 1\], got 2"):
        RandomSwap(alpha=2)
    with pytest.raises(UsageError, match="top_k must be at least 1, got 0"):
        EDA(top_k=0)
