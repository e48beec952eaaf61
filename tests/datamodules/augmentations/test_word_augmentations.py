"""How many words the rule-based kinds change, and which."""

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
    Pieces,
    by_characters,
    by_jieba,
    by_longest_match,
    share_of_words,
)
from datamodules.augmentations.random_deletion import RandomDeletion
from datamodules.augmentations.random_insertion import RandomInsertion
from datamodules.augmentations.random_swap import RandomSwap
from datamodules.augmentations.synonym_replacement import SynonymReplacement
from datamodules.augmentations.tfidf_replacement import TFIDFReplacement

NAMES = [f"w{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(60)]
LINES = "\n".join(f"{name}\tx{name}\ty{name}" for name in NAMES)


def draws(count: int, epoch: int = 0) -> RandomStreams:
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
def test_the_number_of_changed_words_is_the_one_derived(alpha, words):
    """n = max(1, floor(alpha * words)): n edits by replacing or inserting, 2n words moved by swapping."""
    text = " ".join(NAMES[:words])
    wanted = max(1, int(alpha * words)) if alpha else 0
    for kind in (SynonymReplacement, RandomInsertion):
        (new,) = kind(lines=LINES, alpha=alpha).augment([text], draws(1))
        assert edit_distance(text.split(), new.split()) == wanted, kind
    (new,) = RandomSwap(alpha=alpha).augment([text], draws(1))
    moved = sum(old != other for old, other in zip(text.split(), new.split(), strict=True))
    assert moved == 2 * min(wanted, words // 2)
    assert Counter(new.split()) == Counter(text.split())
    for kind in (KeyboardNoise, CharacterNoise):
        (new,) = kind(alpha=alpha).augment([text], draws(1))
        assert sum(old != other for old, other in zip(text.split(), new.split(), strict=True)) == wanted, kind


def test_deletion_leaves_out_the_share_alpha_of_all_words():
    texts = [" ".join(NAMES[:20])] * 1000
    left = sum(len(text.split()) for text in RandomDeletion(alpha=0.2).augment(texts, draws(1000)))
    # binomial of 20,000 words: standard deviation 57
    assert abs(20_000 - left - 4_000) < 4 * 57


def test_deletion_of_everything_leaves_one_word_and_each_as_often():
    left = RandomDeletion(alpha=1.0).augment(["aa bb cc dd ."] * 800, draws(800))
    counts = Counter(re.sub(r"\W", "", text).lower() for text in left)
    assert set(counts) == {"aa", "bb", "cc", "dd"}
    assert min(counts.values()) > 200 - 4 * np.sqrt(800 * 0.25 * 0.75)


def test_deletion_mends_the_start_and_leaves_white_space_alone():
    changed = set(RandomDeletion(alpha=0.5).augment(["Well,  it rains ."] * 200, draws(200)))
    assert "It rains ." in changed
    assert "Well,  it ." in changed
    assert "Well, rains ." in changed  # a word goes with the white space before it
    assert all(text[0].isupper() for text in changed)


def test_swapped_words_leave_capitals_signs_and_white_space_where_they_were():
    changed = set(RandomSwap(alpha=0.1).augment(["What is it ?"] * 60, draws(60)))
    assert changed == {"Is what it ?", "It is what ?", "What it is ?"}
    assert set(RandomSwap(alpha=0.1).augment(["Paris is it ?"] * 60, draws(60))) >= {"Is Paris it ?"}


def test_chinese_characters_swap_with_their_neighbours_and_jieba_words_with_any():
    changed = set(RandomSwap(alpha=0.1).augment(["我爱北京"] * 80, draws(80)))
    assert changed == {"爱我北京", "我北爱京", "我爱京北"}
    pytest.importorskip("jieba")
    assert set(RandomSwap(alpha=0.1, jieba=True).augment(["我爱北京"] * 80, draws(80))) == {
        "爱我北京",
        "北京爱我",
        "我北京爱",
    }


def test_synonyms_stand_for_the_word_in_form_and_never_for_itself():
    kind = SynonymReplacement(lines="film\tmovie\tfilm\tFilm\npicture show\tx\nexecution\tperformance", alpha=1.0)
    texts = ["Film it !", "FILM it", "the FILM", "a Film", "an execution", "films"]
    assert kind.augment(texts, draws(6)) == ["Movie it !", "MOVIE it", "the FILM", "a Film", "a performance", "films"]


def test_only_the_first_of_many_synonyms_are_taken_and_each_as_often():
    kind = SynonymReplacement(lines="film\tma\tmb\tmc\tmd", top_k=2)
    counts = Counter(kind.augment(["film"] * 400, draws(400)))
    assert set(counts) == {"ma", "mb"}
    assert abs(counts["ma"] - 200) < 4 * 10


def test_function_words_and_names_have_no_synonyms():
    kind = SynonymReplacement(lines="in\tindium\nMay\tmonth\nmay\tcan\nleave\tgo away\tdepart\tLeave", alpha=1.0)
    assert kind.augment(["in May leave"], draws(1)) == ["in May depart"]


def test_chinese_words_of_the_list_are_replaced_whole():
    kind = SynonymReplacement(lines="中国\t华夏\n的\t之\n中国人民\t大众\n国人\t同胞", alpha=1.0)
    assert kind.augment(["在中国的大学", "中国人民，中国人"], draws(2)) == ["在华夏的大学", "大众，华夏人"]


def test_an_inserted_word_stands_behind_a_word_and_chinese_has_no_blanks():
    kind = RandomInsertion(lines="film\tmovie", alpha=0.1)
    changed = set(kind.augment(["Film it (now) ?"] * 60, draws(60)))
    assert changed == {"Film movie it (now) ?", "Film it movie (now) ?", "Film it (now movie) ?"}
    kind = RandomInsertion(lines="中国\t华夏", alpha=0.1)
    assert set(kind.augment(["在中国"] * 60, draws(60))) == {"在华夏中国", "在中国华夏"}


def test_eda_takes_each_of_its_four_changes_as_often():
    text = " ".join(NAMES[:10])
    changed = [new.split() for new in EDA(lines=LINES, alpha=0.1).augment([text] * 2000, draws(2000))]
    inserted = sum(len(new) == 11 for new in changed)
    replaced = sum(len(new) == 10 and set(new) != set(NAMES[:10]) for new in changed)
    swapped = sum(len(new) == 10 and set(new) == set(NAMES[:10]) and new != NAMES[:10] for new in changed)
    for count in (inserted, replaced, swapped):
        assert abs(count - 500) < 4 * np.sqrt(2000 * 0.25 * 0.75)


def test_a_struck_key_lies_beside_the_right_one():
    struck = {new[0] for new in KeyboardNoise().augment(["gg"] * 400, draws(400))} - {"g"}
    assert struck == set("tyfhvb")
    assert KeyboardNoise(alpha=1.0).augment(["2b 中国 c3"], draws(1)) == ["2b 中国 c3"]


def test_character_noise_puts_in_leaves_out_swaps_and_replaces():
    changed = CharacterNoise().augment(["word"] * 400, draws(400))
    lengths = Counter(len(new) for new in changed)
    assert all(abs(lengths[size] - expected) < 40 for size, expected in ((3, 100), (5, 100), (4, 200)))
    assert {"owrd", "wrod", "wodr"} <= set(changed)
    assert all(edit_distance(list("word"), list(new)) <= 2 and new != "word" for new in changed)
    assert {len(new) for new in CharacterNoise().augment(["我爱北京"] * 50, draws(50))} == {3, 4}


def test_misspellings_come_from_the_list_or_a_file(tmp_path):
    assert set(Misspellings().augment(["I receive it"] * 9, draws(9))) == {"I recieve it"}
    (tmp_path / "list.tsv").write_text("zebra\tzebbra\n", encoding="utf-8")
    assert Misspellings(str(tmp_path / "list.tsv")).augment(["Zebra"], draws(1)) == ["Zebbra"]


def test_telling_words_stay_and_others_come_in_by_their_score():
    """Three texts; `the` is in all (idf 0), `cat` and `dog` in two and one."""
    kind = TFIDFReplacement(min_frequency=1, alpha=1.0)
    kind.fit(["the cat", "the cat the", "the dog"], [["a"]] * 3)
    new = [text.split() for text in kind.augment(["the dog"] * 3000, draws(3000))]
    assert all(words[1] == "dog" for words in new)
    # tf-idf of the: 0; chance = alpha * C / mean(C, 0) = 2, cut to 1: always replaced
    counts = Counter(words[0] for words in new)
    scores = {"the": 0.0, "cat": 2 * np.log(3 / 2), "dog": 1 * np.log(3)}
    most = max(scores.values())
    weights = {name: most - score for name, score in scores.items()}
    # the most telling is never put in, and in place of `the` itself comes the next word in the alphabet
    assert weights["dog"] == 0
    after = {"cat": weights["cat"] + weights["the"], "dog": 0.0}
    assert counts["cat"] == 3000 * after["cat"] / sum(after.values())


def test_words_that_tell_the_class_are_neither_replaced_nor_put_in():
    """`who` and `when` go with a class each, the others stand in as many texts of either."""
    rest = ["is the man", "was a ship", "does the rain", "did a dog"]
    texts = [f"{word} {rest[number % 4]}" for number in range(40) for word in ("who", "when")]
    kind = TFIDFReplacement(min_frequency=1, alpha=1.0)
    kind.fit(texts, [[word] for _ in range(40) for word in ("person", "date")])
    lines = kind.override_arguments()["lines"].split("\n")[1:]
    assert {word for word, *_, tells in (line.split("\t") for line in lines) if tells == "1"} == {"who", "when"}
    for text in kind.augment(["who is the man"] * 300, draws(300)):
        first, *others = text.split()
        assert first == "who"
        assert not {"who", "when"} & set(others)


def test_words_that_a_class_never_has_tell_of_it_too():
    """`please` in 20 of 350 texts of a and of b each, and in none of 300 of c: chi-square 17.9."""
    labels = ["a"] * 350 + ["b"] * 350 + ["c"] * 300
    texts = [f"{'please ' if n % 350 < 20 and n < 700 else ''}some text" for n in range(1000)]
    kind = TFIDFReplacement()
    kind.fit(texts, [[label] for label in labels])
    told = {row.split("\t")[0]: row.split("\t")[3] for row in kind.override_arguments()["lines"].split("\n")[1:]}
    assert told == {"please": "1", "some": "0", "text": "0"}


def test_telling_words_are_those_of_a_chi_square_test():
    rng = np.random.default_rng(0)
    labels = rng.choice(["a", "b", "c"], 400, p=[0.6, 0.3, 0.1])
    lean = {f"w{number}": rng.dirichlet([2, 2, 2]) for number in range(40)}
    texts = [
        " ".join(word for word, shares in lean.items() if rng.random() < shares["abc".index(label)]) or "none"
        for label in labels
    ]
    kind = TFIDFReplacement()
    kind.fit(texts, [[label] for label in labels])
    for row in kind.override_arguments()["lines"].split("\n")[1:]:
        word, _, _, tells = row.split("\t")
        has = np.array([word in text.split() for text in texts])
        least = min(
            chi2_contingency([[np.sum(has & of), np.sum(has & ~of)], [np.sum(~has & of), np.sum(~has & ~of)]], False)[1]
            for of in (labels == label for label in "abc")
        )
        assert (tells == "1") == (least < 0.05 / 3), word


def test_words_that_end_in_a_mark_are_learned():
    kind = TFIDFReplacement(min_frequency=1)
    kind.fit(["की किताब यह है", "वह की घर है"], [["a"], ["a"]])
    assert {row.split("\t")[0] for row in kind.override_arguments()["lines"].split("\n")[1:]} == set(
        ["की", "किताब", "यह", "है", "वह", "घर"]
    )


def test_a_first_word_with_a_short_form_loses_its_capital_in_mid_sentence():
    for text in RandomSwap(alpha=0.5).augment(["What 's the term for a young fox"] * 40, draws(40)):
        assert "What" not in text[1:]


def test_an_article_follows_its_own_text_only():
    kind = SynonymReplacement(lines="apple\tbanana\nfilm\tact", alpha=1.0)
    assert kind.augment(["so he got a", " film ends"], draws(2)) == ["so he got a", " act ends"]
    assert kind.augment(["a film"], draws(1)) == ["an act"]


def test_short_forms_cut_off_before_stay_with_their_words():
    assert by_characters("What is Tom 's aim , and do n't they 're so") == [
        "What", " is", " Tom 's", " aim", " ,", " and", " do n't", " they 're", " so"
    ]  # fmt: skip
    assert by_characters("the ' s and 'sun") == ["the", " '", " s", " and", " '", "sun"]


def test_no_letter_becomes_two():
    for text in RandomSwap(alpha=0.5).augment(["ßa Word here \u0130x"] * 50, draws(50)):
        assert sorted(text.lower()) == sorted("ßa word here \u0130x".lower())


def test_a_kind_that_learns_must_have_learned():
    with pytest.raises(UsageError, match="has learned from no texts yet; call fit first"):
        TFIDFReplacement().augment(["a b"], draws(1))


def test_pieces_are_the_text():
    for text in ("I don't  know 中国 (yet) .\n", "", " ", "😀x_y 3.5 état"):
        for cut in (by_characters, by_longest_match({"中国"})):
            assert "".join(cut(text)) == text
    assert Pieces(["a b", "", "."], by_characters).words.tolist() == [2, 0, 0]


def test_jieba_cuts_words():
    pytest.importorskip("jieba")
    assert by_jieba()("我 来到北京大学 ok") == ["我", " 来到", "北京大学", " ok"]


def test_the_share_of_words_is_at_least_one_word():
    assert share_of_words(0.0, np.array([3])).tolist() == [0]
    assert share_of_words(0.1, np.array([0, 1, 30])).tolist() == [0, 1, 3]


def test_faults_of_a_list_are_told(tmp_path):
    with pytest.raises(UsageError, match=r"path: there is no file .*none.tsv; give a list with a word and then others"):
        SynonymReplacement(str(tmp_path / "none.tsv"))
    (tmp_path / "bad.tsv").write_text("film\tmovie\nfilm movie\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"bad.tsv, line 2 is no word, a tab and other words for it: 'film movie'"):
        SynonymReplacement(str(tmp_path / "bad.tsv")).augment(["film"], draws(1))
    (tmp_path / "cut.tsv.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(DataError, match=r"cut.tsv.gz cannot be read .*; mend it or name another"):
        SynonymReplacement(str(tmp_path / "cut.tsv.gz")).augment(["film"], draws(1))
    with pytest.raises(UsageError, match=r"alpha is a share and must be in \[0, 1\], got 2"):
        RandomSwap(alpha=2)
    with pytest.raises(UsageError, match="top_k must be at least 1, got 0"):
        EDA(top_k=0)
