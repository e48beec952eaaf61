"""`--output`: what cannot be written is refused before any work, and a file appears only once it is complete."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from commands.output_file import check_output, open_output
from contracts.errors import UsageError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_and_an_old_one_are_accepted(tmp_path):
    (tmp_path / "old.csv").write_text("old")
    check_output(tmp_path / "new.csv")
    check_output(tmp_path / "old.csv", [tmp_path / "input.csv", tmp_path / "missing"])
    check_output(Path(os.devnull))
    assert names(tmp_path) == ["old.csv"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("folder", r"--output .*folder is a folder; name a file in it"),
        ("missing/new.csv", r"--output .*new.csv: the folder .*missing does not exist; make it, or name another"),
        ("input.csv/new.csv", r"--output .*new.csv: the folder .*input.csv is not a folder"),
        ("input.csv", r"--output .*input.csv is one of the files that are read; name another, so that it is kept"),
        ("link.csv", r"--output .*link.csv is one of the files that are read"),
        ("x" * 300, r"--output .*xxx cannot be written: File name too long; name another file"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, path, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "input.csv").write_text("text\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "input.csv")
    with pytest.raises(UsageError, match=message):
        check_output(tmp_path / path, [tmp_path / "input.csv"])


@pytest.mark.parametrize(("locked", "what"), [("folder", "the folder .*folder"), ("folder/old.csv", "is a file that")])
def test_what_may_not_be_written_is_refused(tmp_path, monkeypatch, locked, what):
    """The permission is asked for, not tried: the superuser, who may run these tests, is allowed everything."""
    path = tmp_path / "folder" / "old.csv"
    path.parent.mkdir()
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda asked, mode: Path(asked) != tmp_path / locked)
    with pytest.raises(UsageError, match=rf"--output .*old.csv.*{what} may not be written; name another"):
        check_output(path)


def test_a_missing_folder_is_created_where_that_is_allowed(tmp_path):
    path = tmp_path / "a" / "b" / "new.csv"
    check_output(path, create_folder=True)
    assert names(tmp_path) == []
    with open_output(path) as file:
        file.write("text\n")
    assert path.read_text() == "text\n"
    with pytest.raises(UsageError, match=r"the folder .*new.csv is not a folder"):
        check_output(path / "c" / "d.csv", create_folder=True)


def test_a_file_appears_once_it_is_complete(tmp_path):
    path = tmp_path / "new.csv"
    with open_output(path, encoding="utf-8-sig") as file:
        file.write("a\r\nä\n")
        assert not path.exists()
    assert path.read_bytes() == b"\xef\xbb\xbfa\r\n\xc3\xa4\n"
    assert names(tmp_path) == ["new.csv"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_failure_keeps_the_former_file_and_leaves_nothing_else(tmp_path, fault):
    path = tmp_path / "old.csv"
    path.write_text("old")

    def write_in_vain() -> None:
        with open_output(path) as file:
            file.write("new")
            raise fault

    with pytest.raises(fault):
        write_in_vain()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["old.csv"]


def test_a_full_disk_is_one_message(tmp_path):
    with (
        pytest.raises(UsageError, match=r"--output .*new.csv cannot be written: No space left on device"),
        open_output(tmp_path / "new.csv"),
    ):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    with open_output(tmp_path / "link.csv") as file:
        file.write("new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"


def test_a_device_is_written_to_and_not_replaced():
    with open_output(Path(os.devnull)) as file:
        file.write("text")
    assert Path(os.devnull).is_char_device()
