from __future__ import annotations

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from small_corpus import corpus

from exploration.checks.label_errors import compute_tf_idf, find_confident_disagreement, find_label_errors
from exploration.statistics.discriminative_terms import compute_log_odds, rank_discriminative_terms
from exploration.statistics.term_matrix import count_terms

WORDS = {"fruit": ["apple", "pear", "plum", "grape", "fig"], "metal": ["iron", "zinc", "copper", "silver", "tin"]}


def sentences(count, seed):
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        label = list(WORDS)[number % 2]
        rows.append((" ".join(rng.choices(WORDS[label], k=3) + rng.choices(["the", "of", "very", "and"], k=3)), label))
    return rows


def test_words_are_counted_as_by_scikit_learn():
    rows = sentences(40, seed=0)
    terms = count_terms(corpus(rows), "Latin")
    vectorizer = CountVectorizer(min_df=2)
    counts = vectorizer.fit_transform([text for text, _ in rows])
    names = terms.get_names(np.arange(terms.counts.shape[1]))
    order = [names.index(name) for name in vectorizer.get_feature_names_out()]
    assert sorted(names) == sorted(vectorizer.get_feature_names_out())
    assert (terms.counts[:, order] != counts).nnz == 0


def test_character_ngrams_are_counted_as_by_scikit_learn():
    texts = ["我爱北京天安门", "北京的天安门", "我爱上海", "上海爱我，我爱上海"]
    terms = count_terms(corpus([(text, "a") for text in texts]), "Han")
    vectorizer = CountVectorizer(analyzer="char", ngram_range=(2, 3), min_df=2)
    counts = vectorizer.fit_transform(texts)
    kept = [i for i, name in enumerate(vectorizer.get_feature_names_out()) if "，" not in name]
    names = terms.get_names(np.arange(terms.counts.shape[1]))
    order = [names.index(vectorizer.get_feature_names_out()[i]) for i in kept]
    assert len(order) == len(names)
    assert (terms.counts[:, order] != counts[:, kept]).nnz == 0


def test_too_much_text_is_sampled(monkeypatch):
    monkeypatch.setattr("exploration.statistics.term_matrix._MAX_CHARACTERS", 200)
    terms = count_terms(corpus(sentences(40, seed=0)), "Latin")
    assert 2 <= len(terms.rows) < 12
    assert (np.diff(terms.rows) > 0).all()
    assert terms.counts.shape[0] == len(terms.rows)


def test_weights_are_those_of_scikit_learn():
    counts = CountVectorizer().fit_transform([text for text, _ in sentences(30, seed=1)])
    expected = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    assert np.allclose(compute_tf_idf(counts).toarray(), expected.toarray())


def test_log_odds_are_those_of_the_paper_term_by_term():
    inside, outside = np.array([9.0, 1.0, 4.0]), np.array([3.0, 12.0, 11.0])
    n_i, n_j, together = inside.sum(), outside.sum(), inside + outside
    a0 = min(n_i, n_j)
    for w, score in enumerate(compute_log_odds(inside, outside)):
        a = a0 * together[w] / together.sum()
        delta = np.log((inside[w] + a) / (n_i + a0 - inside[w] - a)) - np.log(
            (outside[w] + a) / (n_j + a0 - outside[w] - a)
        )
        assert score == pytest.approx(delta / np.sqrt(1 / (inside[w] + a) + 1 / (outside[w] + a)))


def test_the_most_discriminative_terms_of_a_class_are_its_own_words():
    made = corpus(sentences(60, seed=2))
    found = rank_discriminative_terms(made, count_terms(made, "Latin"))
    for label, words in WORDS.items():
        best = [term for term, _ in found.terms[label][:5]]
        assert set(best) == set(words)


def test_chinese_terms_do_not_overlap():
    rows = [("我们看电影去", "film"), ("电影院今天放电影", "film"), ("今天去爬山", "hill"), ("我们爬山去", "hill")] * 5
    made = corpus(rows)
    terms = [term for term, _ in rank_discriminative_terms(made, count_terms(made, "Han")).terms["film"]]
    assert "电影" in terms
    assert not [term for term in terms if term != "电影" and ("电影" in term or term in "电影")]


def test_a_word_that_gives_the_class_away_is_a_leak():
    rows = [(f"{text} ticket" if label == "metal" else text, label) for text, label in sentences(60, seed=3)]
    made = corpus(rows)
    assert rank_discriminative_terms(made, count_terms(made, "Latin")).leaks == [("metal", "ticket", 1.0, 1.0)]


def test_a_word_of_nearly_all_texts_is_no_leak_of_the_largest_class():
    """It was reported wherever one class had nine of ten texts: "is" gave it away."""
    rows = [(f"this is {text}", "metal") for text, _ in sentences(400, seed=3)]
    rows += [(f"here is {text}", "fruit") for text, _ in sentences(30, seed=4)]
    made = corpus(rows)
    leaks = rank_discriminative_terms(made, count_terms(made, "Latin")).leaks
    assert [(name, term) for name, term, *_ in leaks] == [("fruit", "here"), ("metal", "this")]


def test_planted_label_errors_are_found():
    rows = sentences(300, seed=4)
    planted = set(random.Random(0).sample(range(300), 15))
    other = {"fruit": "metal", "metal": "fruit"}
    made = corpus([(text, other[label] if i in planted else label) for i, (text, label) in enumerate(rows)])
    found = find_label_errors(made, count_terms(made, "Latin"))
    suspected = {row for row, *_ in found.rows}
    assert len(suspected & planted) >= 14
    assert len(suspected & planted) >= 0.8 * len(suspected)
    assert found.texts == 300
    assert found.examples[0][0].row in planted
    assert found.suspected == len(suspected) == sum(found.by_class.values())


def test_disagreement_needs_another_class_above_its_own_mean():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.7, 0.2, 0.1], [0.3, 0.7, 0.0], [0.55, 0.45, 0.0], [0.1, 0.1, 0.8]])
    labels = np.array([0, 0, 1, 1, 1])
    # thresholds: 0.8, (0.7 + 0.45 + 0.1) / 3, none: 0.55 for class 0 is too little, and class 2 has no text
    assert find_confident_disagreement(probabilities, labels)[0].tolist() == [-1, -1, -1, -1, -1]
    probabilities[3] = [0.85, 0.15, 0.0]
    suggested, margin = find_confident_disagreement(probabilities, labels)
    assert suggested.tolist() == [-1, -1, -1, 0, -1]
    assert margin[3] == pytest.approx(-0.7)


def test_classes_of_fewer_than_three_texts_are_left_out():
    made = corpus([*sentences(30, seed=5), ("the lonely", "rare")])
    assert find_label_errors(made, count_terms(made, "Latin")).texts == 30


def test_multi_label_data_are_not_checked():
    made = corpus([("a b", ["x"])] * 5, task="multi_label")
    assert find_label_errors(made, count_terms(made, "Latin")) is None
