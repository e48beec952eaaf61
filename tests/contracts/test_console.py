"""What is printed is shown as it is, at once, and by the first process only."""

from __future__ import annotations

import logging

import pytest
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from rich.table import Table

from contracts.console import announce, create_console

LABELS = ("a [/b] c", "[bold]red", ":smile:", "[link=x]y[/link]", "back\\[slash]")


@pytest.mark.parametrize("label", LABELS)
def test_markup_is_shown_as_it_is_in_text_titles_and_cells(label, capsys):
    console = create_console()
    table = Table(title=label)
    table.add_column(label)
    table.add_row(label)
    console.print(label)
    console.print(table)
    assert capsys.readouterr().out.count(label) == 4


def test_redirected_output_has_the_given_width(capsys):
    create_console(width=30).print("word " * 20)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 30


def test_announcements_are_seen_whatever_the_level_of_logs_in_the_first_process_only(capsys, monkeypatch):
    logging.disable(logging.CRITICAL)
    try:
        announce("note: [bold]seen")
    finally:
        logging.disable(logging.NOTSET)
    assert capsys.readouterr().out == "note: [bold]seen\n"
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    announce("not seen")
    assert capsys.readouterr().out == ""


def test_control_characters_of_a_message_are_shown_as_code_points(capsys):
    announce("note: label a\x1b[2Jb\u202e\nnext line")
    assert capsys.readouterr().out == "note: label a⟨U+001B⟩[2Jb⟨U+202E⟩\nnext line\n"
