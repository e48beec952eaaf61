from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

import datamodules.sources  # noqa: F401  # all members are known by name
import lightning_modules.encoders  # noqa: F401  # all members are known by name
from contracts.discovery import find_implementations
from contracts.errors import DataError, UsageError, join_names, suggest_name
from contracts.rebuildable import Rebuildable, rebuild
from contracts.text_spec import TextSpec
from datamodules.sources.base import Source
from datamodules.sources.demo import Demo
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.text_cnn import TextCNN

SPEC = TextSpec("single_label", ("a", "b"), (1, 1), 2, vocabulary_size=9, padding_id=0, max_length=5)


class Thing(Rebuildable):
    def __init__(self, sizes: int, features: int, /, depth: int = 2, *, name: str = "n") -> None:
        self.sizes, self.features, self.depth, self.name = sizes, features, depth, name


class Module(Rebuildable, nn.Module):
    def __init__(self, sizes: int, /, width: int = 3) -> None:
        super().__init__()
        self.linear = nn.Linear(sizes, width)


@pytest.mark.parametrize(
    ("made", "arguments"),
    [
        (Thing(1, 2), {"depth": 2, "name": "n"}),
        (Thing(1, 2, 5), {"depth": 5, "name": "n"}),
        (Thing(1, 2, depth=5, name="m"), {"depth": 5, "name": "m"}),
    ],
)
def test_a_blueprint_holds_every_argument_but_those_given_anew(made, arguments):
    assert made.to_blueprint() == {"class": "Thing", "arguments": arguments}


def test_arguments_can_be_replaced_for_rebuilding():
    class Moved(Thing):
        def override_arguments(self):
            return {"name": "found"}

    assert Moved(1, 2, name="sought").to_blueprint()["arguments"] == {"depth": 2, "name": "found"}


def test_a_blueprint_makes_the_same_object_again():
    again = rebuild(TextEncoder, TextCNN(SPEC, embedding_dim=4, num_filters=3, kernel_sizes=(2,)).to_blueprint(), SPEC)
    assert isinstance(again, TextCNN)
    assert again.output_dim == 3
    assert again.to_blueprint() == TextCNN(SPEC, embedding_dim=4, num_filters=3, kernel_sizes=(2,)).to_blueprint()


@pytest.mark.parametrize("duplicate", [copy.deepcopy, copy.copy, lambda made: pickle.loads(pickle.dumps(made))])
def test_copies_and_pickles_keep_their_blueprint(duplicate):
    """They are made without arguments; asking for them broke `copy.deepcopy` of every encoder."""
    for made in (Thing(1, 2, depth=7), Module(4, width=5)):
        assert duplicate(made).to_blueprint() == made.to_blueprint()
    module = Module(4, width=5)
    torch.testing.assert_close(duplicate(module).state_dict(), module.state_dict())


@pytest.mark.parametrize("make", [lambda: Thing(1), lambda: Thing(1, 2, wrong=3), lambda: Thing(1, 2, 3, 4)])
def test_a_wrong_call_fails_in_the_usual_words(make):
    with pytest.raises(TypeError, match=r"Thing.__init__\(\) (missing|got an unexpected|takes from)"):
        make()


@pytest.mark.parametrize(
    ("blueprint", "message"),
    [
        (
            {"class": "Domo", "arguments": {}},
            r"asks for a Source named 'Domo', .* it has: Demo, Files, Hub. Use the version",
        ),
        ({"class": "TextCNN"}, r"asks for a Source named 'TextCNN'"),
        ({}, r"asks for a Source named None"),
        ({"class": "Demo", "arguments": {"colour": 1}}, r"checkpoint's Demo does not fit this version .*'colour'"),
        ({"class": "os.system", "arguments": {"command": "true"}}, r"named 'os.system'"),
    ],
)
def test_only_classes_of_the_seam_are_made(blueprint, message):
    with pytest.raises(DataError, match=message):
        rebuild(Source, blueprint)


def test_a_value_out_of_its_range_is_refused_by_the_class():
    with pytest.raises(UsageError, match="rows must be at least 100"):
        rebuild(Source, {"class": "Demo", "arguments": {"rows": 1}})


def test_final_classes_are_those_of_the_project_in_order_of_name():
    class Foreign(Demo):
        """In a test's module, not in the project."""

    names = [cls.__name__ for cls in find_implementations(Source)]
    assert names == sorted(names)
    assert {"Demo", "Files", "Hub"} <= set(names)
    assert "Foreign" not in names
    assert Foreign.__name__ == "Foreign"


@pytest.mark.parametrize(
    ("name", "allowed", "words"),
    [
        ("textcnn", ["TextCNN", "RNN"], ' Did you mean "TextCNN"?'),
        ("gama", ["gamma", "alpha"], ' Did you mean "gamma"?'),
        ("x", ["gamma"], ""),
        ("gamma", [], ""),
    ],
)
def test_the_nearest_name_is_asked_for(name, allowed, words):
    assert suggest_name(name, allowed) == words


def test_long_lists_are_cut():
    assert join_names([]) == ""
    assert join_names("abcdefgh") == "a, b, c, d, e, f, g, h"
    assert join_names("abcdefghij") == "a, b, c, d, e, f, g, h and 2 more"


def test_faults_have_the_exit_codes_of_their_kind():
    assert (UsageError.exit_code, DataError.exit_code) == (2, 1)
