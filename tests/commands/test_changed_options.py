"""Which options of a run are listed beside its metrics, and with which values."""

from __future__ import annotations

import pytest

from commands.changed_options import list_changed_options
from commands.cli import TextCLI


class Parsed(BaseException):
    """The options have been read, and the run would begin."""


@pytest.fixture
def changed(monkeypatch):
    """Parses a command line and lists what differs from the defaults, without the choices that are always listed."""

    def parse(*arguments: str) -> dict:
        listed = {}

        def stop(cli):
            defaults = cli._parser(cli.subcommand).get_defaults()
            listed.update(list_changed_options(cli.config[cli.subcommand].as_dict(), defaults.as_dict()))
            raise Parsed

        monkeypatch.setattr(TextCLI, "instantiate_classes", stop)
        with pytest.raises(Parsed):
            TextCLI(list(arguments))
        return listed

    return parse


ALWAYS = {
    "data.sampler": "LengthBucket",
    "data.source": "Demo",
    "data.tokenizer": "Words",
    "model.encoder": "TextCNN",
    "model.loss": "default",
    "seed_everything": 0,
}


def test_a_default_run_lists_its_main_choices(changed):
    assert changed() == ALWAYS


def test_other_classes_are_listed_with_the_arguments_that_differ_from_theirs(changed):
    listed = changed(
        *("--model.encoder", "RNN", "--model.encoder.hidden_size", "7", "--model.encoder.num_layers", "1"),
        *("--model.loss", "Focal", "--model.loss.gamma", "1.5", "--data.tokenizer", "Characters"),
    )
    assert listed == ALWAYS | {
        "model.encoder": "RNN",
        "model.encoder.hidden_size": 7,
        "model.loss": "Focal",
        "model.loss.gamma": 1.5,
        "data.tokenizer": "Characters",
    }


def test_arguments_of_default_classes_and_plain_options_are_listed(changed):
    listed = changed(
        *("--model.optimizer.lr", "0.01", "--model.encoder.kernel_sizes", "[2,3]", "--trainer.max_epochs", "3"),
        *("--data.augmentations", "[EDA]", "--early_stopping.patience", "2", "--seed_everything", "4"),
    )
    assert listed == ALWAYS | {
        "model.optimizer.lr": 0.01,
        "model.encoder.kernel_sizes": "2, 3",
        "trainer.max_epochs": 3,
        "data.augmentations": "EDA",
        "early_stopping.patience": 2,
        "seed_everything": 4,
    }


def test_options_that_change_no_result_are_left_out(changed, tmp_path):
    listed = changed(
        *("--trainer.default_root_dir", str(tmp_path), "--name", "mine", "--data.cache_dir", str(tmp_path)),
        *(
            "--trainer.profiler",
            "simple",
            "--trainer.enable_progress_bar",
            "false",
            "--gradient_norm.every_n_steps",
            "1",
        ),
        *("--checkpoint.save_weights_only", "true"),
    )
    assert listed == ALWAYS
