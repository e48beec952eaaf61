from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from contracts.errors import DataError, UsageError
from datamodules.sources.text_stream import NewText, new_texts


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> str:
    data = content.encode(encoding) if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def read(*inputs: str, **options: str) -> list[NewText]:
    return list(new_texts(list(inputs), **options))


def texts(*inputs: str, **options: str) -> list[str]:
    return [new.text for new in read(*inputs, **options)]


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("new.csv", 'id,text\n1,"a, ""b"""\n2,\n3,"two\nlines"\n'),
        ("new.CSV", 'id,text\r\n1,"a, ""b"""\r\n2,\r\n3,"two\nlines"\r\n'),
        ("new.tsv", 'text\tid\n"a, ""b"""\t1\n""\t2\n"two\nlines"\t3\n'),
        ("new.jsonl", '{"text": "a, \\"b\\""}\n\n{"text": ""}\n{"text": "two\\nlines"}\n'),
        ("new.json", '\ufeff{"text": "a, \\"b\\""}\n{"text": null}\n  \n{"text": "two\\nlines"}'),
        ("new.ndjson", '{"text": "a, \\"b\\"", "x": [1]}\r\n{"text": ""}\r\n{"text": "two\\nlines"}'),
    ],
)
def test_tables_are_read_as_their_ending_says(tmp_path, name, content, ending):
    assert texts(write(tmp_path / f"{name}{ending}", content)) == ['a, "b"', "", "two\nlines"]


@pytest.mark.parametrize("name", ["new.txt", "new", "new.log", "new.txt.gz"])
def test_any_other_file_holds_a_text_a_line(tmp_path, name):
    assert texts(write(tmp_path / name, "a, b\n\r\n last\u3000")) == ["a, b", "", " last\u3000"]


def test_a_mark_at_the_beginning_is_no_part_of_the_text(tmp_path):
    assert texts(write(tmp_path / "new.txt", "\ufeffa\n")) == ["a"]
    assert texts(write(tmp_path / "new.csv", "\ufefftext\na\n")) == ["a"]


def test_second_texts_come_from_their_column_or_behind_a_tab(tmp_path):
    pairs = [NewText("a", "b"), NewText("c", "")]
    assert read(write(tmp_path / "new.csv", "text_pair,text\nb,a\n,c\n")) == pairs
    assert (
        read(write(tmp_path / "new.jsonl", '{"text": "a", "text_pair": "b"}\n{"text": "c", "text_pair": ""}')) == pairs
    )
    assert read(write(tmp_path / "new.txt", "a\tb\nc\t\n")) == pairs
    assert read("a\tb", "c\t") == pairs
    assert read(write(tmp_path / "other.csv", "q,text\nb,a\n,c\n"), pair_column="q") == pairs
    assert read(write(tmp_path / "none.jsonl", '{"text": "a"}\n{"text": "b", "text_pair": 4}')) == [
        NewText("a"),
        NewText("b", "4"),
    ]


def test_values_of_json_become_texts_as_they_do_in_training(tmp_path):
    lines = '{"text": null}\n{"text": 3}\n{"text": 2.5}\n{"text": true}\n{"text": "x"}'
    assert texts(write(tmp_path / "new.jsonl", lines)) == ["", "3", "2.5", "true", "x"]


def test_columns_can_be_named(tmp_path):
    assert texts(write(tmp_path / "new.csv", "text,body\na,b\n"), text_column="body") == ["b"]


def test_other_encodings_can_be_named(tmp_path):
    path = write(tmp_path / "new.txt", "你好\n", "gb18030")
    assert texts(path, encoding="gb18030") == ["你好"]
    assert texts(write(tmp_path / "wide.csv", "text\né\n", "utf-16"), encoding="utf-16") == ["é"]


def test_a_very_long_text_is_read_whole(tmp_path):
    assert texts(write(tmp_path / "new.csv", "text\n" + "a" * 200_000 + "\n")) == ["a" * 200_000]


def test_arguments_that_are_no_files_are_texts():
    given = ["hello", "", "see readme.txt", "a" * 5000, "and/or", "3.14", "..."]
    assert texts(*given) == given


def test_several_inputs_come_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("c\r\nd\n"))
    file = write(tmp_path / "new.csv", "text\nb\n")
    assert texts("a", file, "-", "e") == ["a", "b", "c", "d", "e"]


def test_without_inputs_the_standard_input_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("a\tb\n\n"))
    assert read() == [NewText("a", "b"), NewText("")]


def test_texts_are_read_while_they_are_answered(monkeypatch):
    def lines():
        yield "first\n"
        raise AssertionError("read ahead")

    monkeypatch.setattr(sys, "stdin", lines())
    assert next(new_texts(["-"])) == NewText("first")


@pytest.mark.parametrize("name", ["new.cvs.csv", "new.tsv.gz", "new.jsonl", "new.txt", "folder/new.csv"])
def test_a_file_that_is_not_there_is_no_text(tmp_path, name):
    with pytest.raises(UsageError, match=r"there is no file .*new"):
        texts(str(tmp_path / name))


def test_the_nearest_file_is_asked_for(tmp_path):
    write(tmp_path / "reviews.csv", "text\na\n")
    with pytest.raises(UsageError, match=r'there is no file .*/review.csv. Did you mean "reviews.csv"\?'):
        texts(str(tmp_path / "review.csv"))


def test_a_folder_is_no_text(tmp_path):
    with pytest.raises(UsageError, match="is a folder; name the files in it"):
        texts(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "new.csv",
            "txt,b\na,b\n",
            r'new.csv has no column "text", only: txt, b. Did you mean "txt"\? Name .*--text_column',
        ),
        ("new.csv", "", r'has no column "text", only: none\.'),
        ("new.csv", "text,b\na\n", r"new.csv, line 2: 1 fields where the header has 2"),
        ("new.csv", 'text\n"a\n', r"line 2: broken quoting \(unexpected end of data\)"),
        ("new.csv", 'text\n"a"b\n', r"line 2: broken quoting"),
        ("new.jsonl", '{"text": "a"}\n{"text"\n', r"new.jsonl, line 2 is no JSON: .* at character 8"),
        ("new.jsonl", "[1]\n", r"line 1 holds no JSON object; write one object a line"),
        ("new.jsonl", '{"body": "a"}\n', r'has no column "text", only: body'),
        ("new.jsonl", '\n{"text": ["a"]}\n', r'line 2: column "text" holds something other than text'),
        (
            "new.jsonl",
            '{"text": "a", "text_pair": {}}\n',
            r'line 1: column "text_pair" holds something other than text',
        ),
        (
            "new.jsonl",
            '{"text": "a"}\n{"text": "\\ud83d"}\n',
            r"text 2 of .*new.jsonl' holds half of a character .*ud83d\)",
        ),
        ("new.txt", b"a\n\xff\n", r"new.txt is not utf-8 \(invalid start byte\); name its encoding with --encoding"),
        ("new.csv", b"text\n\xff\n", r"new.csv is not utf-8 \(invalid start byte\)"),
    ],
)
def test_files_that_cannot_be_read_say_where_and_why(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message):
        texts(write(tmp_path / name, content))


def test_an_argument_in_another_encoding_is_refused():
    with pytest.raises(DataError, match=r"text 1 of .* holds half of a character .* or has another encoding"):
        texts("caf\udce9")


def test_a_wrong_encoding_says_so(tmp_path):
    path = write(tmp_path / "new.txt", "plain\n")
    with pytest.raises(UsageError, match=r"--encoding 'utf-9' is not known to Python; utf-8, gb18030 and latin-1 are"):
        texts(path, encoding="utf-9")
    with pytest.raises(DataError, match=r"new.txt is not utf-16 \(.+\); name its encoding"):
        texts(path, encoding="utf-16")


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: b"text\na\n", lambda data: data[:10] + b"\xff" * 30]
)
def test_a_damaged_gzip_file_says_so(tmp_path, damage):
    path = tmp_path / "new.csv.gz"
    path.write_bytes(damage(gzip.compress(("text\n" + "abcdefg " * 50).encode())))
    with pytest.raises(DataError, match=r"new.csv.gz is no whole gzip file \(.+\); write or fetch it again"):
        texts(str(path))


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = write(tmp_path / "new.txt", "a\n")

    def denied(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(DataError, match=r"new.txt cannot be read: Permission denied; mend its permissions"):
        texts(path)
