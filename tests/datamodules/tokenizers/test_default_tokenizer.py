"""The tokenizer of a run that names none."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from datamodules.sources.files import Files
from datamodules.sources.hub import Hub
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.characters import Characters
from datamodules.tokenizers.default_tokenizer import choose_default_tokenizer, detect_unspaced_texts
from datamodules.tokenizers.words import Words

UNSPACED = {
    "Chinese": "昨天看的画面很精彩这部电影很精彩",
    "Japanese": "今日はとても良い天気ですね散歩に行きましょう",
    "Thai": "ผู้โดยสารหลายร้อยคนติดค้างที่สนามบินเนื่องจากพายุ",
    "Khmer": "ប្រទេសកម្ពុជាមានទឹកដីស្អាត",
    "Lao": "ປະເທດລາວມີທຳມະຊາດທີ່ສວຍງາມ",
    "Burmese": "မြန်မာနိုင်ငံသည်လှပသည်",
}
SPACED = {
    "English": "the film was long",
    "Korean": "오늘은 날씨가 좋습니다",
    "Russian": "фильм был слишком длинным",
    "segmented Chinese": "昨天 看 的 画面 很 精彩 , 这 部 电影 很 精彩",
    "segmented Japanese": "今日 は とても 良い 天気 です ね 。 散歩 に 行き ましょう",
    "segmented Thai": "ผู้โดยสาร หลาย ร้อย คน ติดค้าง ที่ สนามบิน เนื่องจาก พายุ",
    "English with a name in Chinese": "the director 张艺谋 shows what he can do once more",
    "symbols": "!!! 123",
    "nothing": "",
}


@pytest.mark.parametrize("language", UNSPACED)
def test_texts_without_spaces_get_characters(language):
    found = detect_unspaced_texts([UNSPACED[language]] * 3)
    assert found is not None
    assert found.language == language
    assert found.ratio == 1
    cls, reason = choose_default_tokenizer([UNSPACED[language]])
    assert cls is Characters
    assert reason == (
        f"tokenizer: Characters, since the texts are {language} without spaces between words; name another with "
        "--data.tokenizer Subwords"
    ) + " or --data.tokenizer Words --data.tokenizer.segment jieba (extra jieba)" * (language == "Chinese")


@pytest.mark.parametrize("language", SPACED)
def test_all_others_get_words(language):
    assert choose_default_tokenizer([SPACED[language]] * 3) == (Words, None)


def test_no_texts_get_words():
    assert choose_default_tokenizer([]) == (Words, None)


def test_mixed_languages_are_decided_by_their_letters():
    mostly_english = ["the film was much too long for me"] * 3 + [UNSPACED["Chinese"]]
    mostly_chinese = ["a long film"] + [UNSPACED["Chinese"]] * 3
    assert choose_default_tokenizer(mostly_english)[0] is Words
    assert choose_default_tokenizer(mostly_chinese)[0] is Characters


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def rows(text: str, count: int = 40) -> list[dict[str, str]]:
    return [{"id": "x" * 30, "label": str(number % 2), "text": f"{text}\n{text}{number}"} for number in range(count)]


def test_only_the_column_of_texts_counts(tmp_path):
    path = write_rows(tmp_path / "all.csv", rows(UNSPACED["Chinese"]))
    assert Files(str(path)).sample_texts(3) == [f"{UNSPACED['Chinese']}\n{UNSPACED['Chinese']}{n}" for n in (0, 13, 26)]
    with gzip.open(tmp_path / "zipped.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows(UNSPACED["Thai"]))
    assert Files(str(tmp_path / "zipped.jsonl.gz")).sample_texts(1) == [rows(UNSPACED["Thai"])[0]["text"]]


def test_a_large_file_is_read_in_part(tmp_path, monkeypatch):
    path = write_rows(tmp_path / "all.csv", rows("a text", 40))
    monkeypatch.setattr("datamodules.sources.text_sample._MAX_CHARACTERS", 200)
    assert 1 <= len(Files(str(path)).sample_texts()) < 10


@pytest.mark.parametrize("content", ["", "text\n", "other,label\na,b\n", 'text,label\n"a', "\ufefftext,label\na,b\n"])
def test_a_file_that_cannot_be_read_is_left_to_the_reader(tmp_path, content):
    path = tmp_path / "all.csv"
    path.write_text(content, encoding="utf-8")
    assert Files(str(path)).sample_texts() in ([], ["a"])
    (tmp_path / "all.jsonl").write_text("{", encoding="utf-8")
    assert Files(str(tmp_path / "all.jsonl")).sample_texts() == []


def test_a_data_set_of_the_hubs_library_is_sampled_evenly(tmp_path):
    datasets = pytest.importorskip("datasets")
    table = {"text": [f"text {number}" for number in range(10)], "label": [0, 1] * 5}
    datasets.DatasetDict({"train": datasets.Dataset.from_dict(table)}).save_to_disk(str(tmp_path / "saved"))
    assert Hub(str(tmp_path / "saved")).sample_texts(2) == ["text 0", "text 5"]


@pytest.mark.parametrize("language", ["Chinese", "English"])
def test_a_data_module_that_names_none_chooses_and_says_so(tmp_path, language, capsys):
    text = (UNSPACED | SPACED)[language]
    source = Files(str(write_rows(tmp_path / "all.csv", rows(text))))
    data = TextDataModule(source, cache_dir=str(tmp_path / "cache"))
    data.setup()
    assert type(data.tokenizer) is (Characters if language == "Chinese" else Words)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == (language == "Chinese")
    advice = 'between words; name another with tokenizer=Subwords() or Words(segment="jieba") (extra jieba)'
    assert all(line.endswith(advice) for line in lines)
    named = TextDataModule(source, Words, cache_dir=str(tmp_path / "cache"))
    named.setup()
    assert type(named.tokenizer) is Words
