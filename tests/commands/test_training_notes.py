"""Notes on the options of a run that trains."""

import importlib
import warnings

import pytest
from jsonargparse import Namespace
from pytorch_lightning import Trainer
from pytorch_lightning.trainer.connectors.data_connector import _resolve_overfit_batches
from pytorch_lightning.trainer.states import RunningStage
from pytorch_lightning.utilities.combined_loader import CombinedLoader
from torch.utils.data import DataLoader

import train
from commands.training_notes import list_training_notes

RATE = "the default learning rate 0.001 is high for fine-tuning a pretrained encoder; try --model.optimizer.lr 1e-4"


def make_config(encoder="Pretrained", optimizer="AdamW", lr=1e-3, freeze="none", backbone_lr=None, compile=False):
    def choose(name, **arguments):
        return Namespace(class_path=f"somewhere.{name}", init_args=Namespace(**arguments))

    model = Namespace(encoder=choose(encoder, freeze=freeze), optimizer=choose(optimizer, lr=lr), compile=compile)
    return Namespace(model=model, differential_learning_rates=Namespace(backbone_lr=backbone_lr))


@pytest.mark.parametrize(
    ("options", "arguments", "is_noted"),
    [
        ({}, [], True),
        ({"freeze": 2}, [], True),
        ({"freeze": "all"}, [], False),
        ({"backbone_lr": 1e-5}, [], False),
        ({"encoder": "RNN"}, [], False),
        ({"optimizer": "SGD"}, [], False),
        ({}, ["--model.optimizer.lr", "0.001"], False),
        ({}, ["--model.optimizer.lr=0.001"], False),
        ({}, ["--config", "{model: {optimizer: {class_path: AdamW, init_args: {lr: 0.001}}}}"], False),
        ({}, ["--config", "{model: {optimizer: {class_path: AdamW, init_args: {eps: 1.e-6}}}}"], True),
    ],
)
def test_the_default_rate_of_a_fine_tuned_encoder_is_noted_unless_a_rate_is_named(options, arguments, is_noted):
    assert list_training_notes(make_config(**options), arguments) == [RATE] * is_noted


def test_a_group_that_is_switched_off_names_no_rate():
    config = make_config()
    config.differential_learning_rates = None
    assert list_training_notes(config, []) == [RATE]


@pytest.mark.parametrize("mode", [True, "max-autotune"])
def test_compilation_is_noted_with_its_time(mode):
    (note,) = list_training_notes(make_config("RNN", compile=mode), [])
    assert note.startswith("--model.compile: the first training step compiles")
    assert note.endswith("the texts/s of the first epoch include it")


def test_warnings_of_lightning_that_do_not_hold_here_are_hidden():
    """They were printed with the path of a file of Lightning."""

    def warn():
        _resolve_overfit_batches(CombinedLoader([DataLoader(range(4), shuffle=True)]), RunningStage.TRAINING)
        Trainer(accelerator="cpu", precision="16-mixed", logger=False, enable_checkpointing=False)

    def list_messages(is_hidden):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            if is_hidden:
                importlib.reload(train)
            warn()
        messages = [str(warning.message) for warning in seen]
        return [text for text in messages if "overfit" in text or "16-mixed" in text]

    assert len(list_messages(is_hidden=False)) == 2  # else there is nothing to hide
    assert list_messages(is_hidden=True) == []
