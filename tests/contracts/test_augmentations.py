"""The contract of augmentations, tested for every class that is found."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonargparse import ArgumentParser
from tiny_language_models import save_masked_language_model, save_translation_model

import datamodules.augmentations  # noqa: F401  # makes the members known
from contracts.discovery import find_implementations
from contracts.errors import UsageError
from contracts.rebuildable import rebuild
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.misspellings import Misspellings
from datamodules.augmentations.primitives.random_streams import RandomStreams

CLASSES = list(find_implementations(Augmentation))
TEXTS = [
    "The big dog runs fast. Is the film good? I don't know what they will say.",
    "a small house is in the country , and the doctor is happy",
    "我们是中国人，问题很重要。大学的老师帮助学生！很好。",
    "我看了一部 good film，很好！The 电影 was big.",
    "What is the answer to a big question?",
    "their friend will receive the beautiful government calendar tomorrow, because it was necessary",
]
HOSTILE = [
    "",
    " ",
    "\n\t ",
    "dog",
    "是",
    "?",
    "...",
    "😀",
    "👩‍👩‍👧 good",
    " big ",
    "don't",
    "a big 我 dog",
    "a" * 400,
    "\ud83d x",
    "e\u0301 a\u0300",
    "ı am here, I dıdn't see it",
    "[MASK] dog runs in",
    " film ends, and a",
]
LONG = " ".join(TEXTS * 60)


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("augmentations")


@pytest.fixture(scope="session")
def arguments(folder) -> dict[str, dict[str, object]]:
    """Arguments of the classes that read files."""
    words = sorted(
        {word.strip("?.,!").lower() for text in TEXTS for word in text.split()} | set("我们是中国人很好大学")
    )
    rng = np.random.default_rng(0)
    rows = [" ".join([word, *(f"{value:.3f}" for value in rng.normal(size=4))]) for word in words if word]
    (folder / "vectors.txt").write_text("\n".join(rows), encoding="utf-8")
    return {
        "NearestNeighbours": {
            "path": str(folder / "vectors.txt"),
            "similarity": 0.0,
            "cache_dir": str(folder / "neighbours"),
        },
        "MaskedLanguageModel": {"model": str(save_masked_language_model(folder / "masked"))},
        "BackTranslation": {
            "there": str(save_translation_model(folder / "there", 0)),
            "back": str(save_translation_model(folder / "back", 1)),
            "num_beams": 1,
            "max_length": 24,
            "cache_dir": str(folder / "translations"),
        },
        "TFIDFReplacement": {"min_frequency": 1},
    }


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def make(request, arguments) -> Callable[..., Augmentation]:
    """Makes an augmentation fitted to the texts above."""

    def made(**more: object) -> Augmentation:
        augmentation = request.param(**arguments.get(request.param.__name__, {}) | more)
        augmentation.fit(TEXTS, [["one label"]] * len(TEXTS))
        return augmentation

    made.cls = request.param
    return made


def make_streams(texts: list[str], epoch: int = 0, seed: int = 7) -> RandomStreams:
    return RandomStreams.from_rows(seed, epoch, range(len(texts)))


def make_strong(make: Callable[..., Augmentation]) -> Augmentation:
    """Makes an augmentation that changes many words."""
    return make() if make.cls.__name__ in ("BackTranslation", "SentenceShuffling") else make(alpha=0.5)


def test_the_augmentations_are_found():
    assert len(CLASSES) >= 14
    assert {"EDA", "RandomDeletion", "BackTranslation"} <= {augmentation.__name__ for augmentation in CLASSES}


def test_some_texts_change_and_their_number_stays(make):
    changed = make_strong(make).augment(TEXTS, make_streams(TEXTS))
    assert len(changed) == len(TEXTS)
    assert any(new != old for new, old in zip(changed, TEXTS, strict=True))


def test_the_same_seed_epoch_and_row_give_the_same_text_in_a_fresh_object(make):
    assert make_strong(make).augment(TEXTS, make_streams(TEXTS)) == make_strong(make).augment(
        TEXTS, make_streams(TEXTS)
    )


def test_the_result_is_independent_of_the_batch_and_its_order(make):
    augmentation = make_strong(make)
    texts = [*TEXTS, *(text for text in HOSTILE if text != "\ud83d x")]
    together = augmentation.augment(texts, make_streams(texts))
    order = np.random.default_rng(3).permutation(len(texts))
    shuffled = augmentation.augment([texts[place] for place in order], make_streams(texts).select(order))
    assert [shuffled[int(np.flatnonzero(order == place)[0])] for place in range(len(texts))] == together
    alone = [augmentation.augment([text], make_streams(texts).select([place]))[0] for place, text in enumerate(texts)]
    assert alone == together


def test_another_epoch_or_seed_gives_other_texts(make):
    augmentation = make(p=0.5) if make.cls.__name__ == "BackTranslation" else make_strong(make)
    texts = TEXTS * 4
    first = augmentation.augment(texts, make_streams(texts))
    assert augmentation.augment(texts, make_streams(texts, epoch=1)) != first
    assert augmentation.augment(texts, make_streams(texts, seed=8)) != first


def test_with_p_zero_nothing_changes_and_with_a_half_about_half(make):
    assert make(p=0.0).augment(TEXTS, make_streams(TEXTS)) == TEXTS
    texts = TEXTS * 60
    always, half = (make(p=p).augment(texts, make_streams(texts)) for p in (1.0, 0.5))
    counts = [sum(new != old for new, old in zip(changed, texts, strict=True)) for changed in (always, half)]
    # binomial: within four standard deviations
    assert abs(counts[1] - counts[0] / 2) <= 4 * np.sqrt(len(texts) / 4)
    assert counts[0] > 0


def test_texts_that_are_not_empty_stay_so_and_empty_ones_stay_empty(make):
    augmentation = make_strong(make)
    for epoch in range(5):
        for old, new in zip(HOSTILE, augmentation.augment(HOSTILE, make_streams(HOSTILE, epoch)), strict=True):
            assert new == old if not old.strip() else new.strip()


MARKED = ["Le cafe\u0301 noir e\u0301tait tre\u0300s bon", "नमस्ते दुनिया यह अच्छा है", "ok 1\ufe0f\u20e3 ❤\ufe0f ab"]


def test_combining_marks_stay_with_their_letters(make):
    def bearers(text: str) -> set[str]:
        places = (place for place, sign in enumerate(text) if unicodedata.category(sign)[0] == "M")
        return {text[place - 1 : place + 1].lower() for place in places}

    augmentation = make_strong(make)
    for epoch in range(5):
        for old, new in zip(MARKED, augmentation.augment(MARKED, make_streams(MARKED, epoch)), strict=True):
            assert bearers(new) <= bearers(old)


def test_a_very_long_text_is_augmented(make):
    assert make_strong(make).augment([LONG], make_streams([LONG]))[0].strip()


def test_an_empty_batch_gives_an_empty_batch(make):
    assert make().augment([], make_streams([])) == []


def test_the_input_list_is_not_modified(make):
    texts = list(TEXTS)
    make_strong(make).augment(texts, make_streams(texts))
    assert texts == TEXTS


def test_it_is_rebuilt_from_its_blueprint_without_files(make, tmp_path):
    augmentation = make_strong(make)
    torch.save(augmentation.to_blueprint(), tmp_path / "augmentation.pt")
    again = rebuild(Augmentation, torch.load(tmp_path / "augmentation.pt", weights_only=True))
    assert again.augment(TEXTS, make_streams(TEXTS)) == augmentation.augment(TEXTS, make_streams(TEXTS))
    if not augmentation.offline_only:
        assert again.list_files() == []


def test_its_fingerprint_depends_on_its_arguments(make):
    assert make().fingerprint() == make().fingerprint()
    assert make(p=0.5).fingerprint() != make().fingerprint()


def test_randomness_comes_from_the_streams_only(make):
    np.random.seed(1)
    torch.manual_seed(1)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    make_strong(make).augment(TEXTS, make_streams(TEXTS))
    assert np.array_equal(np.random.get_state()[1], before[0])
    assert torch.equal(torch.get_rng_state(), before[1])


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_a_p_outside_0_to_1_is_refused(make, p):
    with pytest.raises(UsageError, match=rf"p is a ratio and must be in \[0, 1\], got {p}"):
        make(p=p)


def test_every_option_is_documented_by_the_class_or_its_base(make, arguments):
    """A constructor that is inherited shows what the class itself documents, so it need not be written again."""
    parser = ArgumentParser(prog="x")
    parser.add_class_arguments(make.cls, "a")
    options = [action for action in parser._actions if action.dest.startswith("a.")]
    assert options
    assert [option.dest for option in options if not option.help or option.help == "==SUPPRESS=="] == []


def test_the_class_documents_an_inherited_argument_in_its_own_words():
    parser = ArgumentParser(prog="x")
    parser.add_class_arguments(Misspellings, "a")
    text = " ".join(parser.format_help().split())
    assert "misspellings of it per line" in text
    assert "default: 3" in text


class Owner:
    def __init__(self, kinds: list[Callable[[], Augmentation]] | Callable[[], Augmentation] | None = None) -> None:
        self.kinds = kinds


def test_a_config_names_it_alone_or_in_a_list(make, arguments):
    name = make.cls.__name__
    given = arguments.get(name, {}) | {"p": 0.25}
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Owner, "data")
    one = {"class_path": name, "init_args": given}
    for value in (one, [one, one]):
        made = parser.instantiate(parser.parse_object({"data": {"kinds": value}})).data.kinds
        for factory in made if isinstance(made, list) else [made]:
            assert type(factory()).__name__ == name
            assert factory().p == 0.25


NEED_ARGUMENTS = ("NearestNeighbours", "TFIDFReplacement")
RULES = [cls for cls in CLASSES if not cls.offline_only and cls.__name__ not in NEED_ARGUMENTS]


@pytest.mark.parametrize("augmentation", RULES, ids=lambda cls: cls.__name__)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(st.text(max_size=40), max_size=5), epoch=st.integers(0, 9))
def test_any_text_is_augmented(augmentation, texts, epoch):
    for old, new in zip(texts, augmentation().augment(texts, make_streams(texts, epoch)), strict=True):
        assert bool(new.strip()) == bool(old.strip())
