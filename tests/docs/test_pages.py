"""Pages have a purpose, contents and a next page; links lead somewhere; tables of classes are complete."""

from __future__ import annotations

import re
from pathlib import Path

import markdown_pages as md
import pytest
from pytorch_lightning import Callback

import callbacks
import callbacks.checkpointing
from contracts.discovery import find_implementations, import_submodules
from datamodules.augmentations.base import Augmentation
from datamodules.samplers.base import TextSampler
from datamodules.sources.base import Source
from datamodules.tokenizers.base import Tokenizer
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.losses.base import Loss

CHAIN = [
    *(
        "data",
        "exploration",
        "tokenization",
        "imbalance",
        "augmentation",
        "models",
        "training",
        "trainer_options",
        "prediction",
    ),
    *("configuration", "python_api", "results", "performance", "design", "extending"),
]
"""The pages in the order in which they lead to one another."""


def page(name: str) -> Path:
    return md.ROOT / "docs" / f"{name}.md"


def test_the_readme_is_short():
    assert len(md.README.read_text(encoding="utf-8").splitlines()) <= 200


def test_all_pages_belong_to_the_chain_and_the_readme_links_each():
    assert {path.stem for path in md.PAGES} == set(CHAIN)
    linked = {target.split("#")[0] for target in md.links(md.README)}
    assert {f"docs/{name}.md" for name in CHAIN} <= linked


@pytest.mark.parametrize("name", CHAIN)
def test_a_page_opens_with_purpose_and_contents_and_ends_with_the_next_page(name):
    lines = [line for line in page(name).read_text(encoding="utf-8").splitlines() if line]
    assert lines[0].startswith("# ")
    assert lines[1][0].isalpha() or lines[1].startswith("**"), "the purpose comes first"
    contents = [f"- [{text}](#{md.slug(text)})" for level, text in md.headings(page(name)) if level == 2]
    assert contents
    start = lines.index(contents[0])
    assert lines[start : start + len(contents)] == contents, "the contents list each section in order"
    assert start <= 4
    following = [*CHAIN, None][CHAIN.index(name) + 1]
    if following is None:
        assert lines[-1].endswith("[README](../README.md)")
    else:
        title = md.headings(page(following))[0][1]
        assert lines[-1] == f"Next page: [{title}]({following}.md)"


def test_the_first_words_of_the_performance_page_say_where_it_was_measured():
    lines = [line for line in page("performance").read_text(encoding="utf-8").splitlines() if line]
    assert lines[1].startswith("**Not yet run on a GPU**")


@pytest.mark.parametrize("path", md.ALL, ids=lambda path: path.name)
def test_links_and_anchors_lead_somewhere(path):
    for target in md.links(path):
        if target.startswith(("https://", "http://")):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{path.name} links {target}"
        if anchor:
            assert anchor in [md.slug(text) for _, text in md.headings(there)], f"{path.name} links {target}"


CONFIGS = sorted((md.ROOT / "configs").rglob("*.yaml"))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_a_page_named_in_a_config_is_there(config):
    for name, anchor in re.findall(r"docs/(\w+)\.md#([\w-]+)", config.read_text(encoding="utf-8")):
        assert anchor in [md.slug(text) for _, text in md.headings(page(name))]


def test_pictures_are_shown_and_small():
    pictures = [path for path in (md.ROOT / "docs" / "images").rglob("*") if path.is_file()]
    shown = {
        (path.parent / target).resolve() for path in md.ALL for target in md.links(path) if target.endswith(".png")
    }
    assert {path.resolve() for path in pictures} == shown
    assert sum(path.stat().st_size for path in pictures) < 1_000_000


for package in (callbacks, callbacks.checkpointing):
    import_submodules(package.__name__, package.__path__)
TABLES = {
    "Encoders": TextEncoder,
    "Losses": Loss,
    "Samplers": TextSampler,
    "Tokenizers": Tokenizer,
    "Augmentations": Augmentation,
    "Callbacks": Callback,
}


@pytest.mark.parametrize("heading", TABLES)
def test_a_table_of_classes_in_the_readme_lists_all_that_are_there(heading):
    listed = [name for row in md.first_column(md.section(md.README, heading)) for name in row]
    assert len(listed) == len(set(listed))
    assert set(listed) == {cls.__name__ for cls in find_implementations(TABLES[heading])}


@pytest.mark.parametrize("base", [*TABLES.values(), Source, Head], ids=lambda base: base.__name__)
def test_each_class_is_described_on_some_page(base):
    named = {code for path in md.PAGES for code in md.inline_code(path)}
    assert {cls.__name__ for cls in find_implementations(base)} <= named
