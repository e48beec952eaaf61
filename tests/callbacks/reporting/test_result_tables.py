"""The result tables in the terminal show labels and words of the data, and none of them reaches the terminal raw."""

from __future__ import annotations

from pathlib import Path

from callbacks.reporting.result_tables import print_results


def test_control_characters_of_labels_and_words_are_shown_as_code_points(capsys):
    metrics = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "texts": 2.0, "training_texts": 3}
    unknown = {"token_rate": 0.1, "type_rate": 0.1, "text_share": 0.1, "ids_per_text": 2.0}
    report = {
        "seconds": {"fit": 0.0},
        "stopped": None,
        "test": {"loss": 0.1, "per_class": {"red\x1b[31m": metrics}},
        "data": {"oov": {"test": unknown | {"commonest": [["w\x1b[2J", 3]]}}},
    }
    print_results(report, "test", Path("runs"))
    printed = capsys.readouterr().out
    assert "red⟨U+001B⟩[31m" in printed
    assert "w⟨U+001B⟩[2J" in printed
    assert "\x1b" not in printed
