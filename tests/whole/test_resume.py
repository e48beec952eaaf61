"""A run that is killed and resumed from its last checkpoint ends as one that was never killed, bit for bit."""

from __future__ import annotations

import re
import shutil
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from jsonargparse import Namespace
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from workplace import USAGE, Answer, Workplace, predictions_of, report_of, untouched_process

import train
from commands.resume import ResumedRun, check_unfinished
from commands.run_folder import shorten_path
from contracts.errors import UsageError
from lightning_modules.text_classifier import TextClassifier

BATCHES = 6  # of an epoch: 90 texts, 16 a batch
EPOCHS = 4
INTERRUPTED = 130
WITH_CHANCE = (
    *("--model.encoder.embedding_dropout", "0.3", "--model.head.dropout", "0.4"),
    *(
        "--data.sampler",
        "ClassBalanced",
        "--model.lr_scheduler",
        "WarmupCosine",
        "--model.lr_scheduler.warmup_ratio",
        "0.3",
    ),
    *("--early_stopping.patience", "2", "--model.loss", "OHEM", "--model.loss.warmup_ratio", "0.5"),
    *("--trainer.gradient_clip_val", "1", "--model.optimizer.lr", "0.01"),
)


class KilledError(Exception):
    """In place of a power cut."""


@pytest.fixture
def killed(monkeypatch):
    """Kills the run before the batch with this number, counted over all epochs."""

    def before(number: int):
        true_step = TextClassifier.training_step

        def step(self: TextClassifier, batch, batch_idx):
            if self.trainer.fit_loop.epoch_loop.total_batch_idx == number:
                raise KilledError
            return true_step(self, batch, batch_idx)

        monkeypatch.setattr(TextClassifier, "training_step", step)
        return monkeypatch

    return before


@pytest.fixture(scope="module")
def whole(tmp_path_factory, on) -> Path:
    """The run that was never killed."""
    with untouched_process():
        return Workplace(tmp_path_factory.mktemp("whole")).fit(*on, *WITH_CHANCE, epochs=EPOCHS)


def kill(work: Workplace, killed, number: int, *arguments: str) -> Path:
    """Runs until it is killed; gives the last checkpoint."""
    before = set(work.root.glob("*/*"))
    patch = killed(number)
    limits = ("--trainer.max_epochs", EPOCHS, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
    with pytest.raises(KilledError):
        work.train(*limits, *arguments)
    patch.undo()
    (run,) = set(work.root.glob("*/*")) - before
    return run / "checkpoints" / "last.ckpt"


def scalars_of(run: Path) -> dict[str, list[tuple[int, float]]]:
    """The curves of training and validation as TensorBoard shows them: steps and values."""
    events = EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    names = [name for name in events.Tags()["scalars"] if name.split("/")[0] in ("train", "validation", "test")]
    return {name: [(event.step, event.value) for event in events.Scalars(name)] for name in names}


def assert_alike(resumed: Path, whole: Path) -> None:
    ours, theirs = (torch.load(run / "checkpoints" / "last.ckpt", weights_only=True) for run in (resumed, whole))
    assert ours["global_step"] == theirs["global_step"] == EPOCHS * BATCHES
    for name, weight in theirs["state_dict"].items():
        assert torch.equal(ours["state_dict"][name], weight), name
    assert ours["lr_schedulers"][0]["last_epoch"] == theirs["lr_schedulers"][0]["last_epoch"]
    report, expected = report_of(resumed), report_of(whole)
    for part in ("test", "validation", "best_epoch", "epochs", "stopped"):
        assert report[part] == expected[part], part
    assert predictions_of(resumed) == predictions_of(whole)


@pytest.mark.parametrize("number", [2, BATCHES, 2 * BATCHES + 3, EPOCHS * BATCHES - 1])
def test_a_run_killed_at_any_step_resumes_exactly(number, work, killed, on, whole):
    """In the first epoch, after the end of it, in the middle of a later one, before the last batch."""
    every_step = ("--last_checkpoint.every_n_train_steps", "1")
    last = kill(work, killed, number, *on, *WITH_CHANCE, *every_step)
    assert torch.load(last, weights_only=True)["global_step"] == number
    assert_alike(work.fit(*on, *WITH_CHANCE, *every_step, "--ckpt_path", last, epochs=EPOCHS), whole)


def test_checkpoints_that_are_rarer_than_steps_repeat_the_steps_between(work, killed, on, whole):
    """Killed at step 11, the last checkpoint is that of step 8, in the middle of the second epoch."""
    rarely = ("--last_checkpoint.every_n_train_steps", "4")
    last = kill(work, killed, 11, *on, *WITH_CHANCE, *rarely)
    assert torch.load(last, weights_only=True)["global_step"] == 8
    assert_alike(work.fit(*on, *WITH_CHANCE, *rarely, "--ckpt_path", last, epochs=EPOCHS), whole)


def test_by_default_a_run_resumes_exactly_from_the_end_of_an_epoch(work, killed, on, whole):
    last = kill(work, killed, 2 * BATCHES + 2, *on, *WITH_CHANCE)
    assert torch.load(last, weights_only=True)["global_step"] == 2 * BATCHES
    assert_alike(work.fit(*on, *WITH_CHANCE, "--ckpt_path", last, epochs=EPOCHS), whole)


def test_a_run_is_resumed_by_its_folder_and_its_own_config(work, killed, on, whole):
    last = kill(work, killed, BATCHES + 1, *on, *WITH_CHANCE)
    run = last.parent.parent
    assert_alike(work.fit("--config", run / "config.yaml", "--ckpt_path", run, epochs=EPOCHS), whole)


def test_a_run_that_was_resumed_may_be_killed_and_resumed_again(work, killed, on, whole):
    every_step = ("--last_checkpoint.every_n_train_steps", "1")
    first = kill(work, killed, 4, *on, *WITH_CHANCE, *every_step)
    second = kill(work, killed, 15, *on, *WITH_CHANCE, *every_step, "--ckpt_path", str(first))
    assert_alike(work.fit(*on, *WITH_CHANCE, *every_step, "--ckpt_path", second, epochs=EPOCHS), whole)


def resume(work: Workplace, run: Path, *arguments: object) -> Answer:
    """`python train.py --resume RUN …`, which makes no new folder."""
    before = work.run_folders()
    time.sleep(1.1)  # TensorBoard reads the files of events in the order of the second in their names
    answer = work.train("--resume", run, *arguments)
    assert work.run_folders() == before
    return answer


@pytest.mark.parametrize("number", [BATCHES, 2 * BATCHES + 3])
def test_a_run_is_resumed_in_its_own_folder(number, work, killed, on, whole):
    every_step = ("--last_checkpoint.every_n_train_steps", "1")
    last = kill(work, killed, number, *on, *WITH_CHANCE, *every_step)
    run = last.parent.parent
    answer = resume(work, run)
    assert answer.code == 0, answer.err
    assert f"Resuming {run} from epoch {number // BATCHES + 1} of {EPOCHS}, step {number}\n" in answer.out
    assert_alike(run, whole)
    assert scalars_of(run) == scalars_of(whole)


def test_steps_after_the_last_checkpoint_are_in_the_curve_once(work, killed, on, whole):
    """Killed in the third epoch with a checkpoint of the second one's end: the steps between are logged twice."""
    last = kill(work, killed, 2 * BATCHES + 4, *on, *WITH_CHANCE, "--trainer.log_every_n_steps", "1")
    assert torch.load(last, weights_only=True)["global_step"] == 2 * BATCHES
    run = last.parent.parent
    assert resume(work, run.parent).code == 0  # its newest version
    assert_alike(run, whole)
    steps = [step for step, _ in scalars_of(run)["train/loss"]]
    assert steps == sorted(set(steps))
    assert set(range(EPOCHS * BATCHES)) <= set(steps)


def test_a_resumed_run_may_be_killed_and_resumed_again_in_its_folder(work, killed, on, whole):
    every_step = ("--last_checkpoint.every_n_train_steps", "1")
    last = kill(work, killed, 4, *on, *WITH_CHANCE, *every_step)
    run = last.parent.parent
    patch = killed(15)
    with pytest.raises(KilledError):
        resume(work, run)
    patch.undo()
    assert resume(work, last).code == 0  # by the checkpoint itself
    assert_alike(run, whole)
    assert scalars_of(run) == scalars_of(whole)


def test_a_run_that_was_moved_is_resumed_where_it_lies(work, killed, on, whole):
    last = kill(work, killed, 2 * BATCHES + 3, *on, *WITH_CHANCE)
    moved = work.root / "elsewhere" / "copy"
    shutil.move(last.parent.parent, moved)
    answer = resume(work, moved)
    assert answer.code == 0, answer.err
    assert_alike(moved, whole)
    assert (
        torch.load(moved / "checkpoints" / "best.ckpt", weights_only=True)["epoch"]
        == report_of(moved)["best_epoch"] - 1
    )


def test_a_resumed_run_prints_its_folder_as_the_first_one_did(work, on, monkeypatch):
    work.folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(work.folder)
    limits = ("--trainer.accelerator", "cpu", "--data.batch_size", 16, "--name", "short")
    first = train_in_runs(work, *on, *limits, "--trainer.max_epochs", 1)
    folder = Path("runs", "short", "version_0")
    assert f"run folder: {folder}\n" in first.out
    for run, epochs in ((folder, 2), (folder.absolute(), 3)):
        time.sleep(1.1)  # see `resume`
        again = train_in_runs(work, "--resume", run, "--trainer.max_epochs", epochs)
        assert f"run folder: {folder}\n" in again.out
        assert f"run folder {folder}\n" in again.out
        assert f"predict.py {folder} " in again.out.replace("predict.py' ", "predict.py ")
        assert "--logdir runs\n" in again.out
    assert torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["epoch"] == 2


def train_in_runs(work: Workplace, *arguments: object) -> Answer:
    """`python train.py …` with the default folder of runs, below the working directory."""
    folders = ("--data.cache_dir", work.folder / "cache")
    answer = work.answer(train.main, [str(argument) for argument in (*arguments, *folders)])
    assert answer.code == 0, answer.err
    return answer


@pytest.mark.parametrize(
    ("path", "configured", "short"),
    [
        ("here/runs", "runs", "runs"),
        ("here/runs", "elsewhere/runs", "runs"),
        ("here", "runs", "."),
        ("away/runs", "runs", "away/runs"),
    ],
)
def test_a_path_is_relative_below_the_working_directory_only(path, configured, short, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    expected = tmp_path / short if short.startswith("away") else Path(short)
    assert shorten_path(tmp_path / path, Path(configured)) == expected


def test_a_complete_run_says_so_and_trains_longer_on_demand(work, on):
    run = work.fit(*on, epochs=1)
    answer = resume(work, run)
    words = f"{run} is complete: 1 epoch is trained; to train longer, add --trainer.max_epochs 2 (now 1)"
    assert (answer.code, answer.err) == (USAGE, f"error: {words}\n")
    assert resume(work, run, "--trainer.max_epochs", 3).code == 0
    less = resume(work, run, "--trainer.max_epochs", 2)
    assert less.err == f"error: {run} is complete: 3 epochs are trained; --trainer.max_epochs must be larger (got 2)\n"
    assert report_of(run)["epochs"] == 3
    longer = work.fit(*on, epochs=3)
    assert report_of(run)["test"] == report_of(longer)["test"]


def test_a_resumed_run_reports_the_seconds_of_all_its_sessions(work, on, monkeypatch):
    """The time of `fit` was that of the last session, beside the epochs and the training time of all."""
    run = work.fit(*on, epochs=1)
    monkeypatch.setattr(TextClassifier, "on_train_epoch_start", lambda self: time.sleep(2))
    assert resume(work, run, "--trainer.max_epochs", 2).code == 0
    monkeypatch.undo()
    slow = report_of(run)["seconds"]
    answer = resume(work, run, "--trainer.max_epochs", 3)
    fast = report_of(run)["seconds"]
    assert fast["fit"] > slow["fit"] > 2
    assert fast["train"] > slow["train"] > 2
    assert fast["prepare"] > slow["prepare"]
    assert f"3 epochs in {fast['fit']:.0f} s" in answer.out
    assert "best after epoch" not in work.train("test", "--config", run / "config.yaml", "--ckpt_path", run).out


def test_a_run_that_stopped_early_is_complete(work, on):
    run = work.fit(*on, "--early_stopping.patience", 1, "--early_stopping.min_delta", 1, epochs=5)
    answer = resume(work, run, "--trainer.max_epochs", 9)
    words = "it stopped early after epoch 2; to train longer, add --early_stopping.patience 2 (now 1)"
    assert answer.code == USAGE
    assert words in answer.err


def test_a_run_that_was_killed_while_it_was_tested_is_tested(work, on, monkeypatch, whole):
    monkeypatch.setattr(TextClassifier, "on_test_epoch_start", _kill)
    with pytest.raises(KilledError):
        work.train(*on, *WITH_CHANCE, "--trainer.max_epochs", EPOCHS, "--data.batch_size", 16)
    monkeypatch.undo()
    (run,) = work.run_folders()
    assert not (run / "report.json").exists()
    answer = resume(work, run)
    assert answer.code == 0, answer.err
    assert f"Resuming {run}: all {EPOCHS} epochs are trained, step {EPOCHS * BATCHES}\n" in answer.out
    assert_alike(run, whole)


def test_a_report_that_was_interrupted_is_written_by_resuming(work, on, monkeypatch, whole):
    """`report.json` was there without the plot and the tables, and the run counted as complete."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    limits = ("--trainer.max_epochs", EPOCHS, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
    monkeypatch.setattr("callbacks.run_report.plot_split_confusion", interrupt)
    answer = work.train(*limits, *on, *WITH_CHANCE)
    (run,) = work.run_folders()
    assert answer.code == INTERRUPTED
    assert answer.err.endswith(f"interrupted; continue with `python train.py --resume {run}`\n")
    assert not (run / "report.json").exists()
    monkeypatch.undo()
    monkeypatch.setattr("callbacks.run_report.announce_next_commands", interrupt)
    answer = resume(work, run)
    assert (answer.code, answer.err) == (INTERRUPTED, f"interrupted; the run is complete: {run}\n")
    assert {"report.json", "confusion_matrix.png", "predictions.csv"} <= {file.name for file in run.iterdir()}
    assert list(run.glob("*.hparams"))
    assert_alike(run, whole)


def test_the_report_of_an_earlier_session_does_not_make_a_run_complete(tmp_path):
    checkpoint = {"epoch": 2, "global_step": 9}
    config = Namespace(trainer=Namespace(max_epochs=2, max_steps=-1), early_stopping=Namespace(patience=9))
    run = ResumedRun(tmp_path, tmp_path / "last.ckpt")
    for reported, is_complete in (('{"epochs": 1}', False), ("", False), ('{"epochs": 2}', True), ("{}", True)):
        (tmp_path / "report.json").write_text(reported)
        with pytest.raises(UsageError, match="is complete: 2 epochs are") if is_complete else nullcontext():
            check_unfinished(run, checkpoint, config)


def _kill(self: object) -> None:
    raise KilledError


def drop_training_state(run: Path) -> None:
    """Writes the best checkpoint as `--checkpoint.save_weights_only true` does."""
    file = run / "checkpoints" / "best.ckpt"
    checkpoint = torch.load(file, weights_only=True)
    torch.save({part: checkpoint[part] for part in checkpoint if part != "optimizer_states"}, file)


REFUSED = {
    "no run": (lambda run: None, ("--resume", "nowhere"), r"there is no checkpoint or run folder nowhere"),
    "no value": (lambda run: None, ("--resume",), r"--resume needs a value: a run folder"),
    "another verb": (lambda run: None, ("test", "--resume", "{run}"), r"`test` takes --ckpt_path"),
    "no last checkpoint": (
        lambda run: (run / "checkpoints" / "last.ckpt").unlink(),
        ("--resume", "{run}"),
        r"has no checkpoints/last.ckpt to continue from; name one: --resume .*best.ckpt",
    ),
    "no checkpoint": (
        lambda run: shutil.rmtree(run / "checkpoints"),
        ("--resume", "{run}"),
        r"holds no checkpoint",
    ),
    "no config": (
        lambda run: (run / "config.yaml").unlink(),
        ("--resume", "{run}"),
        r"has no config.yaml, so its options are not known; give them with --ckpt_path",
    ),
    "a name": (lambda run: None, ("--resume", "{run}", "--name", "x"), r"leave --name out"),
    "another folder": (
        lambda run: None,
        ("--resume", "{run}", "--trainer.default_root_dir", "x"),
        r"leave --trainer.default_root_dir out",
    ),
    "another rate": (
        lambda run: None,
        ("--resume", "{run}", "--model.optimizer.lr", "3"),
        r"--model.optimizer.lr has no effect beside --resume",
    ),
    "other rates of the layers": (
        lambda run: None,
        ("--resume", "{run}", "--differential_learning_rates.head_lr_multiplier", "10"),
        r"--differential_learning_rates.head_lr_multiplier has no effect beside --resume",
    ),
    "other batches per epoch": (
        lambda run: None,
        ("--resume", "{run}", "--trainer.max_epochs", "9", "--trainer.limit_train_batches", "2"),
        r"trainer.limit_train_batches 2 \(was 1.0\): .* counts the batches and the steps of its epochs",
    ),
    "weights only": (
        drop_training_state,
        ("--resume", "{run}/checkpoints/best.ckpt"),
        r"best.ckpt holds weights only, .*; resume from the last one: --resume .*last.ckpt",
    ),
    "another model": (
        lambda run: None,
        ("--resume", "{run}", "--trainer.max_epochs", "9", "--model.encoder.embedding_dim", "17"),
        r"holds another model than the one chosen",
    ),
    "other data": (
        lambda run: None,
        ("--resume", "{run}", "--trainer.max_epochs", "9", "--data.max_train_samples", "30"),
        r"was trained with another vocabulary",
    ),
    "an unknown option": (
        lambda run: None,
        ("--resume", "{run}", "--epochs", "9"),
        r'there is no option --epochs. Did you mean "--trainer.max_epochs"\?',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_resumed_is_refused_and_the_run_stays_as_it_is(case, work, trained, capsys):
    spoil, arguments, words = REFUSED[case]
    run = work.root / "words" / "version_0"
    shutil.copytree(trained, run)
    spoil(run)
    before = {file: file.read_bytes() for file in work.root.rglob("*") if file.is_file()}
    code = train.main([argument.replace("{run}", str(run)) for argument in arguments])
    answer = capsys.readouterr()
    assert code == USAGE
    assert re.search(words, answer.err), answer.err
    assert answer.err.count("error:") == 1
    assert {file: file.read_bytes() for file in work.root.rglob("*") if file.is_file()} == before


def test_a_resumption_refused_while_training_starts_leaves_the_config_as_it_was(work, on):
    """The number of batches is known only when the loader is built; the config was saved before that."""
    run = work.fit(*on, epochs=1)
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    answer = resume(work, run, "--trainer.max_epochs", 2, "--data.batch_size", 32)
    assert answer.code == USAGE, answer.err
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before
    assert resume(work, run, "--trainer.max_epochs", 2).code == 0
    assert "batch_size: 16" in (run / "config.yaml").read_text()


@pytest.mark.parametrize("error", [KeyboardInterrupt, KilledError])
def test_a_resumption_that_fails_in_its_first_step_leaves_the_config_as_it_was(error, work, on, monkeypatch):
    def fail(*_: object) -> None:
        raise error

    run = work.fit(*on, epochs=1)
    before = (run / "config.yaml").read_bytes()
    monkeypatch.setattr(TextClassifier, "training_step", fail)
    with pytest.raises(KilledError) if error is KilledError else nullcontext():
        assert resume(work, run, "--trainer.max_epochs", 2, "--data.cache_dir", "x").code == INTERRUPTED
    assert (run / "config.yaml").read_bytes() == before


def test_a_run_that_had_stopped_early_does_not_go_on(work, on):
    """Patience ran out in the first run; resumed with more epochs to go, it ends at once with the same weights."""
    never_better = ("--early_stopping.patience", 1, "--early_stopping.min_delta", 1)
    first = work.fit(*on, *never_better, epochs=5)
    assert report_of(first)["epochs"] == 2
    again = work.fit(*on, *never_better, "--ckpt_path", first, epochs=5)
    ours, theirs = (torch.load(run / "checkpoints" / "best.ckpt", weights_only=True) for run in (again, first))
    assert report_of(again)["test"] == report_of(first)["test"]
    assert all(torch.equal(ours["state_dict"][name], weight) for name, weight in theirs["state_dict"].items())


def test_without_the_best_checkpoint_a_warning_is_given_and_the_best_of_the_remaining_epochs_is_saved(work, on):
    first = work.fit(*on, epochs=1)
    (first / "checkpoints" / "best.ckpt").unlink()
    with pytest.warns(
        UserWarning,
        match=r"the best checkpoint so far is gone, so the best of the remaining epochs is saved: .*best\.ckpt",
    ):
        again = work.fit(*on, "--ckpt_path", first, epochs=2)
    assert torch.load(again / "checkpoints" / "best.ckpt", weights_only=True)["epoch"] == 1
