"""Synonyms: names of options and classes in other projects, each with the equivalent option of this one."""

from __future__ import annotations

OPTION_NAMES = {
    ("epochs", "num_epochs", "n_epochs", "num_train_epochs", "epoch"): "--trainer.max_epochs",
    ("steps", "num_steps"): "--trainer.max_steps",
    ("lr", "learning_rate", "rate"): "--model.optimizer.lr",
    ("batch", "batchsize", "bs", "train_batch_size", "per_device_train_batch_size"): "--data.batch_size",
    ("max_len", "maxlen", "max_seq_length", "max_seq_len", "seq_len", "pad_size"): "--data.max_length",
    ("gpus", "gpu", "num_gpus", "n_gpu"): "--trainer.accelerator gpu --trainer.devices 1",
    ("device", "cuda", "cpu"): "--trainer.accelerator",
    ("fp16", "bf16", "amp", "mixed_precision"): "--trainer.precision bf16-mixed",
    ("seed", "random_seed", "random_state"): "--seed_everything",
    ("resume_from_checkpoint", "resume_from", "restore", "load"): "--resume",
    ("checkpoint_path", "ckpt", "weights"): "--ckpt_path",
    (
        "output_dir",
        "out_dir",
        "output",
        "log_dir",
        "logdir",
        "save_dir",
        "save_path",
    ): "--trainer.default_root_dir",
    ("run_name", "experiment", "experiment_name"): "--name",
    ("path", "data_path", "data_dir", "train_file", "train_path", "dataset", "file"): (
        "--data.source Files --data.source.path DIR_OR_FILE"
    ),
    ("text_column", "text_field", "text_col"): "--data.source Files --data.source.text_column COLUMN",
    ("label_column", "label_field", "label_col", "target"): "--data.source Files --data.source.label_column COLUMN",
    ("workers", "n_workers"): "--data.num_workers",
    ("model_name", "model_name_or_path", "bert_path", "pretrained"): (
        "--model.encoder Pretrained --model.encoder.model NAME_OR_FOLDER"
    ),
    ("encoder", "arch", "architecture"): "--model.encoder",
    ("criterion", "loss_function", "loss_type"): "--model.loss",
    ("class_weight", "class_weights", "weighted_loss"): (
        "--model.loss CrossEntropy --model.loss.class_weights inverse"
    ),
    ("scheduler", "lr_scheduler_type", "schedule"): "--model.lr_scheduler",
    ("warmup", "warmup_steps", "num_warmup_steps"): (
        "--model.lr_scheduler WarmupLinear --model.lr_scheduler.warmup_ratio 0.1"
    ),
    ("dropout",): "--model.head.dropout",
    ("hidden_dim", "hidden", "rnn_size"): "--model.encoder RNN --model.encoder.hidden_size 128",
    ("embed_size", "emb_dim", "embed_dim", "embedding_size", "embed"): "--model.encoder.embedding_dim",
    ("gradient_clip", "clip", "max_grad_norm", "clip_grad"): "--trainer.gradient_clip_val",
    ("gradient_accumulation_steps", "accumulate"): "--trainer.accumulate_grad_batches",
    ("debug", "dry_run"): "--trainer.fast_dev_run true",
}
"""Option names that do not exist here, or whose most similar name would be misleading."""

_PRETRAINED = "--model.encoder Pretrained --model.encoder.model NAME_OR_FOLDER"
_TEXT_CNN = "--model.encoder TextCNN"
CLASS_NAMES: dict[str, dict[str, str]] = {
    "model.encoder": {
        **dict.fromkeys(
            ("lstm", "bilstm", "textrnn", "rcnn", "textrcnn"), "--model.encoder RNN --model.encoder.cell lstm"
        ),
        **dict.fromkeys(("gru", "bigru"), "--model.encoder RNN --model.encoder.cell gru"),
        **dict.fromkeys(("rnn_att", "textrnn_att"), "--model.encoder RNN --model.encoder.pooling attention"),
        **dict.fromkeys(("cnn", "kimcnn", "convnet"), _TEXT_CNN),
        **dict.fromkeys(
            ("bert", "roberta", "distilbert", "albert", "ernie", "electra", "deberta", "xlnet", "gpt2", "automodel"),
            _PRETRAINED,
        ),
        **dict.fromkeys(("huggingface", "minilm", "sentencetransformer"), _PRETRAINED),
        **dict.fromkeys(("transformer", "attention", "selfattention"), _PRETRAINED),
    },
    "model.loss": {
        **dict.fromkeys(("ce", "crossentropyloss", "softmax", "nll"), "--model.loss CrossEntropy"),
        **dict.fromkeys(("bce", "bcewithlogitsloss", "bceloss", "sigmoid"), "--model.loss BinaryCrossEntropy"),
        "focalloss": "--model.loss Focal",
        "weightedcrossentropy": "--model.loss CrossEntropy --model.loss.class_weights inverse",
        "labelsmoothing": "--model.loss CrossEntropy --model.loss.label_smoothing 0.1",
    },
    "data.tokenizer": {
        **dict.fromkeys(("bpe", "wordpiece", "sentencepiece", "unigram", "subword"), "--data.tokenizer Subwords"),
        **dict.fromkeys(("char", "chars"), "--data.tokenizer Characters"),
        **dict.fromkeys(("whitespace", "nltk", "spacy", "basic"), "--data.tokenizer Words"),
        **dict.fromkeys(("bert", "autotokenizer"), _PRETRAINED),
    },
    "data.sampler": {
        **dict.fromkeys(("weighted", "weightedrandomsampler", "balancedsampler"), "--data.sampler ClassBalanced"),
        **dict.fromkeys(("random", "randomsampler"), "--data.sampler Shuffle"),
        **dict.fromkeys(("smote", "randomoversampler"), "--data.sampler OverSampled"),
        "randomundersampler": "--data.sampler UnderSampled",
    },
    "data.source": {
        **dict.fromkeys(
            ("csv", "tsv", "json", "jsonl", "folder", "directory", "parquet", "excel", "local"),
            "--data.source Files --data.source.path DIR_OR_FILE",
        ),
        **dict.fromkeys(("huggingface", "hf", "datasets"), "--data.source Hub --data.source.path NAME"),
    },
    "model.lr_scheduler": {
        **dict.fromkeys(("linear", "warmup"), "--model.lr_scheduler WarmupLinear"),
        **dict.fromkeys(("cosine",), "--model.lr_scheduler WarmupCosine"),
        **dict.fromkeys(("plateau",), "--model.lr_scheduler ReduceLROnPlateau"),
        **dict.fromkeys(("onecycle",), "--model.lr_scheduler OneCycleLR --model.lr_scheduler.max_lr 0.01"),
        **dict.fromkeys(("sequentiallr", "chainedscheduler"), "--model.lr_scheduler WarmupCosine"),
    },
}
"""For each option that names a class: lower-case class names of other projects, and the equivalent options."""


def suggest_option(name: str) -> str | None:
    """Returns the equivalent of an option name from another project; None if it is not in the table.

    >>> suggest_option("epochs")
    '--trainer.max_epochs'
    """
    return next((options for names, options in OPTION_NAMES.items() if name.lower() in names), None)


def suggest_class(name: str) -> str | None:
    """Returns the options that select the equivalent of a class name such as `LSTM`; None if it is not in the table.

    >>> suggest_class("LSTM")
    '--model.encoder RNN --model.encoder.cell lstm'
    """
    return next((names[name.lower()] for names in CLASS_NAMES.values() if name.lower() in names), None)
