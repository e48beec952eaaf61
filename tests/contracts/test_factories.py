from __future__ import annotations

from functools import partial

import pytest

from contracts.factories import build_instance
from datamodules.sources.base import Source
from datamodules.sources.demo import Demo
from datamodules.sources.files import Files
from datamodules.tokenizers.characters import Characters


def test_an_object_stays_the_same_and_a_factory_is_called():
    demo = Demo(seed=3)
    assert build_instance(demo, Source, "source") is demo
    assert build_instance(Demo, Source, "source").seed == 0
    assert build_instance(lambda: Demo(seed=2), Source, "source").seed == 2
    assert build_instance(partial(Demo, seed=1), Source, "source").seed == 1


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Characters, r"source accepts Source objects \(Demo, Files, Hub\), .*; got the class Characters$"),
        (Characters(), "source accepts Source objects .*; got Characters <"),
        ("data.csv", "source accepts Source objects .*; got str 'data.csv'$"),
        (None, "source accepts Source objects .*; got NoneType None$"),
        (lambda: "data.csv", "source accepts Source objects .*; got a factory of str 'data.csv'$"),
        (Files, r"source: Files cannot be called without arguments \(missing .* 'path'\); pass Files\(…\)$"),
        (lambda path: Files(path), r"source: <lambda> cannot be called without arguments .*"),
    ],
)
def test_anything_else_is_refused_with_what_is_accepted(choice, message):
    with pytest.raises(TypeError, match=message):
        build_instance(choice, Source, "source")


def test_an_error_of_a_constructor_names_the_option():
    def fail() -> Demo:
        raise ValueError("a fault of its own")

    with pytest.raises(ValueError, match="a fault of its own") as raised:
        build_instance(fail, Source, "source")
    assert raised.value.__notes__ == ["raised by the constructor of the class of --data.source"]
