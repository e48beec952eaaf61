"""Sets options implied by others or by the data: the tokenizer, and word vectors from a checkpoint."""

from __future__ import annotations

from pathlib import Path

from jsonargparse import Namespace

from commands.checks import get_class_name
from commands.class_path import find_class
from commands.class_registry import get_parameters
from commands.option_reader import read_options
from contracts.errors import UsageError
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.default_tokenizer import choose_default_tokenizer
from lightning_modules.checkpoints import read_checkpoint


def choose_pretrained_tokenizer(config: Namespace, named_in: str | None) -> None:
    """Sets the tokenizer to that of the pretrained encoder, unless the user has selected one.

    Args:
        config: Config of one verb; changed in place.
        named_in: Where the user has selected a tokenizer: `the command line` or a config file; None if nowhere.

    Raises:
        UsageError: The selected tokenizer is not that of the encoder.
    """
    if get_class_name(config.model.encoder) != "Pretrained":
        return
    model = config.model.encoder.init_args.model
    tokenizer = config.data.tokenizer
    if named_in is None:
        config.data.tokenizer = Namespace(
            class_path="datamodules.tokenizers.pretrained.Pretrained", init_args=Namespace(model=model)
        )
    elif get_class_name(tokenizer) != "Pretrained" or tokenizer.init_args.model != model:
        raise UsageError(
            f"--model.encoder Pretrained ({model}) knows only the ids of its own tokenizer, got --data.tokenizer "
            f"{get_class_name(tokenizer)} from {named_in}; leave the tokenizer out, or give "
            f"--data.tokenizer Pretrained --data.tokenizer.model {model}"
        )


def choose_tokenizer_by_texts(config: Namespace, arguments: list[str], default: Namespace) -> str | None:
    """Sets the tokenizer to the one that suits the script of the training texts, if none is selected anywhere.

    Args:
        config: Config with `data`; changed in place.
        arguments: Command-line arguments, without a verb. A complete config, such as that of a run, selects one.
        default: The default tokenizer.

    Returns:
        A line that says why, if another than the default was chosen.
    """
    if config.data.tokenizer != default or find_named_tokenizer(arguments, is_default=False) is not None:
        return None
    choice = config.data.source
    cls = find_class("data.source", choice.class_path)
    try:
        source = cls(**vars(choice.get("init_args") or Namespace()))  # type: ignore[misc]  # reported below if it is None
        tokenizer, reason = choose_default_tokenizer(source.sample_texts())
    except Exception:  # reported where the source is used
        return None
    if reason is not None:
        arguments_of_class = {name: parameter.default for name, parameter in get_parameters(tokenizer).items()}
        class_path = f"{tokenizer.__module__}.{tokenizer.__name__}"
        config.data.tokenizer = Namespace(class_path=class_path, init_args=Namespace(arguments_of_class))
    return reason


def find_named_tokenizer(arguments: list[str], is_default: bool) -> str | None:
    """Finds where a tokenizer is selected; one that a complete config lists only as the default is not.

    A complete config is the `config.yaml` of a run, or what `--print_config` prints: it lists every option of the data.

    Args:
        arguments: Command-line arguments after the verb.
        is_default: Whether the resulting tokenizer is the default one.

    Returns:
        `the command line` or a config file; None if no tokenizer is selected.
    """
    options = list(read_options(arguments))
    required = {f"data.{name}" for name in get_parameters(TextDataModule)}

    def is_complete(file: str | None) -> bool:
        names = {".".join(option.name.split(".")[:2]) for option in options if option.file == file}
        return file is not None and required <= names

    named = [option for option in options if option.name.startswith("data.tokenizer")]
    if is_default:
        named = [option for option in named if not is_complete(option.file)]
    return (named[-1].file or "the command line") if named else None


def use_checkpoint_vectors(checkpoint: Path | None, config: Namespace) -> None:
    """Sets the encoder to load its word vectors from a checkpoint if their file no longer exists.

    Args:
        checkpoint: The checkpoint whose weights will be loaded; None if there is none.
        config: Config of one verb; changed in place.

    Raises:
        DataError: The checkpoint cannot be read.
    """
    arguments = config.model.encoder.get("init_args") or Namespace()
    vectors = arguments.get("vectors")
    if checkpoint is None or vectors in (None, "train", "checkpoint") or Path(vectors).expanduser().is_file():
        return
    saved = read_checkpoint(checkpoint)["bundle"]["encoder"].get("arguments", {})
    if saved.get("vectors") == "checkpoint":
        arguments.vectors, arguments.embedding_dim = "checkpoint", saved["embedding_dim"]
