"""Which options of continued training may differ from those of its checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.continued_options import check_continued_options, read_trained_options
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
