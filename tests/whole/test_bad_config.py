"""What a user may get wrong in a config file: each ends with exit code 2, one clear message and no run folder."""

from __future__ import annotations

import pytest
import yaml
from workplace import USAGE, assert_refused

# What a config file says, and what the message must say.
CONFIGS = {
    "broken YAML": ("model: [", r"config.*(YAML|parse|parsing|expected)"),
    "a list": ("- model", r"a config file holds no keys"),
    "a word": ("hello", r"a config file holds no keys"),
    "nothing": ("", r"a config file holds no keys"),
    "a key of nothing": ("modl: 3", r"config.yaml: there is no key modl\..*Did you mean \"model\""),
    "a key of the model": ("model: {encodr: RNN}", r"there is no key model.encodr.*Did you mean \"model.encoder\""),
    "a key of the trainer": (
        "trainer: {max_epoch: 3}",
        r"there is no key trainer.max_epoch\..*Did you mean \"trainer.max_epochs\"",
    ),
    "a class": ("model: {encoder: RN}", r'--model.encoder has no choice named RN\. Did you mean "RNN"\?'),
    "a class by class_path": (
        "model: {encoder: {class_path: RN}}",
        r'--model.encoder has no choice named RN\. Did you mean "RNN"\?',
    ),
    "an argument of a class": (
        "model: {encoder: {class_path: RNN, init_args: {cel: gru}}}",
        r'--model.encoder RNN has no argument cel\. Did you mean "cell"\?',
    ),
    "an argument of a loss": (
        "model: {loss: {class_path: Focal, init_args: {gama: 2}}}",
        r'--model.loss Focal has no argument gama\. Did you mean "gamma"\?',
    ),
    "an argument of a loss inside": (
        "model: {loss: {class_path: OHEM, init_args: {base: {class_path: Focal, init_args: {gama: 2}}}}}",
        r'Focal has no argument gama\. Did you mean "gamma"\?',
    ),
    "an argument of a schedule": (
        "model: {lr_scheduler: {class_path: WarmupCosine, init_args: {warmpu: 0.1}}}",
        r'--model.lr_scheduler WarmupCosine has no argument warmpu\. Did you mean "warmup_ratio"\?',
    ),
    "a word for a number": ("trainer: {max_epochs: abc}", r"--trainer.max_epochs must be int.*got 'abc'"),
    "a number for a list": (
        "model: {encoder: {class_path: TextCNN, init_args: {kernel_sizes: 3}}}",
        r"kernel_sizes must be .*got 3$",
    ),
    "a word for a share": (
        "model: {loss: {class_path: OHEM, init_args: {keep_ratio: half}}}",
        r"--model.loss.keep_ratio must be float, got 'half'",
    ),
    "a value out of its range": (
        "model: {lr_scheduler: {class_path: WarmupCosine, init_args: {warmup_ratio: 500}}}",
        r"--model.lr_scheduler: warmup_ratio is a fraction of training .*got 500",
    ),
    "no batches": ("trainer: {limit_train_batches: 0}", r"--trainer.limit_train_batches 0 leaves nothing to train"),
    "no such metric": ("model: {monitor: validation/f1}", r'Did you mean "validation/\w*f1"'),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_wrong_config_is_refused_with_code_2(case, work, data, tmp_path):
    text, words = CONFIGS[case]
    config = tmp_path / "config.yaml"
    config.write_text(text, encoding="utf-8")
    answer = work.train("--config", config, "--data.source", "Files", "--data.source.path", data)
    assert_refused(answer, work, USAGE, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class_path: RNN\ninit_args: {cel: gru}", r'rnn.yaml: --model.encoder RNN has no argument cel\. .*"cell"\?'),
        ("class_path: RNN\ninit_args: {hidden_size: many}", r"--model.encoder.hidden_size must be int, got 'many'"),
        ("class_path: RN", r'rnn.yaml: --model.encoder has no choice named RN\. Did you mean "RNN"\?'),
        ("RN", r"--model.encoder has no choice named RN\."),
    ],
)
def test_a_wrong_config_of_a_single_class_is_refused(text, words, work, tmp_path):
    (tmp_path / "rnn.yaml").write_text(text, encoding="utf-8")
    assert_refused(work.train("--model.encoder", tmp_path / "rnn.yaml"), work, USAGE, words)


def test_a_config_of_another_encoding_is_refused(work, tmp_path):
    (tmp_path / "config.yaml").write_bytes("name: süß".encode("latin-1"))
    assert_refused(work.train("--config", tmp_path / "config.yaml"), work, USAGE, r"a config file is not UTF-8")


@pytest.mark.parametrize(
    "text", [*(f"{key}:" for key in ("data", "model", "trainer", "name", "seed_everything")), "data:\nmodel:\nname: a"]
)
def test_an_empty_section_keeps_the_defaults(text, work, tmp_path, capsys):
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        work.train("--config", tmp_path / "config.yaml", "--print_config")
    assert end.value.code == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["data"]["batch_size"] == 64
    assert printed["model"]["monitor"] == "validation/macro_f1"
    assert printed["seed_everything"] == 0


def test_a_complete_config_does_not_choose_the_default_tokenizer(work, tmp_path, capsys):
    """`--print_config` prints the tokenizer of a pretrained encoder; the default one in such a config is no choice."""
    pretrained = ("--model.encoder", "Pretrained", "--model.encoder.model", "somewhere")
    config = tmp_path / "config.yaml"

    def print_config(*options):
        with pytest.raises(SystemExit):
            work.train(*options, "--print_config")
        config.write_text(capsys.readouterr().out, encoding="utf-8")
        return yaml.safe_load(config.read_text(encoding="utf-8"))["data"]["tokenizer"]

    assert print_config(*pretrained)["init_args"] == {"model": "somewhere"}
    assert print_config("--config", config)["init_args"] == {"model": "somewhere"}
    assert print_config()["class_path"].endswith(".Words")
    refused = work.train("--config", config, *pretrained, "--data.tokenizer", "Words")
    assert_refused(refused, work, USAGE, "got --data.tokenizer Words from the command line")
    assert print_config("--config", config, *pretrained)["init_args"] == {"model": "somewhere"}
    config.write_text("data: {tokenizer: Words}", encoding="utf-8")
    refused = work.train("--config", config, *pretrained)
    assert_refused(refused, work, USAGE, r"got --data.tokenizer Words from .*config.yaml")
