"""A class that is chosen in place of another starts from its own defaults; one that stays keeps what was given."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import train


@pytest.fixture
def config(capsys):
    def printed(*arguments: Any) -> dict[str, Any]:
        with pytest.raises(SystemExit) as ended:
            train.main([*map(str, arguments), "--print_config"])
        assert ended.value.code in (0, None)
        return yaml.safe_load(capsys.readouterr().out)

    return printed


def test_another_optimizer_does_not_inherit_the_weight_decay_of_the_default(config):
    """AdamW decays by 0.01 and SGD by nothing; jsonargparse by itself hands the 0.01 on."""
    chosen = config("--model.optimizer", "SGD", "--model.optimizer.lr", 0.5)["model"]["optimizer"]
    assert chosen["class_path"] == "torch.optim.SGD"
    assert chosen["init_args"]["lr"] == 0.5
    assert chosen["init_args"]["weight_decay"] == 0


def test_arguments_given_to_the_former_class_are_forgotten(config):
    given = ("--model.encoder.embedding_dim", 7, "--model.encoder", "RNN", "--model.encoder.hidden_size", 5)
    arguments = config(*given)["model"]["encoder"]["init_args"]
    assert (arguments["embedding_dim"], arguments["hidden_size"]) == (None, 5)
    assert "num_filters" not in arguments


def test_a_config_chooses_another_class_from_its_own_defaults(config, tmp_path):
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("model: {encoder: {class_path: RNN, init_args: {embedding_dim: 7, hidden_size: 5}}}")
    second.write_text("model: {encoder: TextCNN}")
    encoder = config("--config", first, "--config", second)["model"]["encoder"]
    assert encoder["class_path"].endswith("TextCNN")
    assert encoder["init_args"]["embedding_dim"] is None


def test_arguments_for_the_same_class_stay_in_layers(config, tmp_path):
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("model: {encoder: {class_path: RNN, init_args: {embedding_dim: 7, hidden_size: 5}}}")
    second.write_text("model: {encoder: {class_path: RNN, init_args: {cell: gru}}}")
    given = ("--config", first, "--config", second, "--model.encoder", "RNN", "--model.encoder.num_layers", 2)
    arguments = config(*given)["model"]["encoder"]["init_args"]
    assert [arguments[name] for name in ("embedding_dim", "hidden_size", "cell", "num_layers")] == [7, 5, "gru", 2]


def test_the_default_class_named_outright_keeps_what_is_given(config):
    arguments = config("--model.encoder", "TextCNN", "--model.encoder.num_filters", 9)["model"]["encoder"]["init_args"]
    assert arguments["num_filters"] == 9


def test_a_class_inside_a_class_starts_from_its_own_defaults(config):
    loss = ("--model.loss", "OHEM", "--model.loss.keep_ratio", 0.25, "--model.loss.base", "Focal")
    arguments = config(*loss)["model"]["loss"]["init_args"]
    assert arguments["keep_ratio"] == 0.25
    assert arguments["base"]["class_path"].endswith("Focal")
    assert "label_smoothing" not in arguments["base"]["init_args"]


def test_a_name_that_lightning_bears_twice_means_the_one_of_torch(config):
    schedule = config("--model.lr_scheduler", "ReduceLROnPlateau", "--model.lr_scheduler.patience", 3)["model"][
        "lr_scheduler"
    ]
    assert schedule["class_path"] == "torch.optim.lr_scheduler.ReduceLROnPlateau"
    assert schedule["init_args"]["patience"] == 3


def test_what_is_replaced_in_the_library_is_put_back(config):
    from jsonargparse import _typehints

    before = _typehints.discard_init_args_on_class_path_change, _typehints.get_all_subclass_paths
    config("--model.encoder", "RNN")
    assert (_typehints.discard_init_args_on_class_path_change, _typehints.get_all_subclass_paths) == before
    assert before[0].__module__ == before[1].__module__ == "jsonargparse._typehints"
