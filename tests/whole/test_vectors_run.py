"""Whole runs that start from word vectors: report, resuming, prediction without the file, and choices refused."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import torch
from workplace import DATA, FILLING, USAGE, WORDS, assert_refused, predictions_of, report_of

from datamodules.vectors.files import VectorFile
from lightning_modules.text_classifier import TextClassifier

BATCHES = 6  # of an epoch: 90 texts, 16 a batch
CNN = ("--model.encoder", "TextCNN", "--model.encoder.num_filters", 8)


@pytest.fixture
def on(data, tmp_path):
    """The tiny data, and vectors of nearly all their words, some with a capital."""
    rng = np.random.default_rng(0)
    words = [word for group in WORDS.values() for word in group] + [word.capitalize() for word in FILLING[:-1]]
    table = "".join(f"{word} {' '.join(f'{x:.4f}' for x in rng.normal(size=6))}\n" for word in words)
    (tmp_path / "vectors.gz").write_bytes(gzip.compress(table.encode()))
    return ("--data.source", "Files", "--data.source.path", data)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "vectors.gz"


def test_a_run_reports_its_vectors_and_predicts_without_their_file(work, on, data, file):
    options = ("--model.encoder.vectors", file, "--model.encoder.vectors_mode", "multichannel")
    answer = work.train(*on, *CNN, *options, "--trainer.max_epochs", 1, "--trainer.accelerator", "cpu")
    assert answer.code == 0, answer.err
    assert f"note: vectors of {file}: 35 of 37 ids found (94.6%)" in answer.out
    assert "24 as they are, 11 in another case, 2 random" in answer.out
    assert "one copy is not trained and one is" in answer.out
    (run,) = work.run_folders()
    told = report_of(run)["vectors"]
    assert (told["as_is"], told["other_case"], told["mode"], told["dim"]) == (24, 11, "multichannel", 6)
    assert told["commonest_missing"] == ["near", "[UNK]"]
    for split, oov in report_of(run)["data"]["oov"].items():
        assert oov["vector_coverage"] == told["coverage"][split]
    assert told["coverage"]["train"][0] == told["share_of_tokens"]
    file.unlink()
    again = work.train("test", "--config", run / "config.yaml", "--ckpt_path", run, "--trainer.accelerator", "cpu")
    assert again.code == 0, again.err
    (measured,) = work.run_folders() - {run}
    assert report_of(measured)["test"] == report_of(run)["test"]
    given = work.predict(run, data / "test.csv", "--format", "jsonl")
    assert given.code == 0, given.err
    labels = [json.loads(line)["prediction"] for line in given.out.splitlines()]
    assert labels == [line["prediction"] for line in predictions_of(run)]


@pytest.mark.parametrize("number", [BATCHES - 1, BATCHES, BATCHES + 2])
def test_a_table_that_learns_later_does_so_in_its_epoch_and_resumes_exactly(work, on, file, monkeypatch, number):
    """Killed before, at and after the end of the epoch in which it is left alone; the file is gone by then."""
    options = (*on, *CNN, "--last_checkpoint.every_n_train_steps", 1, "--model.encoder.unfreeze_after", 1)
    from_file = ("--model.encoder.vectors", file)
    tables = {}
    true_step = TextClassifier.training_step
    kill_at = None

    def step(self, batch, batch_idx):
        place = self.trainer.fit_loop.epoch_loop.total_batch_idx
        if place == kill_at:
            raise KeyboardInterrupt
        tables[place] = self.encoder.embedding.weight.detach().clone()
        return true_step(self, batch, batch_idx)

    monkeypatch.setattr(TextClassifier, "training_step", step)
    whole = work.fit(*options, *from_file, epochs=2)
    alike = [torch.equal(tables[place], tables[0]) for place in range(2 * BATCHES)]
    assert alike == [True] * (BATCHES + 1) + [False] * (BATCHES - 1)

    kill_at, before = number, work.run_folders()
    limits = ("--trainer.max_epochs", 2, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
    assert work.train(*limits, *options, *from_file).code == 130
    (killed,) = work.run_folders() - before
    kill_at = None
    file.unlink()
    resumed = work.fit(*options, *from_file, "--ckpt_path", killed, epochs=2)
    ours, theirs = (torch.load(run / "checkpoints" / "last.ckpt", weights_only=True) for run in (resumed, whole))
    assert ours["global_step"] == theirs["global_step"] == 2 * BATCHES
    assert all(torch.equal(ours["state_dict"][name], weight) for name, weight in theirs["state_dict"].items())
    assert report_of(resumed)["vectors"] == report_of(whole)["vectors"], "a resumed run still knows"


def test_vectors_are_learned_from_the_training_texts(work, on):
    pytest.importorskip("gensim")
    options = ("--model.encoder", "RNN", "--model.encoder.hidden_size", 4, "--model.encoder.embedding_dim", 5)
    learned = ("--model.encoder.vectors", "train", "--model.encoder.word2vec.algorithm", "cbow")
    run = work.fit(*on, *options, *learned, "--model.encoder.word2vec.min_frequency", 3)
    assert report_of(run)["vectors"]["source"] == "train"
    assert report_of(run)["vectors"]["share_of_tokens"] > 0.9


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--model.encoder.vectors", "nowhere.txt"), r"--model\.encoder: the file of word vectors nowhere\.txt is not"),
        (
            ("--model.encoder.vectors", "{file}", "--model.encoder.embedding_dim", 7),
            r"embedding_dim is 7 and .* has vectors of 6 numbers",
        ),
        (("--model.encoder.vectors_mode", "static"), r"vectors_mode is an option of word vectors; give vectors"),
        (("--model.encoder.vectors_mode", "frozen"), r"frozen"),
        (
            ("--model.encoder.vectors", "{file}", "--model.encoder.unfreeze_after", 5, "--trainer.max_epochs", 5),
            r"unfreeze_after 5 leaves none of the 5 epochs .* for the vectors to be trained in",
        ),
        (("--model.encoder.vectors", "train", "--model.encoder.word2vec.window", 0), r"window is a count.*got 0"),
        (
            ("--model.encoder.vectors", "train", "--model.encoder.word2vec.windwo", 1),
            r'--model\.encoder\.word2vec has no argument windwo\. Did you mean "window"\? It takes: algorithm',
        ),
    ],
)
def test_what_cannot_be_is_refused_before_a_run_folder_is_made(work, on, file, options, words):
    given = [str(option).format(file=file) for option in options]
    assert_refused(work.train(*on, *CNN, *given), work, USAGE, words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"uno 1 2\ndos 3 4\n", r"no vector for any of the 37 tokens, such as .*; its tokens are like uno, dos"),
        (b"6 2\nnear 1 2\n" + b"dos 3\n" * 5, r"5 of 6 rows are malformed"),
        (gzip.compress(b"".join(b"w%d 1 2\n" % row for row in range(90_000)))[:-1000], r"truncated or damaged after"),
    ],
    ids=["no token", "malformed", "truncated"],
)
def test_a_file_that_only_reading_it_shows_to_be_bad_is_refused_before_a_run_folder_is_made(
    work, on, tmp_path, content, words
):
    (tmp_path / "bad").write_bytes(content)
    answer = work.train(*on, *CNN, "--model.encoder.vectors", tmp_path / "bad", "--trainer.accelerator", "cpu")
    assert_refused(answer, work, DATA, words)


def test_a_file_is_read_once_and_again_when_it_changed(work, on, file, monkeypatch):
    reads = []
    true_read = VectorFile.read
    monkeypatch.setattr(VectorFile, "read", lambda self, wanted: reads.append(1) or true_read(self, wanted))
    told = []
    for _ in range(2):
        told.append(report_of(work.fit(*on, *CNN, "--model.encoder.vectors", file))["vectors"])
    assert (len(reads), told[0]) == (1, told[1])
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()) + b"near 1 1 1 1 1 1\n"))
    assert report_of(work.fit(*on, *CNN, "--model.encoder.vectors", file))["vectors"]["as_is"] == 25
    assert len(reads) == 2
