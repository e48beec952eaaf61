"""When training stops, why, and with which weights."""

import math

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import nn
from torch.utils.data import DataLoader

from callbacks.early_stopping import EarlyStopping
from contracts.errors import UsageError

F1 = "validation/macro_f1"
NAN = math.nan


class Scripted(LightningModule):
    """Logs the given values, one a validation, while its weight counts the epochs trained: 1 after epoch 0."""

    monitor = F1
    monitor_mode = "max"
    metric_names = frozenset({F1, "validation/loss"})

    def __init__(self, values, logs=F1):
        super().__init__()
        self.values = values
        self.logs = logs
        self.weight = nn.Parameter(torch.zeros(1))

    def training_step(self, batch, batch_idx):
        return -self.weight.sum()

    def validation_step(self, batch, batch_idx):
        value = -1.0 if self.trainer.sanity_checking else self.values[self.current_epoch]
        self.log(self.logs, torch.tensor(value), batch_size=1)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


class KilledError(Exception):
    pass


class KilledAfter(Scripted):
    """Dies at the start of an epoch."""

    def __init__(self, values, epoch):
        super().__init__(values)
        self.dies_at = epoch

    def on_train_epoch_start(self):
        if self.current_epoch == self.dies_at:
            raise KilledError


@pytest.fixture
def fit(tmp_path):
    def run(module, *callbacks, ckpt_path=None, **settings):
        checkpointing = any(isinstance(callback, ModelCheckpoint) for callback in callbacks)
        trainer = Trainer(
            **{"max_epochs": 20, "num_sanity_val_steps": 1} | settings,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=checkpointing,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=list(callbacks),
            default_root_dir=tmp_path,
        )
        loader = DataLoader([0.0])
        trainer.fit(module, loader, loader, ckpt_path=ckpt_path, weights_only=True)
        return trainer

    return run


def best_checkpoint(folder):
    return ModelCheckpoint(folder, filename="best", monitor=F1, mode="max", enable_version_counter=False)


def latest_checkpoint(folder):
    """One file, written anew each epoch: Lightning's `save_last` writes only where the best is written too."""
    return ModelCheckpoint(folder, filename="latest", enable_version_counter=False)


def trained(values, fit, **arguments):
    """How many epochs a run over these values lasts, and its callback."""
    stopping = EarlyStopping(**arguments)
    trainer = fit(Scripted(values), stopping, max_epochs=len(values))
    return trainer.current_epoch, stopping


@pytest.mark.parametrize(
    ("values", "arguments", "epochs"),
    [
        ([0.1, 0.2, 0.2, 0.2, 0.9], {"patience": 2}, 4),  # the second in a row without a gain is the fourth
        ([0.1, 0.2, 0.2, 0.3, 0.2, 0.1, 0.9], {"patience": 2}, 6),  # a gain starts the count anew
        ([0.3, 0.2, 0.9], {"patience": 1}, 2),
        ([0.3, 0.2, 0.2, 0.2, 0.9], {"patience": 2, "warmup": 2}, 4),  # the third and fourth count
        ([0.3, 0.2, 0.2, 0.2, 0.2], {"patience": 1, "warmup": 4}, 5),
        ([0.1, 0.2, 0.4, 0.9], {"patience": 1, "min_delta": 0.15}, 2),
        ([0.1, 0.2, 0.3, 0.9], {"patience": 2, "min_delta": 0.15}, 4),  # 0.3 gains enough on the best, 0.1
        ([0.5, 0.4, 0.4, 0.4, 0.1], {"patience": 2, "monitor": F1, "mode": "min"}, 4),
        ([0.1, NAN, 0.2, NAN, NAN, 0.9], {"patience": 2}, 5),
    ],
)
def test_training_lasts_as_long_as_counted_by_hand(fit, values, arguments, epochs):
    lasted, stopping = trained(values, fit, **arguments)
    assert lasted == epochs
    assert stopping.validations == epochs


def test_it_says_why_it_stopped(fit, capsys):
    _, stopping = trained([0.1, 0.25, 0.2, 0.2, 0.9], fit, patience=2)
    assert stopping.reason == "validation/macro_f1 has not risen above 0.2500 (epoch 2) for 2 validations"
    lines = [line for line in capsys.readouterr().out.splitlines() if "Stopped early" in line]
    assert lines == [f"Stopped early: {stopping.reason}; the weights of epoch 2 are restored"]


def test_the_reason_knows_falling_metrics_margins_and_one_validation(fit):
    _, stopping = trained([0.5, 0.45, 0.1], fit, patience=1, min_delta=0.1, monitor=F1, mode="min")
    expected = "validation/macro_f1 has not fallen below 0.5000 (epoch 1) by more than 0.1 for 1 validation"
    assert stopping.reason == expected


def test_a_run_of_nan_is_named_as_the_reason(fit):
    lasted, stopping = trained([0.1, NAN, NAN, NAN, 0.9], fit, patience=3)
    assert lasted == 4
    assert stopping.reason == "validation/macro_f1 has not been finite for 3 validations"


def test_a_run_that_is_only_nan_keeps_its_weights(fit):
    module = Scripted([NAN, NAN, NAN])
    fit(module, EarlyStopping(patience=2))
    assert module.weight.item() == 2


@pytest.mark.parametrize(("limit", "value"), [("max_epochs", 3), ("max_steps", 2)])
def test_a_run_that_reaches_its_limit_says_so(fit, limit, value):
    stopping = EarlyStopping()
    fit(Scripted([0.1, 0.2, 0.3]), stopping, **{limit: value})
    assert stopping.reason == f"training reached its limit ({limit}={value})"


def test_minimum_epochs_are_reached_with_the_first_reason_kept(fit):
    stopping = EarlyStopping(patience=1)
    trainer = fit(Scripted([0.2, 0.1, 0.3, 0.1, 0.1]), stopping, max_epochs=5, min_epochs=4)
    assert trainer.current_epoch == 4
    assert "0.2000 (epoch 1)" in stopping.reason


def test_the_best_weights_come_back_from_memory(fit):
    module = Scripted([0.1, 0.3, 0.2, 0.2])
    fit(module, EarlyStopping(patience=2))
    assert module.weight.item() == 2  # as after epoch 1


def test_the_best_weights_come_back_when_the_limit_ends_training(fit):
    module = Scripted([0.1, 0.3, 0.2])
    fit(module, EarlyStopping(), max_epochs=3)
    assert module.weight.item() == 2


def test_the_best_weights_come_back_from_the_checkpoint_and_no_copy_is_kept(fit, tmp_path):
    module = Scripted([0.1, 0.3, 0.2, 0.2])
    stopping = EarlyStopping(patience=2)
    fit(module, best_checkpoint(tmp_path), latest_checkpoint(tmp_path), stopping)
    assert module.weight.item() == 2
    assert "weights" not in stopping.state_dict()
    latest = torch.load(tmp_path / "latest.ckpt", weights_only=True)
    assert latest["state_dict"]["weight"].item() == 4  # what resuming starts from is not the restored


def test_a_checkpoint_by_another_metric_is_not_taken(fit, tmp_path):
    module = Scripted([0.3, 0.2, 0.1])
    fit(module, ModelCheckpoint(tmp_path, monitor=F1, mode="min"), EarlyStopping(patience=2))
    assert module.weight.item() == 1


def test_a_checkpoint_that_is_gone_leaves_the_last_weights(fit, tmp_path):
    class Vandal(ModelCheckpoint):
        def on_train_end(self, trainer, pl_module):
            super().on_train_end(trainer, pl_module)
            (tmp_path / "best.ckpt").unlink()

    module = Scripted([0.3, 0.2, 0.1])
    with pytest.warns(UserWarning, match="the best checkpoint is gone, so the last weights stay"):
        fit(module, Vandal(tmp_path, filename="best", monitor=F1, mode="max"), EarlyStopping(patience=2))
    assert module.weight.item() == 3


def test_the_last_weights_stay_where_asked(fit):
    module = Scripted([0.3, 0.2, 0.1])
    fit(module, EarlyStopping(patience=2, restore_best_weights=False))
    assert module.weight.item() == 3


@pytest.mark.parametrize("keeps_best", [True, False])
@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_resumed_run_ends_as_one_never_interrupted(fit, tmp_path, keeps_best, dies_at):
    values = [0.1, 0.3, 0.2, 0.25, 0.2, 0.9]

    def checkpoints():
        return [*([best_checkpoint(tmp_path)] if keeps_best else []), latest_checkpoint(tmp_path)]

    whole, stopping = Scripted(values), EarlyStopping(patience=3)
    fit(whole, *checkpoints(), stopping)
    for file in tmp_path.glob("*.ckpt"):
        file.unlink()

    with pytest.raises(KilledError):
        fit(KilledAfter(values, dies_at), *checkpoints(), EarlyStopping(patience=3))
    resumed, resumed_stopping = Scripted(values), EarlyStopping(patience=3)
    trainer = fit(resumed, *checkpoints(), resumed_stopping, ckpt_path=str(tmp_path / "latest.ckpt"))

    assert trainer.current_epoch == 5
    assert resumed.weight.item() == whole.weight.item() == 2
    assert resumed_stopping.reason == stopping.reason
    assert resumed_stopping.best_epoch == stopping.best_epoch == 2


def test_a_run_resumed_after_it_was_told_to_stop_trains_no_more(fit, tmp_path):
    values = [0.3, 0.2, 0.9]
    fit(Scripted(values), latest_checkpoint(tmp_path), EarlyStopping(patience=1, restore_best_weights=False))
    resumed, stopping = Scripted(values), EarlyStopping(patience=1, restore_best_weights=False)
    fit(resumed, latest_checkpoint(tmp_path), stopping, ckpt_path=str(tmp_path / "latest.ckpt"))
    assert resumed.weight.item() == 2
    assert "0.3000 (epoch 1)" in stopping.reason


def test_a_second_run_counts_anew(fit):
    stopping = EarlyStopping(patience=1)
    fit(Scripted([0.3, 0.2]), stopping)
    trainer = fit(Scripted([0.1, 0.2, 0.3, 0.2]), stopping)
    assert trainer.current_epoch == 4


def test_validating_outside_training_counts_nothing(tmp_path):
    stopping = EarlyStopping()
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, callbacks=[stopping], default_root_dir=tmp_path
    )
    trainer.validate(Scripted([0.5]), DataLoader([0.0]), verbose=False)
    assert stopping.validations == 0


def test_an_unknown_metric_is_refused_before_training(fit):
    module = Scripted([0.5])
    with pytest.raises(UsageError, match=r'"validation/macrof1".*Did you mean "validation/macro_f1".*validation/loss'):
        fit(module, EarlyStopping(monitor="validation/macrof1", mode="max"))
    assert module.weight.item() == 0


def test_a_model_that_learns_its_metrics_late_is_asked_again(fit):
    class Late(Scripted):
        names = None
        metric_names = property(lambda self: self.names)

        def configure_model(self):
            self.names = frozenset({"validation/loss"})

    module = Late([0.5])
    with pytest.raises(UsageError, match="the model does not log it"):
        fit(module, EarlyStopping())
    assert module.weight.item() == 0


def test_a_metric_that_was_promised_but_not_logged_is_named(fit):
    with pytest.raises(
        UsageError, match=r'found no "validation/macro_f1" after validation.*There are: validation/loss'
    ):
        fit(Scripted([0.5], logs="validation/loss"), EarlyStopping())


def test_another_metric_needs_its_mode(fit):
    with pytest.raises(UsageError, match=r'monitors "validation/loss" and needs a mode: set it to min or max'):
        fit(Scripted([0.5]), EarlyStopping(monitor="validation/loss"))


def test_a_model_without_a_metric_of_its_own_needs_one_named(fit):
    module = Scripted([0.5])
    module.monitor = None
    with pytest.raises(UsageError, match="no metric to monitor: set its monitor"):
        fit(module, EarlyStopping())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patience": 0}, "patience is a number of validations and must be at least 1, got 0"),
        ({"warmup": -1}, "warmup is a number of validations and must be 0 or more, got -1"),
        (
            {"min_delta": -0.1},
            r"min_delta is the smallest gain that counts as an improvement and must be 0 or more, got -0\.1",
        ),
        ({"mode": "up"}, "mode must be min or max, got up"),
    ],
)
def test_an_argument_out_of_range_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        EarlyStopping(**arguments)
