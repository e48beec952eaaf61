"""Files of every kind are read as they are, and every fault in one is told with its place and its mend."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.errors import DataError, UsageError
from datamodules.sources.base import Rows
from datamodules.sources.files import Files

CSV = "text,label\ngood film,pos\nbad film,neg\n"


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return folder


def read_one(folder: Path, name: str, content: str | bytes, **options) -> Rows:
    write(folder, {name: content})
    return Files(str(folder / name), **options).read()["train"]


@pytest.mark.parametrize("gz", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.csv", CSV),
        ("train.tsv", CSV.replace(",", "\t")),
        ("train.jsonl", '{"text": "good film", "label": "pos"}\n{"text": "bad film", "label": "neg"}\n'),
        ("train.json", '{"label": "pos", "text": "good film"}\r\n\r\n{"label": "neg", "text": "bad film"}'),
        ("TRAIN.NDJSON", '{"text": "good film", "label": "pos"}\n{"text": "bad film", "label": "neg"}'),
    ],
)
def test_every_ending_gives_the_same_rows(tmp_path, name, content, gz):
    write(tmp_path, {name + gz: content})
    source = Files(str(tmp_path))
    assert source.detect_task() == "single_label"
    assert source.read() == {"train": Rows(["good film", "bad film"], ["pos", "neg"])}


@pytest.mark.parametrize("validation", ["validation", "valid", "val", "dev", "Dev"])
def test_a_folder_gives_its_splits_under_any_of_their_names(tmp_path, validation):
    write(tmp_path, {"train.csv": CSV, f"{validation}.tsv": CSV.replace(",", "\t"), "test.csv.gz": CSV, "notes.md": ""})
    assert list(Files(str(tmp_path)).read()) == ["train", "validation", "test"]


def test_an_all_file_counts_only_where_no_split_is(tmp_path):
    write(tmp_path, {"all.csv": CSV, "labels.txt": "pos\nneg\n"})
    assert list(Files(str(tmp_path)).read()) == ["train"]
    write(tmp_path, {"test.csv": CSV})
    with pytest.raises(DataError, match=r"no train file .*it has: all.csv, labels.txt, test.csv"):
        Files(str(tmp_path)).read()


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_marks_line_ends_and_blank_lines_do_no_harm(tmp_path, line_end, mark):
    rows = read_one(tmp_path, "a.csv", mark + line_end.join(["text, label", "", "one,x", "two,y", ""]))
    assert (rows.texts, rows.labels) == (["one", "two"], ["x", "y"])


def test_quoted_fields_may_hold_line_breaks_commas_and_quotes(tmp_path):
    rows = read_one(tmp_path, "a.csv", 'text,label\n"one,\r\ntwo ""three""",x\n')
    assert rows.texts == ['one,\r\ntwo "three"']


def test_a_text_may_be_longer_than_the_csv_module_allows_by_itself(tmp_path):
    long = "a" * 200_000
    assert read_one(tmp_path, "a.csv", f"text,label\n{long},x\n").texts == [long]


def test_quotes_are_plain_signs_where_the_user_says_so(tmp_path):
    assert read_one(tmp_path, "a.tsv", 'text\tlabel\n"so he\tx\nsaid"\ty\n', quoted=False).texts == ['"so he', 'said"']


def test_another_delimiter_can_be_named(tmp_path):
    assert read_one(tmp_path, "a.csv", "text;label\na, b;x\n", delimiter=";").texts == ["a, b"]


def test_another_encoding_can_be_named(tmp_path):
    assert read_one(tmp_path, "a.csv", "text,label\n好,x\n".encode("gb18030"), encoding="GB18030").texts == ["好"]
    assert read_one(tmp_path, "a.csv", "text,label\n好,x\n".encode("utf-16"), encoding="utf-16").texts == ["好"]


def test_second_texts_are_read_where_there_are_some_and_wanted(tmp_path):
    content = "text,text_pair,label\na,b,x\n"
    assert read_one(tmp_path, "a.csv", content).pairs == ["b"]
    assert read_one(tmp_path, "a.csv", content, text_pair_column=None).pairs is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'text,labels\na,"[""x"", ""y"", ""x""]"\nb,[]\nc,[1]\n'),
        ("a.tsv", 'text\tlabels\na\t"[""x"",""y""]"\nb\t[]\nc\t"[""1""]"\n'),
        ("a.jsonl", '{"text":"a","labels":["x","y"]}\n{"text":"b","labels":[]}\n{"text":"c","labels":[1]}\n'),
    ],
)
def test_lists_of_labels_are_read_each_label_once(tmp_path, name, content):
    rows = read_one(tmp_path, name, content)
    assert rows.labels == [["x", "y"], [], ["1"]]
    assert Files(str(tmp_path / name)).detect_task() == "multi_label"


def test_numbers_in_json_become_strings_and_null_text_an_empty_one(tmp_path):
    content = '{"text": null, "label": 1}\n{"text": 7, "label": true}\n{"text": "a", "label": 2.5}\n'
    rows = read_one(tmp_path, "a.jsonl", content)
    assert (rows.texts, rows.labels) == (["", "7", "a"], ["1", "true", "2.5"])


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ({"labels_column": None}, ["x"]),
        ({"label_column": None}, [["y"]]),
        ({"label_column": "kind"}, ["z"]),
        ({"labels_column": "tags"}, [["w"]]),
    ],
)
def test_an_option_says_which_of_two_label_columns_is_meant(tmp_path, options, labels):
    content = 'text,label,labels,kind,tags\na,x,"[""y""]",z,"[""w""]"\n'
    assert read_one(tmp_path, "a.csv", content, **options).labels == labels


def test_two_label_columns_are_refused_where_no_option_says_which_is_meant(tmp_path):
    with pytest.raises(DataError, match=r'both a column "label" .* and a column "labels".*labels_column null'):
        read_one(tmp_path, "a.csv", "text,label,labels\na,x,[]\n")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.just("x")), min_size=1
    )
)
def test_what_the_csv_module_writes_is_read_back_unchanged(tmp_path, rows):
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    assert Files(str(tmp_path / "a.csv")).read()["train"].texts == [text for text, _ in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), st.booleans())
def test_what_the_json_module_writes_is_read_back_unchanged(tmp_path, texts, ascii_only):
    lines = [json.dumps({"text": text, "label": "x"}, ensure_ascii=ascii_only) for text in texts]
    assert read_one(tmp_path, "a.jsonl", "\n".join(lines)).texts == texts


def test_the_fingerprint_follows_bytes_and_options_but_not_the_folder(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        write(folder, {"train.csv": CSV, "test.csv": CSV})
    same = Files(str(one)).fingerprint()
    assert Files(str(two)).fingerprint() == same
    assert Files(str(two), quoted=False).fingerprint() != same
    assert Files(str(two), text_column="label", label_column="text").fingerprint() != same
    (two / "test.csv").rename(two / "dev.csv")
    assert Files(str(two)).fingerprint() != same


@pytest.mark.parametrize(
    ("folder", "file", "name"),
    [
        ("my mails", "train.csv", "my_mails"),
        ("mails", "tweets.2024.csv.gz", "tweets_2024"),
        ("新闻", "all.csv", "files"),
    ],
)
def test_the_name_says_what_the_data_are(tmp_path, folder, file, name):
    (tmp_path / folder).mkdir()
    write(tmp_path / folder, {file: CSV})
    assert Files(str(tmp_path / folder / file)).name == name


def test_the_task_is_told_by_the_first_line_alone(tmp_path):
    write(tmp_path, {"train.csv": b"text,label\n" + b"a,x\n" * 100_000 + b"\xff"})
    assert Files(str(tmp_path)).detect_task() == "single_label"


# what a user may give


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "trian.csv",
            r'no such file or folder: .*has no "trian.csv"\)\. Did you mean "train.csv"\?.*--data.source.path',
        ),
        ("deep/down/train.csv", r'has no "deep"\)'),
        ("notes.md", r"notes.md has none of the extensions .csv, .tsv, .jsonl, .ndjson, .json .*rename or convert"),
    ],
)
def test_a_path_that_cannot_be_read_is_refused(tmp_path, path, message):
    write(tmp_path, {"train.csv": CSV, "notes.md": ""})
    with pytest.raises(UsageError, match=message):
        Files(str(tmp_path / path))


def test_an_empty_path_is_not_the_working_directory():
    with pytest.raises(UsageError, match=r"path is empty; name .* --data.source.path"):
        Files("")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoding": "utf8000"}, r"unknown encoding 'utf8000'.*Did you mean .*--data.source.encoding"),
        ({"encoding": "rot13"}, r"unknown encoding 'rot13'"),
        ({"encoding": ""}, r"unknown encoding ''"),
        ({"delimiter": "::"}, r"delimiter must be one character.*got '::'.*--data.source.delimiter"),
        ({"delimiter": '"'}, r"delimiter must be one character"),
        ({"label_column": None, "labels_column": None}, r"both null.*--data.source.label_column"),
        ({"label_column": "text"}, r'text_column and label_column both name "text".*--data.source.label_column'),
    ],
)
def test_options_that_cannot_be_are_refused(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        Files(str(tmp_path), **options)


# what may be wrong with a folder


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"no train file \(train.csv, train.tsv, .*it has: no file\. Rename"),
        ({"a.csv": CSV, "b.txt": ""}, r"it has: a.csv, b.txt\. .*--data.source.path"),
        ({"train.csv": CSV, "dev.csv": CSV, "val.tsv": CSV}, r"2 files for validation: dev.csv, val.tsv; keep one"),
        (
            {"train.csv": CSV, "test.xlsx": ""},
            r"test.xlsx would be the test split, but has none of the extensions .csv.*convert",
        ),
    ],
)
def test_a_folder_whose_splits_are_not_clear_is_refused(tmp_path, files, message):
    write(tmp_path, files)
    for use in (Files.detect_task, Files.read, Files.fingerprint):
        with pytest.raises(DataError, match=message):
            use(Files(str(tmp_path)))


def test_splits_with_other_columns_are_refused(tmp_path):
    write(tmp_path, {"train.csv": CSV, "test.csv": "text,labels\na,[]\n"})
    message = r"test.csv does not fit .*train.csv: it has the columns text, labels, but the other text, label\."
    with pytest.raises(DataError, match=message):
        Files(str(tmp_path)).read()


# what may be wrong in a file; `task` finds what shows in the first line, `read` finds all


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", r"a.csv is empty"),
        ("a.csv", "\ufeff \n", r"a.csv is empty"),
        ("a.jsonl", "\n\n", r"a.jsonl is empty"),
        ("a.csv", "Text,label\na,x\n", r'no column "text"; it has: Text, label\. Did you mean "Text"\? .*text_column'),
        ("a.csv", "text;label\na;x\n", r'no column "text"; it has: text;label\. .*--data.source.delimiter ";"'),
        (
            "a.csv",
            "text,lable\na,x\n",
            r'"label" \(one label per text\) or "labels" .* Did you mean "lable"\?.*label_column',
        ),
        ("a.jsonl", '["a", "x"]\n', r"line 1 is a list, not an object.*jq"),
        (
            "a.jsonl",
            "{'text': 'a'}\n",
            r"line 1 is not JSON: .* at character 2, in \{'text': 'a'\}\. Write one complete",
        ),
        ("a.csv", b"t\xe9xt,label\na,x\n", r"not utf-8: byte 2, in line 1"),
        ("a.csv", '"text,label\n', r"a quote that opens in line 1 is never closed"),
    ],
)
def test_a_fault_in_the_first_line_is_found_without_the_rest(tmp_path, name, content, message):
    write(tmp_path, {name: content})
    for use in (Files.detect_task, Files.read):
        with pytest.raises(DataError, match=message):
            use(Files(str(tmp_path / name)))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "text,label\n\n", r"a header \(text, label\) but no rows"),
        ("a.csv", "text,text,label\na,b,x\n", r'2 columns named "text" in its header: text, text, label; rename'),
        (
            "a.csv",
            'text,label\n"a\nb",x\n\na,b,x\nc\n',
            r"2 fields \(text, label\), but 2 rows .*: line 5 \(3\), line 6 \(1\)",
        ),
        ("a.csv", 'text,label\na,x\n"b" c,y\n', r"line 3 has invalid quoting .*--data.source.quoted false"),
        ("a.csv", 'text,label\n"a\n"b" c,y\n', r"line 3 has invalid quoting .*in a row that begins in line 2"),
        ("a.csv", 'text,label\na,x\n"b,y\nc,z\n', r"a quote that opens in line 3 is never closed"),
        ("a.csv", b"text,label\na,x\ncaf\xe9,y\n", r"not utf-8: byte 19, in line 3,.*--data.source.encoding gb18030"),
        ("a.csv", "text,label\na,x\n".encode("utf-16"), r"not utf-8: byte 1, .*--data.source.encoding utf-16"),
        (
            "a.csv",
            'text,label\n"a\n\nb",x\nc,\nd, \n',
            r'2 rows have no label in column "label": line 5, line 6\. Give',
        ),
        ("a.jsonl", '{"text":"a","label":null}', r'1 row has no label in column "label": line 1'),
        ("a.jsonl", '{"text":"a","label":NaN}', r'1 row has no label in column "label": line 1'),
        (
            "a.csv",
            "text,labels\na,[]\nb,joy;love\nc,\n",
            r'JSON lists .*2 rows: line 3 \("joy;love"\), line 4.*label_column',
        ),
        ("a.csv", 'text,labels\na,"[""x"", null]"\n', r"JSON lists .*1 row: line 2"),
        ("a.csv", 'text,labels\na,"{""x"": 1}"\n', r"JSON lists .*1 row: line 2"),
        (
            "a.jsonl",
            '{"text":"a","label":"x"}\n\n{"text":"b","label"\n',
            r'line 3 is not JSON: .*in \{"text":"b","label"\.',
        ),
        ("a.jsonl", '{"text":"a","label":"x"}\n7\n', r"line 2 is a number, not an object"),
        ("a.jsonl", '{"text":"a","label":"x"}\n{"text":"b"}\n', r'1 row lacks "label", .*: line 2\. Every object'),
        (
            "a.jsonl",
            '{"text":["a"],"label":"x"}\n',
            r'column "text" holds something other than text in 1 row: line 1 \(\["a"\]\)',
        ),
        (
            "a.jsonl",
            '{"text":"a","label":["x"]}\n',
            r"one label per text, but .*1 row: line 1 .*--data.source.labels_column label",
        ),
        ("a.jsonl", '{"text":"a\\ud83d","label":"x"}\n', r"line 1 holds a lone surrogate"),
        ("a.jsonl", "[" * 100_000, r"line 1 is n"),
    ],
)
def test_a_fault_is_told_with_its_place_and_its_mend(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message):
        read_one(tmp_path, name, content)


def test_a_wrong_encoding_that_the_user_named_is_told_as_such(tmp_path):
    with pytest.raises(DataError, match=r"not ascii: byte 12, in line 2, .*--data.source.encoding utf-8"):
        read_one(tmp_path, "a.csv", "text,label\né,x\n", encoding="ascii")


@pytest.mark.parametrize("cut", [slice(0, 20), slice(0, -4), slice(2, None)])
def test_a_gzip_file_that_is_cut_short_or_none_is_told(tmp_path, cut):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CSV.encode())[cut])
    with pytest.raises(DataError, match=r"a.csv.gz is not a complete gzip file \(.*remove .gz from its name"):
        Files(str(tmp_path / "a.csv.gz")).read()


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    write(tmp_path, {"a.csv": CSV})
    source = Files(str(tmp_path / "a.csv"))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    for use in (Files.detect_task, Files.read, Files.fingerprint):
        with pytest.raises(DataError, match=r"a.csv cannot be read: Permission denied; fix"):
            use(source)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text_column": "body"}, r'no column "body"; it has: text, label\. .*--data.source.text_column'),
        ({"text_pair_column": "second"}, r'no column "second".*--data.source.text_pair_column'),
        ({"label_column": "kind"}, r'no column "kind".*--data.source.label_column'),
        ({"labels_column": "tags"}, r'no column "tags".*--data.source.labels_column'),
        ({"label_column": None}, r'no column "labels" \(several\)'),
    ],
)
def test_a_column_that_the_user_named_must_be_there(tmp_path, options, message):
    write(tmp_path, {"a.csv": CSV})
    with pytest.raises(DataError, match=message):
        Files(str(tmp_path / "a.csv"), **options).detect_task()
