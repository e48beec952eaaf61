"""What a run prints while it works and when it has ended, and what TensorBoard reads of it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util
from workplace import Workplace, report_of, untouched_process, write_splits, write_table

import predict

EPOCHS = 2
CURVES = ("--gradient_norm.every_n_steps", 2, "--trainer.log_every_n_steps", 2)


@pytest.fixture(scope="module")
def run(tmp_path_factory, on) -> Path:
    with untouched_process():
        folder = tmp_path_factory.mktemp("tensorboard")
        return Workplace(folder).fit(*on, *CURVES, "--model.encoder.num_filters", 9, epochs=EPOCHS)


@pytest.fixture(scope="module")
def events(run) -> EventAccumulator:
    accumulator = EventAccumulator(str(run))
    accumulator.Reload()
    return accumulator


def read_table(events: EventAccumulator, tag: str) -> list[list[str]]:
    """The rows of a Markdown table, the column names first."""
    (event,) = events.Tensors(f"{tag}/text_summary")
    (text,) = tensor_util.make_ndarray(event.tensor_proto)
    rows = [[cell.strip() for cell in line.split(" | ")] for line in text.decode().strip("| ").split(" |\n| ")]
    assert set(rows[1]) == {"---"}
    return [rows[0], *rows[2:]]


def read_hparams(events: EventAccumulator) -> dict[str, str | float]:
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    values = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    return {name: value.string_value or value.number_value for name, value in values.items()}


def test_an_epoch_is_a_line_of_redirected_output(work, on):
    answer = work.train(*on, "--trainer.max_epochs", 3)
    lines = answer.out.splitlines()
    head = next(number for number, line in enumerate(lines) if line.split() and line.split()[0] == "epoch")
    columns = ["epoch", "train/loss", "validation/loss", "macro_f1", "best", "(epoch)", "seconds", "texts/s"]
    assert lines[head].split() == columns
    rows = [line.split() for line in lines[head + 1 : head + 4]]
    assert [row[0] for row in rows] == ["1/3", "2/3", "3/3"]
    (run,) = work.run_folders()
    report = report_of(run)
    assert rows[-1][4:6] == [f"{report['validation']['macro_f1']:.4f}", f"({report['best_epoch']})"]
    assert rows[report["best_epoch"] - 1][3] == f"{report['validation']['macro_f1']:.4f}"
    assert f"best after epoch {report['best_epoch']} of 3" in lines[head + 4]


def test_training_and_validation_come_first_and_no_curve_has_one_point(events):
    scalars = events.Tags()["scalars"]
    groups = sorted({tag.split("/")[0] for tag in scalars})
    assert groups == ["train", "validation", "watch_gradient_norm", "watch_learning_rate", "watch_sampling"]
    assert sorted(tag for tag in scalars if tag.startswith("train/")) == ["train/loss", "train/validation_macro_f1"]
    assert all(len(events.Scalars(tag)) >= EPOCHS for tag in scalars)


def test_the_monitored_metric_beside_the_training_loss_is_that_of_validation(events):
    beside = [(event.step, event.value) for event in events.Scalars("train/validation_macro_f1")]
    assert beside == [(event.step, event.value) for event in events.Scalars("validation/macro_f1")]


def test_what_has_one_value_is_a_table(run, events):
    report = report_of(run)
    results = {row[0].replace("\\_", "_"): row[1:] for row in read_table(events, "results")[1:]}
    assert set(results) == set(report["validation"])
    for metric, (validation, test) in results.items():
        assert (validation, test) == (f"{report['validation'][metric]:.4f}", f"{report['test'][metric]:.4f}")
    classes = {row[0]: row[1:] for row in read_table(events, "results_per_class_test")[1:]}
    assert {name: row[-1] for name, row in classes.items()} == {
        name: str(count) for name, count in report["data"]["classes"].items()
    }
    assert dict(map(tuple, read_table(events, "data")[1:]))["train texts"] == "90"
    assert [row[0] for row in read_table(events, "unknown_tokens")[1:]] == ["train", "validation", "test"]
    assert len(read_table(events, "data_classes")) == 4


def test_hparams_has_the_choices_and_the_final_metrics(run, events):
    values, report = read_hparams(events), report_of(run)
    assert values["model.encoder"] == "TextCNN"
    assert values["model.encoder.num_filters"] == 9
    assert values["trainer.max_epochs"] == EPOCHS
    for metric in ("accuracy", "macro_f1", "loss"):
        for split in ("test", "validation"):
            assert values[f"best/{split}_{metric}"] == pytest.approx(report[split][metric])
    assert not any("default_root_dir" in name or "cache" in name for name in values)


def test_two_runs_have_the_same_curves_and_tables(run, events, tmp_path, on):
    other = Workplace(tmp_path).fit(
        *on, "--model.encoder", "RNN", "--model.encoder.hidden_size", 4, *CURVES, epochs=EPOCHS
    )
    accumulator = EventAccumulator(str(other))
    accumulator.Reload()
    for kind in ("scalars", "images", "tensors"):
        assert sorted(accumulator.Tags()[kind]) == sorted(events.Tags()[kind])


def test_without_a_test_split_hparams_has_the_best_validation(work, tmp_path):
    folder = write_splits(tmp_path / "no_test")
    (folder / "test.csv").unlink()
    run = work.fit("--data.source", "Files", "--data.source.path", folder, epochs=1)
    accumulator = EventAccumulator(str(run))
    accumulator.Reload()
    values = read_hparams(accumulator)
    assert values["best/validation_macro_f1"] == pytest.approx(report_of(run)["validation"]["macro_f1"])
    assert not any("test_" in name for name in values)


def test_the_commands_at_the_end_work_as_they_are_printed(tmp_path, on, capsys):
    """Also where a folder has a space in its name."""
    work = Workplace(tmp_path / "my runs", capsys.readouterr)
    answer = work.train(*on, "--trainer.max_epochs", 1)
    commands = [shlex.split(line.split(":", 1)[1]) for line in answer.out.splitlines()[-2:]]
    (run,) = work.run_folders()
    assert commands[0][0] == "python"
    assert commands[0][2:] == [str(run), "a text"]
    assert commands[1] == ["tensorboard", "--logdir", str(work.root)]
    assert predict.main(commands[0][2:]) == 0


def test_without_checkpoints_or_logger_no_command_is_printed(work, on, tmp_path):
    answer = work.train(*on, "--trainer.max_epochs", 1, "--trainer.enable_checkpointing", "false")
    assert "predict.py" not in answer.out
    assert "tensorboard --logdir" in answer.out


def test_labels_that_look_like_markup_are_shown_as_they_are(work, tmp_path):
    labels = ["a [/b] c", "[bold]red", ":smile: [link=x]y[/link]"]
    table = [{"text": f"word{number % 3} text", "label": labels[number % 3]} for number in range(60)]
    file = write_table(tmp_path / "markup.csv", table)
    answer = work.train("--data.source", "Files", "--data.source.path", file, "--trainer.max_epochs", 1)
    assert answer.code == 0, answer.err
    for label in labels:
        assert re.search(rf"│ {re.escape(label)} +│", answer.out)
    (run,) = work.run_folders()
    assert set(report_of(run)["test"]["per_class"]) == set(labels)


def test_what_is_announced_is_seen_whatever_the_level_of_the_loggers(work, on):
    options = ("--early_stopping.patience", 1, "--early_stopping.min_delta", 1, "--trainer.profiler", "simple")
    rates = ("--differential_learning_rates.head_lr_multiplier", 10)
    answer = work.train(*on, *options, *rates, "--trainer.max_epochs", 3)
    assert re.search(r"Stopped early: .* \(epoch 1\) by more than 1 for 1 validation; .* epoch 1 are", answer.out)
    assert re.search(r"head: [\d,]+ parameters at learning rate 0.01", answer.out)
