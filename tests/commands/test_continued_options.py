"""Which options of continued training may differ from those of its checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from commands.continued_options import check_continued_options, compare_with_checkpoint, read_trained_options
from contracts.errors import UsageError

PATH = Path("runs/a/version_0/checkpoints/last.ckpt")


def build_config(lr: float = 0.1, dropout: float = 0.5, **more: object) -> dict[str, object]:
    return {
        "seed_everything": 0,
        "data": {"batch_size": 8, "num_workers": 0},
        "model": {
            "optimizer": {"class_path": "torch.optim.SGD", "init_args": {"lr": lr, "momentum": 0}},
            "head": {"class_path": "lightning_modules.heads.linear.Linear", "init_args": {"dropout": dropout}},
            "lr_scheduler": None,
        },
        "trainer": {"max_epochs": 3, "precision": None, "gradient_clip_val": None},
    } | more


def check(changed: dict[str, object], stated: set[str] | None) -> list[str]:
    trained = read_trained_options({}, PATH)
    assert trained == {}, "neither a config nor hyperparameters"
    trained = read_trained_options({"hyper_parameters": build_config()["model"]}, PATH)
    assert trained["model.head"] == "Linear"
    config = build_config() | {"model": {}}
    both = trained | {"data.batch_size": 8, "trainer.gradient_clip_val": None, "seed_everything": 0}
    assert not check_continued_options(both, build_config(), set(), PATH)
    return check_continued_options(both, config | changed, stated, PATH)


@pytest.mark.parametrize("stated", [None, set(), {"model.optimizer.lr"}])
def test_another_rate_is_refused_even_if_it_is_stated(stated):
    """It was ignored: the rate is restored with the state of the optimizer."""
    with pytest.raises(UsageError, match=r"model\.optimizer\.lr 0\.2 \(was 0\.1\): optimizer and .* restored"):
        check(build_config(lr=0.2), stated)


def test_another_optimizer_and_another_schedule_are_refused():
    model = build_config()["model"]
    adam = {"class_path": "torch.optim.Adam", "init_args": {"lr": 0.1}}
    with pytest.raises(UsageError, match=r"model\.optimizer Adam \(was SGD\)"):
        check({"model": model | {"optimizer": adam}}, None)
    cosine = {"class_path": "lightning_modules.optim.schedules.WarmupCosine", "init_args": {"warmup_ratio": 0.1}}
    with pytest.raises(UsageError, match=r"model\.lr_scheduler WarmupCosine \(was null\)"):
        check({"model": model | {"lr_scheduler": cosine}}, None)


def test_an_option_that_differs_is_applied_if_it_is_stated_and_refused_otherwise():
    words = "model.head.dropout 0.25 (was 0.5)"
    assert check(build_config(dropout=0.25), {"model.head.dropout"}) == [words]
    assert check(build_config(dropout=0.25), {"model.head"}) == [words]
    assert check(build_config(dropout=0.25), None) == [words], "all options beside --resume are stated"
    with pytest.raises(UsageError, match=r"trained with other options than this command gives: model\.head\.dropout 0"):
        check(build_config(dropout=0.25), {"model.head.bias"})


def test_options_without_influence_may_differ():
    assert check(build_config(data={"batch_size": 8, "num_workers": 4}), set()) == []
    assert check(build_config(trainer={"max_epochs": 9, "gradient_clip_val": None}), set()) == []
    assert check(build_config(data={"batch_size": 8.0}), set()) == []


def test_another_seed_is_refused_on_resuming_and_stated_in_a_new_run():
    with pytest.raises(UsageError, match=r"--seed_everything 4: .* goes on with .* of seed 0; leave"):
        check(build_config(seed_everything=4), None)
    assert check(build_config(seed_everything=4), {"seed_everything"}) == ["seed_everything 4 (was 0)"]


@pytest.mark.parametrize(
    ("name", "value", "old"),
    [("head_lr_multiplier", 10.0, 1.0), ("backbone_lr", 0.0, "null"), ("layer_decay", 0.5, 1.0)],
)
@pytest.mark.parametrize("trained", [{}, {"differential_learning_rates": None}])
def test_other_rates_of_the_layers_are_refused(name, value, old, trained, tmp_path):
    """They were ignored: the rate of each parameter group is restored with the state of the optimizer."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(build_config(**trained)))
    path = tmp_path / "last.ckpt"
    present = build_config(differential_learning_rates={name: value})
    for stated in (None, {f"differential_learning_rates.{name}"}):
        with pytest.raises(UsageError, match=rf"rates\.{name} {value} \(was {old}\): optimizer and .* restored"):
            check_continued_options(read_trained_options({}, path), present, stated, path)
    neutral = build_config(differential_learning_rates={"layer_decay": 1.0})
    assert check_continued_options(read_trained_options({}, path), neutral, None, path) == []


@pytest.mark.parametrize(
    ("name", "value", "same"),
    [("limit_train_batches", 2, 1.0), ("overfit_batches", 0.5, 0), ("accumulate_grad_batches", 2, 1)],
)
def test_other_batches_per_epoch_are_refused(name, value, same, tmp_path):
    """An epoch was trained again, or cut."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(build_config(trainer={name: None})))
    path = tmp_path / "last.ckpt"
    trained = read_trained_options({}, path)
    for stated in (None, {f"trainer.{name}"}):
        with pytest.raises(UsageError, match=rf"trainer\.{name} {value} \(was {same}.*would be repeated or left out"):
            check_continued_options(trained, build_config(trainer={name: value}), stated, path)
        assert check_continued_options(trained, build_config(trainer={name: same}), stated, path) == []


def test_every_changed_option_is_named_beside_resume(tmp_path):
    """The line named the options of the data, the model and some of the trainer only."""
    monitor = {"class_path": "pytorch_lightning.callbacks.LearningRateMonitor", "init_args": {}}
    saved = build_config(
        name="a",
        early_stopping={"patience": 10},
        checkpoint={"save_top_k": 1},
        trainer={"max_epochs": 3, "callbacks": None, "logger": True, "limit_val_batches": 1.0, "default_root_dir": "a"},
    )
    changed = build_config(
        name="b",
        early_stopping={"patience": 2},
        checkpoint=None,
        trainer={"max_epochs": 3.0, "callbacks": [monitor], "logger": False, "limit_val_batches": 2},
    )
    saved["model"] |= {"monitor": "validation/macro_f1"}
    changed["model"] |= {"monitor": "validation/loss"}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(saved))
    assert compare_with_checkpoint({}, tmp_path / "last.ckpt", changed, None) == [
        "checkpoint null (was on)",
        "early_stopping.patience 2 (was 10)",
        "model.monitor validation/loss (was validation/macro_f1)",
        "trainer.callbacks [LearningRateMonitor] (was null)",
        "trainer.limit_val_batches 2 (was 1.0)",
        "trainer.logger false (was true)",
    ]
    assert compare_with_checkpoint({}, tmp_path / "last.ckpt", saved, None) == []
