"""Every policy for unknown words, from training to prediction."""

from __future__ import annotations

import csv

import pytest
from workplace import TINY_RNN, predictions_of, report_of, write_table

POLICIES = {
    "drop": ("Words", "--data.tokenizer.unknown", "drop", "--data.tokenizer.vocab_size", 6),
    "several": ("Words", "--data.tokenizer.num_oov_buckets", 3, "--data.tokenizer.vocab_size", 20),
    "drop_text": ("Words", "--data.tokenizer.unknown", "drop_text", "--data.tokenizer.min_frequency", 8),
    "mixed": ("Mixed", "--data.tokenizer.vocab_size", 20),
    "subwords": ("Subwords", "--data.tokenizer.vocab_size", 100),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_new_texts_are_read_as_those_of_the_test_were(work, on, data, policy):
    run = work.fit(*on, "--data.tokenizer", *POLICIES[policy], *(TINY_RNN if policy == "drop" else ()))
    report = report_of(run)
    oov = report["data"]["oov"]
    assert set(oov) == {"train", "validation", "test"}
    assert 0 < oov["test"]["ids_per_text"] < 100
    tested = predictions_of(run)
    work.say()
    answer = work.predict(run, data / "test.csv")
    labelled = list(csv.DictReader(answer.out.splitlines()))
    by_row = sorted(tested, key=lambda row: int(row["row"]))
    assert len(labelled) == len(by_row) == 41
    for new, old in zip(labelled, by_row, strict=True):
        assert new["prediction"] == old["prediction"]
        for name in (name for name in old if name.startswith("probability:")):
            assert float(new[name]) == pytest.approx(float(old[name]), abs=1e-5)


@pytest.mark.parametrize("encoder", ["TextCNN", "RNN"])
def test_texts_of_which_no_word_is_left_are_labelled(work, data, encoder):
    folder = work.folder / "nothing"
    folder.mkdir()
    rows = [{"text": "odd" * (number + 1), "label": "xy"[number % 2]} for number in range(40)]
    rows += [{"text": "known", "label": "xy"[number % 2]} for number in range(4)]
    for split in ("train", "validation", "test"):
        write_table(folder / f"{split}.csv", rows)
    size = ("--data.tokenizer", "Words", "--data.tokenizer.unknown", "drop", "--data.tokenizer.min_frequency", 4)
    run = work.fit(
        "--data.source",
        "Files",
        "--data.source.path",
        folder,
        "--model.encoder",
        encoder,
        "--model.encoder.embedding_dim",
        8,
        *size,
    )
    losses = [float(row["loss"]) for row in predictions_of(run)]
    assert all(0 < loss < 10 for loss in losses)
    assert report_of(run)["data"]["oov"]["test"]["ids_per_text"] == pytest.approx(4 / 44)
