"""What a user may get wrong: each ends with its exit code, one clear message, no traceback and no run folder."""

from __future__ import annotations

import shlex

import pytest
from workplace import DATA, USAGE, assert_refused

# The arguments after `python train.py`, and what the message must say.
ARGUMENTS = {
    # names
    "a class": (
        "--model.encoder RN",
        r'--model.encoder has no choice named RN\. Did you mean "RNN"\? It takes: .*TextCNN',
    ),
    "a source": ("--data.source File", r'--data.source has no choice named File\. Did you mean "Files"\?'),
    "a tokenizer": ("--data.tokenizer Word", r'--data.tokenizer has no choice named Word\. Did you mean "Words"\?'),
    "a sampler": ("--data.sampler Balanced", r'Did you mean "ClassBalanced"\?'),
    "a loss": ("--model.loss Focall", r'--model.loss has no choice named Focall\. Did you mean "Focal"\?'),
    "a loss inside a loss": (
        "--model.loss OHEM --model.loss.base Focl",
        r'--model.loss.base .*Focl\. Did you mean "Focal"\?',
    ),
    "an optimizer": ("--model.optimizer AdamX", r'--model.optimizer has no choice named AdamX\. Did you mean "Adam'),
    "a schedule": ("--model.lr_scheduler WarmupLinar", r'Did you mean "WarmupLinear"\?'),
    "a class by a wrong path": ("--model.encoder my.module.Encoder", r"--model.encoder .*(Encoder|my\.module)"),
    "an argument of a class": (
        "--model.encoder RNN --model.encoder.cel gru",
        r'--model.encoder RNN has no argument cel\. Did you mean "cell"\? It takes: embedding_dim, hidden',
    ),
    "an argument of the default class": ("--model.encoder.cell gru", r"--model.encoder TextCNN has no argument cell"),
    "an argument of another loss": (
        "--model.loss CrossEntropy --model.loss.gamma 2",
        r"CrossEntropy has no argument gamma",
    ),
    "an argument of a loss inside": (
        "--model.loss OHEM --model.loss.base Focal --model.loss.base.gama 2",
        r'--model.loss.base Focal has no argument gama\. Did you mean "gamma"\?',
    ),
    "an option": ("--data.batchsize 3", r'no option --data.batchsize\. Did you mean "--data.batch_size"\?'),
    "an option of nothing": ("--modl.encoder RNN", r'no option --modl.encoder\. Did you mean "--model.encoder"\?'),
    "an abbreviated option": (
        "--trainer.max_epoch 3",
        r'no option --trainer.max_epoch\. Did you mean "--trainer.max_epochs"\?',
    ),
    "an option of another callback": ("--early_stopping.patienc 3", r'Did you mean "--early_stopping.patience"\?'),
    "a verb": ("tets", r'there is no verb tets\. Did you mean "test"\? It takes: fit, validate, test$'),
    "an argument of no class": (
        "--model.loss.gamma 2",
        r"--model.loss names none: name a class first, e.g. --model.loss Focal --model.loss.gamma …",
    ),
    "an argument of no schedule": (
        "--model.lr_scheduler.warmup_ratio 0.1",
        r"--model.lr_scheduler names none: .*--model.lr_scheduler Warmup\w+ --model.lr_scheduler.warmup_ratio …",
    ),
    "an argument of no augmentation": (
        "--data.augmentations.rate 0.1",
        r"--data.augmentations names none|no class that --data.augmentations takes",
    ),
    "an argument of a loss taken back": (
        "--model.loss Focal --model.loss null --model.loss.gamma 2",
        r"--model.loss names none: name a class first",
    ),
    "two faults at once": (
        "--data.batchsize 3 --model.encoder RN",
        r"(?s)no option --data.batchsize.*--model.encoder has no choice named RN",
    ),
    # types
    "a word for a number": ("--trainer.max_epochs abc", r"--trainer.max_epochs must be int.*got 'abc'"),
    "a share for a count": ("--data.batch_size 1.5", r"--data.batch_size must be int, got '?1.5"),
    "a word for a size": (
        "--model.encoder TextCNN --model.encoder.num_filters x",
        r"--model.encoder.num_filters must be int, got 'x'",
    ),
    "a word for a length": ("--data.max_length foo", r"--data.max_length must be int or float, got 'foo'"),
    "no such alternative": (
        "--model.encoder RNN --model.encoder.cell lstmm",
        r"--model.encoder.cell must be one of 'lstm', 'gru', got 'lstmm'",
    ),
    "no such choice": ("--data.empty maybe", r"--data.empty must be one of 'drop', 'keep', 'refuse', got 'maybe'"),
    "a word for yes or no": (
        "--early_stopping.restore_best_weights maybe",
        r"--early_stopping.restore_best_weights must be bool, got 'maybe'",
    ),
    "a word for a patience": ("--early_stopping.patience x", r"--early_stopping.patience must be int, got 'x'"),
    "a missing value": ("--trainer.max_epochs", r"--trainer.max_epochs needs a value: int or null"),
    # ranges, refused before any data are read
    "filters below one": (
        "--model.encoder.num_filters -3",
        r"--model.encoder: num_filters .* 1 or more, got -3",
    ),
    "a dim of zero": ("--model.encoder.embedding_dim 0", r"--model.encoder: embedding_dim .* must be 1 or more, got 0"),
    "a hidden size below one": (
        "--model.encoder RNN --model.encoder.hidden_size -1",
        r"--model.encoder: hidden_size .*got -1",
    ),
    "a dropout of one": ("--model.encoder.embedding_dropout 1", r"embedding_dropout .* in \[0, 1\), got 1"),
    "a dropout of the head": ("--model.head.dropout 1.5", r"--model.head: dropout .* in \[0, 1\), got 1.5"),
    "a gamma below zero": (
        "--model.loss Focal --model.loss.gamma -1",
        r"--model.loss: gamma must be 0 or more, got -1",
    ),
    "a smoothing of one": (
        "--model.loss CrossEntropy --model.loss.label_smoothing 1",
        r"--model.loss: label_smoothing .* \[0, 1\), got 1",
    ),
    "nothing kept": ("--model.loss OHEM --model.loss.keep_ratio 0", r"--model.loss: keep_ratio .* \(0, 1\], got 0"),
    "a weighting": (
        "--model.loss CrossEntropy --model.loss.class_weights invers",
        r"--model.loss.class_weights must be .*'inverse'.*got 'invers'",
    ),
    "a sampler's weighting": (
        "--data.sampler ClassBalanced --data.sampler.weighting invers",
        r"--data.sampler.weighting must be one of 'inverse'.*got 'invers'",
    ),
    "a sampler's beta": (
        "--data.sampler ClassBalanced --data.sampler.weighting effective --data.sampler.beta 1",
        r"--data.sampler: beta .* in \[0, 1\), got 1",
    ),
    "a pool of zero": (
        "--data.sampler LengthBucket --data.sampler.pool 0",
        r"--data.sampler: pool .* at least 1, got 0",
    ),
    "a warm-up in steps": (
        "--model.lr_scheduler WarmupLinear --model.lr_scheduler.warmup_ratio 500",
        r"--model.lr_scheduler: warmup_ratio is a fraction of training .*got 500",
    ),
    "an endless warm-up": (
        "--model.lr_scheduler WarmupCosine --trainer.max_epochs -1",
        r"--model.lr_scheduler: WarmupCosine must know how long training is",
    ),
    "a schedule that torch refuses": (
        "--model.lr_scheduler ReduceLROnPlateau --model.lr_scheduler.factor 2",
        r"--model.lr_scheduler: Factor should be < 1.0",
    ),
    "a schedule without its due": (
        "--model.lr_scheduler StepLR",
        r"StepLR needs --model.lr_scheduler.step_size STEP_SIZE",
    ),
    "a rate below zero": ("--model.optimizer.lr -1", r"--model.optimizer: Invalid learning rate: -1"),
    "an optimizer of one group": ("--model.optimizer LBFGS", r"--model.optimizer: LBFGS .*parameter groups"),
    "an optimizer of matrices": ("--model.optimizer Muon", r"--model.optimizer: Muon is for matrices only"),
    "an optimizer of rare gradients": (
        "--model.optimizer SparseAdam",
        r"--model.optimizer: SparseAdam is for sparse gradients only",
    ),
    "no optimizer": ("--model.optimizer null", r"--model.optimizer has no choice named null\..*It takes: .*AdamW"),
    "a batch of none": ("--data.batch_size 0", r"--data.batch_size must be at least 1, got 0"),
    "an evaluation batch of none": (
        "--data.eval_batch_size -1",
        r"--data.eval_batch_size must be at least 1, got -1",
    ),
    "workers below zero": ("--data.num_workers -1", r"--data.num_workers .* must be 0 or more, got -1"),
    "a share of all rows": ("--data.validation_size 1", r"--data.validation_size .* in \(0, 1\), got 1"),
    "a length above one": ("--data.max_length 1.5", r"--data.max_length .* got 1.5"),
    "a length of zero": ("--data.max_length 0", r"--data.max_length .* got 0"),
    "a vocabulary of two": ("--data.tokenizer Words --data.tokenizer.vocab_size 2", r"vocab_size .* at least 3, got 2"),
    "a demo of ten": ("--data.source Demo --data.source.rows 10", r"rows must be at least 100.*got 10"),
    "no patience": ("--early_stopping.patience 0", r"patience .* at least 1, got 0"),
    "a warm-up below zero": ("--early_stopping.warmup -1", r"warmup .* 0 or more, got -1"),
    "a gain below zero": ("--early_stopping.min_delta -0.1", r"min_delta .* 0 or more, got -0.1"),
    "a log every zero steps": ("--gradient_norm.every_n_steps 0", r"every_n_steps .* at least 1, got 0"),
    "a head at no rate": (
        "--differential_learning_rates.head_lr_multiplier 0",
        r"head_lr_multiplier .* above 0, got 0",
    ),
    "a backbone rate below zero": (
        "--differential_learning_rates.backbone_lr -1",
        r"backbone_lr .* 0 or more, got -1",
    ),
    "a decay above one": ("--differential_learning_rates.layer_decay 1.5", r"layer_decay .* \(0, 1\], got 1.5"),
    # of the trainer
    "epochs below minus one": ("--trainer.max_epochs -5", r"max_epochs.*-5"),
    "a precision": ("--trainer.precision 12", r"--trainer.precision must be .*got '?12"),
    "an accelerator": ("--trainer.accelerator abacus", r"accelerator.*abacus"),
    "a strategy": ("--trainer.strategy abacus", r"strategy.*abacus"),
    "a device that is not there": ("--trainer.accelerator cpu --trainer.devices 0", r"devices on a CPU is a number"),
    "a share above one": ("--trainer.limit_train_batches 1.5", r"the trainer rejects .*1.5 for limit_train_batches"),
    "an interval beyond an epoch": (
        "--trainer.val_check_interval 1000",
        r"--trainer.val_check_interval 1000 is beyond the 2 batches of an epoch",
    ),
    "no epoch": ("--trainer.max_epochs 0", r"--trainer.max_epochs 0 leaves nothing to train"),
    "no step": ("--trainer.max_steps 0", r"--trainer.max_steps 0 leaves nothing to train"),
    "a limit below zero": ("--trainer.gradient_clip_val -1", r"--trainer.gradient_clip_val .* 0 or more .*got -1"),
    # folders of runs
    "a name that leads away": ("--name ../../x", r"--name is the name of one folder, .*got '../../x'"),
    "a name of no folder": ("--name ..", r"--name is the name of one folder, .*got '..'"),
    "a version with a slash": ("--version a/b", r"--version is the name of one folder, .*got 'a/b'"),
    # what does not go together
    "a metric": (
        "--model.monitor validation/macrof1",
        r'--model.monitor validation/macrof1 .*Did you mean "validation/macro_f1"\?',
    ),
    "a metric of the test": ("--model.monitor test/accuracy", r"--model.monitor test/accuracy is not computed"),
    "a metric of other data": ("--model.monitor validation/label_accuracy", r"not computed on single-label data"),
    "a metric to stop by": (
        "--early_stopping.monitor validation/acuracy --early_stopping.mode max",
        r'--early_stopping.monitor validation/acuracy .*Did you mean "validation/accuracy"\?',
    ),
    "a loss of other data": (
        "--model.loss BinaryCrossEntropy",
        r"--model.loss: BinaryCrossEntropy does not fit labels that are single-label.*CrossEntropy",
    ),
    "a loss inside of other data": (
        "--model.loss OHEM --model.loss.base BinaryCrossEntropy",
        r"--model.loss: OHEM of BinaryCrossEntropy does not fit",
    ),
    "weights twice": (
        "--data.sampler ClassBalanced --model.loss CrossEntropy --model.loss.class_weights inverse",
        r"--data.sampler ClassBalanced and --model.loss.class_weights inverse would both compensate .*choose one",
    ),
    "weights twice, inside": (
        "--data.sampler ClassBalanced --model.loss OHEM --model.loss.base Focal --model.loss.base.alpha inverse",
        r"--model.loss.base.alpha inverse would both",
    ),
    "a weight for no label": (
        """--model.loss CrossEntropy --model.loss.class_weights '{"fruits": 2}'""",
        r'label "fruits", .* they have: fruit, metal, river\. Did you mean "fruit"\?',
    ),
    "a tokenizer of another model": (
        "--model.encoder Pretrained --data.tokenizer Characters",
        r"Pretrained .* knows only the ids of its own tokenizer, got --data.tokenizer Characters",
    ),
    # files
    "no config": ("--config nothere.yaml", r"--config .*nothere.yaml: there is no such file"),
    "a folder for a config": ("--config /", r"--config / cannot be read as a config file: Is a directory"),
    "no config of a class": ("--model.encoder nothere.yaml", r"--model.encoder: there is no file nothere.yaml"),
    "no checkpoint": ("--ckpt_path nothere.ckpt", r"there is no checkpoint or run folder nothere.ckpt"),
    "no path": ("--data.source Files", r"--data.source Files needs --data.source.path FILE_OR_FOLDER"),
    "no folder": ("--data.source Files --data.source.path /nowhere/data", r"no such file or folder: /nowhere/data"),
    "no model": ("--model.encoder Pretrained --model.encoder.model ./nowhere", r'there is no folder "./nowhere"'),
    "no package": (
        "--model.encoder Pretrained --model.encoder.model package:nowhere/model",
        r"package nowhere, which is not installed",
    ),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_a_wrong_choice_is_refused_with_code_2(case, work, data):
    arguments, words = ARGUMENTS[case]
    given = shlex.split(arguments)
    if "--data.source" not in given:
        given = ["--data.source", "Files", "--data.source.path", str(data), *given]
    if "tets" in given:  # a verb stands first
        given.reverse()
    assert_refused(work.train(*given), work, USAGE, words)


@pytest.mark.parametrize("verb", ["test", "validate"])
def test_a_verb_that_measures_needs_a_checkpoint(verb, work, on):
    words = rf"`{verb}` evaluates a trained model and there is none: give --ckpt_path RUN_OR_CHECKPOINT"
    assert_refused(work.train(verb, *on), work, USAGE, words)


def test_labelling_texts_is_for_the_other_script(work, on):
    assert_refused(work.train("predict", *on), work, USAGE, r"does not label texts; that is `python predict.py RUN_OR")


def test_an_argument_of_another_class_than_the_default_names_one_that_takes_it(work):
    words = r"Demo has no argument path\. .*Files.* did you mean --data.source Files --data.source.path …\?"
    assert_refused(work.train("--data.source.path", "texts.csv"), work, USAGE, words)


def test_an_argument_may_follow_a_class_from_a_config(work, tmp_path):
    (tmp_path / "loss.yaml").write_text("model: {loss: {class_path: Focal}}", encoding="utf-8")
    answer = work.train("--config", tmp_path / "loss.yaml", "--model.loss.gamma", -1)
    assert_refused(answer, work, USAGE, r"--model.loss: gamma must be 0 or more, got -1")


def test_a_file_in_the_place_of_the_run_folder_is_told_in_one_message(work, on):
    work.root.mkdir()
    (work.root / "taken").write_text("", encoding="utf-8")
    answer = work.train(*on, "--name", "taken", "--trainer.max_epochs", 1)
    assert answer.code == DATA
    assert "Traceback" not in answer.err
    assert answer.err.startswith(f"error: {work.root / 'taken' / 'version_0'} cannot be written (")
    assert "--trainer.default_root_dir" in answer.err


def test_the_report_of_an_earlier_run_is_not_overwritten(work, on):
    earlier = work.root / "mine" / "a" / "report.json"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("{}", encoding="utf-8")
    answer = work.train(*on, "--name", "mine", "--version", "a")
    assert answer.code == USAGE
    assert "holds the report of an earlier run, which would be overwritten; give another --version" in answer.err
    assert earlier.read_text(encoding="utf-8") == "{}"
