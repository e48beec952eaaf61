"""New texts in every form: files of all types and encodings, the standard input, arguments; and what is refused."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import DataError, UsageError
from datamodules.sources.demo import Demo
from datamodules.sources.files import Files
from datamodules.sources.text_inputs import resolve_inputs
from datamodules.sources.text_stream import NewText, NewTexts, TextColumns, get_text_columns


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> str:
    data = content.encode(encoding) if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


SINGLE = TextColumns(text_pair=None)
PAIRS = TextColumns()


def read(*inputs: str, columns: TextColumns = SINGLE, **options: Any) -> list[NewText]:
    return list(NewTexts(resolve_inputs(inputs), columns, **options))


def texts(*inputs: str, **options: Any) -> list[str]:
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


@pytest.mark.parametrize("mark", ["\ufeff", "\ufeff\ufeff"])
def test_a_byte_order_mark_at_the_beginning_is_no_part_of_the_text(tmp_path, mark):
    assert texts(write(tmp_path / "new.txt", f"{mark}a\n\ufeffb\n")) == ["a", "\ufeffb"]
    assert texts(write(tmp_path / "new.csv", f"{mark}text\na\n")) == ["a"]
    assert texts(write(tmp_path / "new.jsonl", mark + '{"text": "a"}\n')) == ["a"]
    assert texts(write(tmp_path / "wide.csv", f"{mark}text\na\n", "utf-16-le"), encoding="utf-16-le") == ["a"]


def test_second_texts_come_from_their_column_or_behind_a_tab(tmp_path):
    pairs = [NewText("a", "b"), NewText("c", "")]
    assert read(write(tmp_path / "new.csv", "text_pair,text\nb,a\n,c\n"), columns=PAIRS) == pairs
    lines = '{"text": "a", "text_pair": "b"}\n{"text": "c", "text_pair": null}\n{"text": "d", "text_pair": 4}'
    assert read(write(tmp_path / "new.jsonl", lines), columns=PAIRS) == [*pairs, NewText("d", "4")]
    assert read(write(tmp_path / "new.txt", "a\tb\nc\t\n"), columns=PAIRS) == pairs
    assert read("a\tb", "c\t", columns=PAIRS) == pairs
    named = TextColumns("p", "q")
    assert read(write(tmp_path / "other.csv", "q,p,text\nb,a,x\n,c,x\n"), columns=named) == pairs


def test_single_texts_keep_their_tabs_and_leave_second_texts_unread(tmp_path):
    assert read("a\tb") == [NewText("a\tb")]
    assert read(write(tmp_path / "new.txt", "a\tb\n")) == [NewText("a\tb")]
    assert read(write(tmp_path / "new.csv", "text_pair,text\nb,a\n")) == [NewText("a")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("new.txt", "a\tb\nc\n", r"new.txt, line 2: 'c' is one text, and the model compares two; put a tab between"),
        (
            "new.csv",
            "text,label\na,b\n",
            r'no column "text_pair"; it has: text, label\. Name the .* --text_pair_column',
        ),
        (
            "new.jsonl",
            '{"a": 1}',
            r'no column "text" and no column "text_pair"; it has: a\. .*--text_column and --text_p',
        ),
        ("new.jsonl", '{"text": "a", "text_pair": "b"}\n{"text": "c"}', r'no column "text_pair"; it has: text\.'),
    ],
)
def test_a_missing_second_text_is_refused(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message):
        read(write(tmp_path / name, content), columns=PAIRS)
    with pytest.raises(DataError, match=r"^'a' is one text, and the model compares two"):
        read("a", columns=PAIRS)


def test_a_row_is_kept_where_that_is_asked_for(tmp_path):
    csv = write(tmp_path / "new.csv", "id,text,note\n1,a,\n")
    jsonl = write(tmp_path / "new.jsonl", '{"id": 2, "text": "b", "tags": ["x"]}\n{"text": null}\n')
    rows = [{"id": "1", "text": "a", "note": ""}, {"id": 2, "text": "b", "tags": ["x"]}, {"text": None}]
    kept = NewTexts(resolve_inputs([csv, jsonl]), SINGLE, keep_rows=True)
    assert [text.row for text in kept.first_texts] == rows[:2]
    assert [(text.text, text.row) for text in kept] == [("a", rows[0]), ("b", rows[1]), ("", rows[2])]
    assert read(csv) == [NewText("a")]


def test_columns_of_a_source_are_those_of_its_texts(tmp_path):
    write(tmp_path / "train.csv", "review,label\na,b\n")
    assert get_text_columns(Files(str(tmp_path), text_column="review")) == TextColumns("review", "text_pair")
    assert get_text_columns(Files(str(tmp_path), text_pair_column=None)) == TextColumns("text", None)
    assert get_text_columns(Demo()) is None


def test_values_of_json_become_texts_as_they_do_in_training(tmp_path):
    lines = '{"text": null}\n{"text": 3}\n{"text": 2.5}\n{"text": true}\n{"text": "x"}'
    assert texts(write(tmp_path / "new.jsonl", lines)) == ["", "3", "2.5", "true", "x"]


def test_columns_can_be_named(tmp_path):
    columns = TextColumns("body", None)
    assert texts(write(tmp_path / "new.csv", "text,body\na,b\n"), columns=columns) == ["b"]


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
    assert read() == [NewText("a\tb"), NewText("")]


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", "\ufeff"), ("gbk", ""), ("utf-16", "")])
def test_the_standard_input_is_decoded_as_files_are(monkeypatch, encoding, mark):
    data = f"{mark}很好看\n".encode(encoding)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii", errors="surrogateescape"))
    assert texts("-", encoding=encoding) == ["很好看"]


def test_a_standard_input_in_another_encoding_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("很好看\n".encode("gbk")), encoding="utf-8"))
    with pytest.raises(DataError, match=r"the standard input is not utf-8 \(.+\); name its encoding with --encoding"):
        texts("-")


def test_a_standard_input_that_cannot_be_read_is_refused(monkeypatch):
    def lines():
        raise IsADirectoryError(21, "Is a directory")
        yield

    monkeypatch.setattr(sys, "stdin", lines())
    with pytest.raises(DataError, match="the standard input cannot be read: Is a directory; name a file"):
        texts("-")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match="the standard input is closed; name a file, or give texts as arguments"):
        texts("-")


def test_texts_are_read_while_they_are_labelled(monkeypatch):
    def lines():
        yield "first\n"
        raise AssertionError("read ahead")

    monkeypatch.setattr(sys, "stdin", lines())
    assert next(iter(NewTexts(["-"], SINGLE))) == NewText("first")


def test_each_file_is_opened_once_and_its_first_text_read_at_once(tmp_path, monkeypatch):
    files = [write(tmp_path / f"{number}.csv", f"text\n{number}\n-\n") for number in range(120)]
    opened: list[str] = []
    open_path = Path.open

    def count(path: Path, *arguments: Any, **options: Any) -> Any:
        opened.append(path.name)
        return open_path(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", count)
    new = NewTexts(resolve_inputs(files), SINGLE)
    assert len(opened) == 100, "the system limits how many files may be open"
    assert [text.text for text in new.first_texts] == [str(number) for number in range(100)]
    assert [text.text for text in new][::2] == [str(number) for number in range(120)]
    assert opened == [f"{number}.csv" for number in range(120)]


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
            r'new.csv has no column "text"; it has: txt, b. Did you mean "txt"\? Name .*--text_column',
        ),
        ("new.csv", "", r'has no column "text"; it has: none\.'),
        ("new.csv", "text;label\na;b\n", r'has no column "text"; it has: text;label\. Name the column'),
        ("new.csv", "text,b\na\n", r"new.csv, line 2: 1 fields where the header has 2"),
        ("new.csv", 'text\n"a\n', r"line 2: invalid quoting \(unexpected end of data\)"),
        ("new.csv", 'text\n"a"b\n', r"line 2: invalid quoting"),
        ("new.csv", "text,b,b\na,b,c\n", r"new.csv: the header names more than one column b; rename or remove"),
        ("new.jsonl", '{"text": "a"}\n{"text"\n', r"new.jsonl, line 2 is not valid JSON: .* at character 8"),
        ("new.jsonl", "[1]\n", r"line 1 is not a JSON object; write one per line"),
        (
            "new.jsonl",
            '{"text": ' + "[" * 100_000,
            r"new.jsonl, line 1 is nested too deeply; write one flat",
        ),
        ("new.jsonl", '{"text": ' + "1" * 5_000 + "}", r"new.jsonl, line 1 cannot be read: Exceeds the limit"),
        ("new.jsonl", '{"body": "a"}\n', r'has no column "text"; it has: body\.'),
        ("new.jsonl", '\n{"text": ["a"]}\n', r'line 2: column "text" contains a list or an object'),
        (
            "new.jsonl",
            '{"text": "a"}\n{"text": "\\ud83d"}\n',
            r"text 2 of .*new.jsonl' contains a lone surrogate .*ud83d\)",
        ),
        ("new.txt", b"a\n\xff\n", r"new.txt is not utf-8 \(invalid start byte\); name its encoding with --encoding"),
        ("new.csv", b"text\n\xff\n", r"new.csv is not utf-8 \(invalid start byte\)"),
    ],
)
def test_files_that_cannot_be_read_say_where_and_why(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message):
        texts(write(tmp_path / name, content))


def test_an_argument_in_another_encoding_is_refused():
    with pytest.raises(DataError, match=r"text 1 of .* contains a lone surrogate .* or has another encoding"):
        texts("caf\udce9")


def test_a_wrong_encoding_says_so(tmp_path):
    path = write(tmp_path / "new.txt", "plain\n")
    with pytest.raises(UsageError, match=r"--encoding 'utf-9' is not known to Python; utf-8, gb18030, cp1252"):
        texts(path, encoding="utf-9")
    with pytest.raises(DataError, match=r"new.txt is not utf-16 \(.+\); name its encoding"):
        texts(path, encoding="utf-16")


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: b"text\na\n", lambda data: data[:10] + b"\xff" * 30]
)
def test_a_damaged_gzip_file_says_so(tmp_path, damage):
    path = tmp_path / "new.csv.gz"
    path.write_bytes(damage(gzip.compress(("text\n" + "abcdefg " * 50).encode())))
    with pytest.raises(DataError, match=r"new.csv.gz is not a complete gzip file \(.+\); write or fetch it again"):
        texts(str(path))


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = write(tmp_path / "new.txt", "a\n")

    def denied(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(DataError, match=r"new.txt cannot be read: Permission denied; fix its permissions"):
        texts(path)
