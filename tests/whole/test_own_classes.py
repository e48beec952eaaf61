"""Classes of a user that lie outside of this project: what a checkpoint must name is refused, all else works."""

import itertools

import pytest
from workplace import TINY, USAGE, assert_refused

from contracts.errors import UsageError
from lightning_modules.dry_run import check_class_is_registered
from lightning_modules.heads.base import Head
from lightning_modules.heads.linear import Linear

MODULE = '''
from torch import nn

from datamodules.sources.files import Files
from datamodules.tokenizers.characters import Characters
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.linear import Linear
from lightning_modules.layers.pooling import mean_pool
from lightning_modules.losses.cross_entropy import CrossEntropy


class MyEncoder(TextEncoder):
    """Means of embeddings."""

    output_dim = 8

    def __init__(self, spec, /, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.embedding = nn.Embedding(spec.vocabulary_size, 8, spec.padding_id)

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        return self.scale * mean_pool(self.embedding(input_ids), attention_mask)


class WithoutLength(MyEncoder):
    """Lacks its length."""

    output_dim = None


class MyHead(Linear):
    """Another head."""


class MyLoss(CrossEntropy):
    """Another loss."""


class MyTokenizer(Characters):
    """Another tokenizer."""


class MySource(Files):
    """Another source."""
'''
numbers = itertools.count()


@pytest.fixture
def module(tmp_path, monkeypatch) -> str:
    """The name of a module with these classes, in a folder where Python finds it."""
    name = f"my_parts_{next(numbers)}"
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / f"{name}.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    return name


@pytest.mark.parametrize(
    ("option", "name", "folder"),
    [
        ("model.encoder", "MyEncoder", "lightning_modules/encoders/"),
        ("model.head", "MyHead", "lightning_modules/heads/"),
        ("data.tokenizer", "MyTokenizer", "datamodules/tokenizers/"),
    ],
)
def test_what_a_checkpoint_must_name_is_refused_before_training(work, data, module, option, name, folder):
    others = () if option == "model.encoder" else TINY
    answer = work.train(
        "--data.source", "Files", "--data.source.path", data, *others, f"--{option}", f"{module}.{name}"
    )
    where, fix = rf"--{option} {module}\.{name} lies outside of", f"its file into {folder} and give --{option} {name}"
    assert_refused(answer, work, USAGE, f"{where}.*{fix}")


@pytest.mark.parametrize(("option", "name"), [("model.loss", "MyLoss"), ("data.source", "MySource")])
def test_what_prediction_does_not_need_may_lie_anywhere(work, data, module, option, name):
    source = () if option == "data.source" else ("--data.source", "Files", "--data.source.path", data)
    path = ("--data.source.path", data) if option == "data.source" else ()
    run = work.fit(*TINY, *source, f"--{option}", f"{module}.{name}", *path)
    answer = work.predict(run, "apple pear today")
    assert answer.code == 0, answer.err


def test_an_encoder_without_its_length_is_refused_before_training(work, data, module):
    answer = work.train(
        "--data.source", "Files", "--data.source.path", data, "--model.encoder", f"{module}.WithoutLength"
    )
    assert_refused(answer, work, USAGE, r"--model\.encoder: WithoutLength has no output_dim: set self\.output_dim")


def test_a_class_of_this_project_is_registered():
    part = object.__new__(Linear)
    check_class_is_registered(part, Head, "model.head")
    with pytest.raises(UsageError, match=r"--model\.head tests?.*Other lies outside of this project"):
        check_class_is_registered(object.__new__(type("Other", (Linear,), {"__module__": "test"})), Head, "model.head")
