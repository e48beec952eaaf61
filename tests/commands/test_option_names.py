"""Names that do not exist: the message has what to type, and what it has can be typed."""

from __future__ import annotations

import re
import shlex
from typing import get_args

import pytest

import augment
import explore
import train
from commands.class_registry import find_classes_with_argument, get_registered_classes
from commands.common_names import CLASS_NAMES, OPTION_NAMES
from commands.option_names import check_option_names
from commands.option_parser import OptionParser
from commands.option_reader import remove_empty_sections
from contracts.errors import UsageError


@pytest.fixture(scope="module")
def parser():
    """The parser of `train.py fit`."""
    parsers = []
    with pytest.MonkeyPatch.context() as patch:

        def keep(self, arguments, checked=None):
            parsers.append(checked)
            raise SystemExit(0)

        patch.setattr(OptionParser, "parse_options", keep)
        with pytest.raises(SystemExit):
            train.main([])
    return parsers[0]


MEANT = {
    # the last component, wherever it is
    "--embedding_dim 3": '"--model.encoder.embedding_dim"',
    "--max_epochs 3": '"--trainer.max_epochs"',
    "--batch_size 3": '"--data.batch_size"',
    "--patience 3": '"--early_stopping.patience"',
    "--weight_decay 0": '"--model.optimizer.weight_decay"',
    "--model.batch_size 3": '"--data.batch_size"',
    "--cell gru": "--model.encoder RNN --model.encoder.cell …",
    "--gamma 2": "--model.loss Focal --model.loss.gamma …",
    "--data.text_column x": "--data.source Files --data.source.text_column COLUMN",
    # what other projects call it
    "--epochs 3": '"--trainer.max_epochs"',
    "--lr 0.1": '"--model.optimizer.lr"',
    "--learning_rate 0.1": '"--model.optimizer.lr"',
    "--model.lr 0.1": '"--model.optimizer.lr"',
    "--gpus 1": "--trainer.accelerator gpu --trainer.devices 1",
    "--seed 1": '"--seed_everything"',
    "--resume_from_checkpoint x": '"--resume"',
    "--data.path x": "--data.source Files --data.source.path DIR_OR_FILE",
    "--dataset x": "--data.source Files --data.source.path DIR_OR_FILE",
    "--pad_size 32": '"--data.max_length"',
    # a value for a group of options
    "--model LSTM": "--model.encoder RNN --model.encoder.cell lstm",
    "--model TextCNN": "--model.encoder TextCNN",
    "--data mail.csv": "--data.source Files --data.source.path mail.csv",
    # a class in the place of an option
    "--LSTM": "--model.encoder RNN --model.encoder.cell lstm",
    # help
    "--model.help": '"--model.encoder.help"',
    "--encoder.help": '"--model.encoder.help"',
    "--loss.help": '"--model.loss.help"',
    "--data.help": '"--data.source.help"',
    # a word without an option
    "mail.csv": "--data.source Files --data.source.path mail.csv",
    "--data.batch_size 8 mail.csv": "--data.source Files --data.source.path mail.csv",
    # classes by the names that they have elsewhere
    "--model.encoder LSTM": "--model.encoder RNN --model.encoder.cell lstm",
    "--model.encoder GRU": "--model.encoder RNN --model.encoder.cell gru",
    "--model.encoder BERT": "--model.encoder Pretrained --model.encoder.model NAME_OR_FOLDER",
    "--model.encoder CNN": "--model.encoder TextCNN",
    "--model.encoder textcnn": '"TextCNN"',
    "--model.encoder Transformer": "--model.encoder Pretrained",
    "--model.loss CrossEntropyLoss": "--model.loss CrossEntropy",
    "--model.loss BCE": "--model.loss BinaryCrossEntropy",
    "--data.tokenizer BPE": "--data.tokenizer Subwords",
    "--data.sampler WeightedRandomSampler": "--data.sampler ClassBalanced",
    "--data.source csv": "--data.source Files --data.source.path DIR_OR_FILE",
    "--data.source tests/data.csv": "--data.source Files --data.source.path tests/data.csv",
    "--model.lr_scheduler cosine": "--model.lr_scheduler WarmupCosine",
}


@pytest.mark.parametrize("given", MEANT)
def test_the_message_has_what_was_meant(given, parser):
    with pytest.raises(UsageError, match=rf"Did you mean {re.escape(MEANT[given])}"):
        check_option_names(parser, shlex.split(given))


def test_a_class_that_does_not_exist_comes_with_those_that_do(parser):
    with pytest.raises(UsageError, match=r"no choice named Transformer\..* It takes: Pretrained, RNN, TextCNN$"):
        check_option_names(parser, ["--model.encoder", "Transformer"])


@pytest.mark.parametrize("options", OPTION_NAMES.values(), ids=str)
def test_what_the_table_of_options_answers_can_be_typed(options, parser):
    words = options.split()
    value = next(iter(get_registered_classes(words[0].removeprefix("--"))), "x")
    check_option_names(parser, words if len(words) > 1 else [*words, value])


@pytest.mark.parametrize("options", sorted({o for names in CLASS_NAMES.values() for o in names.values()}))
def test_what_the_table_of_classes_answers_can_be_typed(options, parser):
    check_option_names(parser, options.split())


def test_the_tables_hide_no_name_that_exists(parser):
    from commands.selected_classes import SelectedClasses

    names = SelectedClasses(parser).option_names
    for key, table in CLASS_NAMES.items():
        assert not {name.lower() for name in get_registered_classes(key)} & table.keys()
    for aliases in OPTION_NAMES:
        assert not set(aliases) & names
        assert all(alias == alias.lower() for alias in aliases)


@pytest.mark.parametrize("first", ["LSTM", "tests"])
def test_a_word_in_the_place_of_a_verb_is_told_what_to_type(first, capsys):
    meant = {"LSTM": "--model.encoder RNN --model.encoder.cell lstm", "tests": "--data.source Files --data.source.path"}
    assert train.main([first]) == 2
    assert f"there is no verb {first}. Did you mean {meant[first]}" in capsys.readouterr().err


CONFIGS = {
    "dots below a group": (
        "data: {source.path: some/folder}",
        r"data.source.path is out of place; write data: \{source: \{class_path: Files, init_args: \{path: some/folder",
    ),
    "dots at the top": (
        "data.source.path: x",
        r"write data: \{source: \{class_path: Files, init_args: \{path: x\}\}\}",
    ),
    "beside class_path": (
        "model: {encoder: {class_path: RNN, cell: gru}}",
        r"model.encoder.cell is out of place; write \{class_path: RNN, init_args: \{cell: gru\}\}",
    ),
    "another project's name": ("trainer: {epochs: 3}", r'no key trainer.epochs\. Did you mean "trainer.max_epochs"\?'),
    "another project's class": (
        "model: {encoder: LSTM}",
        r"write model: \{encoder: \{class_path: RNN, init_args: \{cell: lstm\}\}\}",
    ),
    "an argument beside the class": (
        "data: {source: Files, path: reviews.csv}",
        r"write data: \{source: \{class_path: Files, init_args: \{path: reviews.csv\}\}\}",
    ),
    "an argument without a class": (
        "data: {source: {path: reviews.csv}}",
        r"write data: \{source: \{class_path: Files, init_args: \{path: reviews.csv\}\}\}",
    ),
    "an argument at the top": (
        "cell: gru",
        r"write model: \{encoder: \{class_path: RNN, init_args: \{cell: gru\}\}\}",
    ),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_config_is_told_how_to_write_it(case, parser, tmp_path):
    text, words = CONFIGS[case]
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(UsageError, match=rf"config.yaml: .*{words}"):
        check_option_names(parser, ["--config", str(tmp_path / "config.yaml")])


def test_dots_are_understood_where_no_class_is_meant(parser, tmp_path):
    (tmp_path / "config.yaml").write_text("data.batch_size: 3\nmodel.encoder: RNN")
    check_option_names(parser, ["--config", str(tmp_path / "config.yaml")])


def test_classes_with_an_argument_are_found():
    assert find_classes_with_argument("model.encoder", "cell") == ["RNN"]
    assert find_classes_with_argument("model.encoder", "nothing") == []


@pytest.mark.parametrize("script", [explore, augment], ids=lambda script: script.__name__)
@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            "--model.encoder RNN",
            "--model.encoder is an option of train.py; {script}.py takes --data.…, --config, --",
        ),
        ("--epochs 3", "--trainer.max_epochs is an option of train.py; {script}.py takes --data.…, --config, --"),
        ("--name x", "--name is an option of train.py"),
        ("reviews.csv", "Did you mean --data.source Files --data.source.path reviews.csv?"),
    ],
)
def test_options_of_training_are_not_suggested_by_other_scripts(script, given, words, capsys):
    assert script.main(shlex.split(given)) == 2
    assert words.format(script=script.__name__) in capsys.readouterr().err


def test_help_on_a_class_by_another_name_has_what_was_meant(capsys):
    assert train.main(["--model.encoder.help", "LSTM"]) == 2
    assert "Did you mean --model.encoder RNN --model.encoder.cell lstm?" in capsys.readouterr().err


def check_config(parser, folder, content):
    file = folder / "config.yaml"
    file.write_text(content, encoding="utf-8")
    check_option_names(parser, ["--config", str(file)])


def test_null_is_refused_for_each_option_whose_type_does_not_allow_it(parser, tmp_path):
    """jsonargparse accepts null for any type: it ended in a traceback, or in a message without the option."""
    num_refused = 0
    for action in parser._actions:
        kind, default = getattr(action, "_typehint", None), parser.get_defaults().get(action.dest)
        if kind is None or action.dest.endswith(".help") or action.dest == "seed_everything":
            continue
        *groups, last = action.dest.split(".")
        content = "".join(f"{'  ' * depth}{group}:\n" for depth, group in enumerate(groups))
        content += f"{'  ' * len(groups)}{last}: null\n"
        if type(None) in get_args(kind) or default is None:
            check_config(parser, tmp_path, content)
            continue
        num_refused += 1
        with pytest.raises(UsageError, match=rf"--{re.escape(action.dest)} .*null.*; leave it out for the default, "):
            check_config(parser, tmp_path, content)
    assert num_refused > 40


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("model: {optimizer: {init_args: {lr: null}}}", "--model.optimizer.lr must be float.*got null.*0.001"),
        ("model: {loss: {class_path: OHEM, init_args: {base: null}}}", "--model.loss.base .*null. It takes: "),
        ("trainer: {callbacks: {class_path: ModelSummary, init_args: {max_depth: null}}}", "max_depth must be int"),
        (
            "data: {augmentations: [{class_path: TFIDFReplacement, init_args: {max_idf: null}}]}",
            "augmentations.max_idf must be",
        ),
        ("data: []", r"data holds options, one per key, got \[\]"),
        ("trainer: 5", "trainer holds options, one per key, got 5"),
        ("model: {encoder: {class_path: RNN, init_args: []}}", "has no argument init_args"),
        ("data:\n  batch_size: 3\n  tta: 1\n  batch_size: 4\n", "in line 4: the key batch_size is in line 2 too"),
    ],
)
def test_a_value_that_no_option_takes_has_one_message(parser, tmp_path, content, words):
    """Among them a key that occurs twice, of which the first was dropped in silence."""
    with pytest.raises(UsageError, match=words) as refusal:
        check_config(parser, tmp_path, content)
    assert "\n" not in str(refusal.value)


def test_a_class_with_empty_arguments_has_its_defaults():
    given = {"model": {"encoder": {"class_path": "RNN", "init_args": None}}, "name": None}
    assert remove_empty_sections(given) == {"model": {"encoder": {"class_path": "RNN"}}, "name": None}


def test_the_choices_of_an_optimizer_are_those_that_train(parser):
    """The message listed those that are refused when they are named."""
    with pytest.raises(UsageError, match=r"It takes: ASGD.*SGD") as refusal:
        check_option_names(parser, ["--model.optimizer", "Foo"])
    assert not re.search("LBFGS|Muon|SparseAdam", str(refusal.value))
