"""Two processes on the CPU: one run folder, one report, and the metrics of a single process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workplace import TINY, Answer, Workplace, predictions_of, report_of, write_splits

HERE = Path(__file__).parents[2]
TWO = ("--trainer.devices", "2", "--trainer.strategy", "ddp", "--trainer.accelerator", "cpu")


def run_two(folder: Path, *arguments: str) -> Answer:
    """`python train.py …` as a user starts it, since Lightning starts the second process by the same command."""
    return launch(folder, "lightning", *arguments, seconds=240)


def launch(folder: Path, launcher: str, *arguments: str, seconds: float = 180) -> Answer:
    """Runs two processes started by Lightning or by torchrun, which must end within 3 minutes, failed or not."""
    folders = ("--trainer.default_root_dir", str(folder / "runs"), "--data.cache_dir", str(folder / "cache"))
    dropped = ("PL_", "MASTER_", "LOCAL_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    started = [sys.executable, str(HERE / "train.py")]
    if launcher == "torchrun":
        started = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", started[1]]
    process = subprocess.Popen(
        [*started, *TWO, *arguments, *folders],
        env=environment | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parent)},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the second process as well
        raise
    return Answer(process.returncode, out, err)


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> tuple[Path, Answer]:
    """The folder of a run by two processes, and what it said; the texts are odd in number in every split."""
    folder = tmp_path_factory.mktemp("two")
    data = write_splits(folder / "words")
    table = (data / "train.csv").read_text(encoding="utf-8").splitlines()
    (data / "train.csv").write_text("\n".join(table[:-1]), encoding="utf-8")  # 89 of 90
    given = ("--data.source", "Files", "--data.source.path", str(data), *TINY, "--data.batch_size", "8")
    learning = ("--model.optimizer.lr", "0.02", "--trainer.max_epochs", "2", "--trainer.gradient_clip_val", "1")
    answer = run_two(
        folder, *given, *learning, "--data.sampler", "ClassBalanced", "--model.lr_scheduler", "WarmupLinear"
    )
    assert answer.code == 0, answer.err[-3000:]
    return folder, answer


def test_two_processes_leave_one_run_folder_with_one_report(shared):
    folder, _ = shared
    (run,) = folder.glob("runs/*/*")
    assert run.name == "version_0"
    assert {"config.yaml", "report.json", "predictions.csv", "confusion_matrix.png"} <= {f.name for f in run.iterdir()}
    assert not [file for file in run.rglob("*") if file.name.startswith(".")], "nothing half-written stays"
    report = report_of(run)
    assert report["device"]["processes"] == 2
    assert report["data"]["rows"] == {"train": 89, "validation": 30, "test": 41}
    hparams = list(run.glob("events.out.tfevents.*.hparams"))
    assert len(hparams) == 1
    assert len(set(run.glob("events.out.tfevents.*")) - set(hparams)) <= 2  # of training and of the test


def test_each_test_text_is_predicted_once(shared):
    (run,) = shared[0].glob("runs/*/*")
    assert sorted(int(line["row"]) for line in predictions_of(run)) == list(range(41))


def test_the_metrics_are_those_of_one_process(shared, tmp_path, capsys):
    (run,) = shared[0].glob("runs/*/*")
    work = Workplace(tmp_path, capsys.readouterr)
    given = ("--config", run / "config.yaml", "--trainer.devices", 1, "--trainer.strategy", "auto")
    answer = work.train("test", *given, "--ckpt_path", run / "checkpoints" / "best.ckpt")
    assert answer.code == 0, answer.err
    (alone,) = work.run_folders()
    ours, theirs = report_of(alone)["test"], report_of(run)["test"]
    assert set(ours) == set(theirs)
    for name in set(ours) - {"per_class"}:
        assert ours[name] == pytest.approx(theirs[name], abs=1e-6), name
    assert ours["accuracy"] > 0.6
    for one, two in zip(predictions_of(alone), predictions_of(run), strict=True):
        assert one["text"] == two["text"]
        assert float(one["probability:metal"]) == pytest.approx(float(two["probability:metal"]), abs=1e-6)


def test_notes_and_tables_are_printed_once(shared):
    said = shared[1].out
    for line in ("data: 89 train", "run folder: ", "best after epoch", "classes (test)"):
        assert said.count(line) == 1, line


def test_two_processes_each_take_half_of_an_epoch(shared):
    """89 texts, 8 a batch and process: 88 of them in six steps; texts are counted over both."""
    (run,) = shared[0].glob("runs/*/*")
    report = report_of(run)
    assert report["texts_per_second"] * report["seconds"]["train"] == pytest.approx(2 * 88, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["Shuffle", "LengthBucket", "OverSampled", "UnderSampled"])
def test_every_sampler_works_with_two_processes(sampler, tmp_path):
    data = write_splits(tmp_path / "words")
    given = ("--data.source", "Files", "--data.source.path", str(data), *TINY, "--trainer.max_epochs", "1")
    answer = run_two(tmp_path, *given, "--data.sampler", sampler, "--data.augmentations", "EDA", "--data.tta", "2")
    assert answer.code == 0, answer.err[-3000:]
    (run,) = tmp_path.glob("runs/*/*")
    assert len(predictions_of(run)) == 41


@pytest.mark.slow
def test_a_wrong_choice_ends_before_a_second_process_starts(tmp_path):
    answer = run_two(tmp_path, "--model.encoder.num_filters", "-3")
    assert answer.code == 2
    assert answer.err.count("error:") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["lightning", "torchrun"])
@pytest.mark.parametrize("where", ["start", "train", "validation"])
@pytest.mark.parametrize("how", ["raise", "kill"])
def test_a_rank_that_fails_ends_all_with_one_message(launcher, where, how, tmp_path):
    """The other rank printed a traceback of its own, on a lost connection; killed, none of the two said why."""
    data = write_splits(tmp_path / "words")
    given = ("--data.source", "Files", "--data.source.path", str(data), *TINY, "--data.batch_size", "8")
    fails = ("--trainer.callbacks", "failing_rank.FailingRank", "--trainer.callbacks.how", how)
    answer = launch(tmp_path, launcher, *given, *fails, "--trainer.callbacks.where", where)
    assert answer.code not in (0, None)
    ours, _, _ = answer.err.partition("ChildFailedError")  # what torchrun adds
    ours = ours.rpartition("Traceback")[0] if launcher == "torchrun" and "ChildFailedError" in answer.err else ours
    messages = [line for line in ours.splitlines() if re.match(r"(\[rank\d\]: )?(error:|\w*Error: )", line)]
    assert len(messages) == 1, answer.err[-4000:]
    assert ("this rank fails" if how == "raise" else "another process of this run has ended") in messages[0]


@pytest.mark.slow
def test_processes_started_by_torchrun_share_one_run_folder(tmp_path):
    data = write_splits(tmp_path / "words")
    given = ("--data.source", "Files", "--data.source.path", str(data), *TINY, "--trainer.max_epochs", "1")
    for number in range(2):
        answer = launch(tmp_path, "torchrun", *given)
        assert answer.code == 0, answer.err[-3000:]
        assert answer.out.count("run folder: ") == 1
        assert sorted(run.name for run in tmp_path.glob("runs/*/*")) == [f"version_{n}" for n in range(number + 1)]
