"""The command line of `train.py`: a `LightningCLI` that checks all options before data are read or folders created.

Options, config keys and help are derived from the typed constructors; they are documented nowhere else.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from callbacks.checkpointing.checkpoint_file import use_atomic_files
from callbacks.reporting.run_folder_logger import RunFolderLogger
from callbacks.reporting.run_logger import RunLogger
from callbacks.run_report import RunReport
from commands.changed_options import list_changed_options
from commands.checks import check_combinations, check_seed, check_verb, get_class_name
from commands.constructors import Constructors
from commands.continued_options import compare_with_checkpoint, dump_options
from commands.evaluated_run import add_run_config
from commands.failed_ranks import end_started_processes
from commands.implied_options import (
    choose_pretrained_tokenizer,
    choose_tokenizer_by_texts,
    find_named_tokenizer,
    use_checkpoint_vectors,
)
from commands.option_parser import OptionParser
from commands.option_reader import read_options
from commands.restore_errors import format_restore_error
from commands.resume import NOTHING_SAVED, check_unfinished, expand_resume, format_continuation, format_progress
from commands.run_checks import prepare_and_check
from commands.run_config import RunConfig
from commands.run_folder import (
    check_run_folder,
    format_write_error,
    remove_unused_files,
)
from commands.run_lock import RunLock, lock_new_run, lock_run
from commands.run_options import RUN_OPTIONS, TRAINER_DEFAULTS
from commands.run_trainer import (
    CALLBACK_CLASSES,
    add_callback_groups,
    add_callbacks_of_every_run,
    create_logger,
    format_late_rejection,
    list_named_loggers,
)
from commands.termination import find_interrupt
from commands.trainer_classes import BASES
from commands.training_notes import announce_training_notes
from commands.verbs import add_verb
from contracts.console import announce
from contracts.errors import DataError, UsageError
from datamodules.text_datamodule import TextDataModule
from lightning_modules.checkpoints import find_checkpoint, read_checkpoint
from lightning_modules.precision import MatmulPrecision
from lightning_modules.text_classifier import TextClassifier
from lightning_modules.training_state import read_continued_checkpoint

# Hides Lightning's messages on devices, products and seeds: a run prints its device, and the report has the seed.
for noisy in ("pytorch_lightning", "lightning_fabric"):
    logging.getLogger(noisy).setLevel(logging.WARNING)
for requested in ("profilers", "callbacks.model_summary"):  # by --trainer.profiler and --trainer.enable_model_summary
    logging.getLogger(f"pytorch_lightning.{requested}").setLevel(logging.INFO)


class TextCLI(LightningCLI):
    """Parses and checks the options, then runs one of Lightning's verbs.

    Args:
        arguments: Command-line arguments, without the script's name; the verb is `fit` if they begin with none.
    """

    def __init__(self, arguments: list[str]) -> None:
        arguments = add_verb(arguments)
        arguments, note = add_run_config(arguments)
        self.arguments, self.resumed = expand_resume(arguments)
        if note is not None and self.resumed is None:
            announce(note)
        self._constructors = Constructors(BASES, CALLBACK_CLASSES)
        self._checkpoint: dict[str, Any] | None = None
        self._first_step = 0
        self._previous_files: frozenset[Path] = frozenset()
        self._lock: RunLock | None = None
        try:
            self._run_verb()
        except BaseException as error:
            self._handle_failure(error)
            raise
        finally:
            self._release_lock()

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _handle_failure(self, error: BaseException) -> None:
        """Removes the files of a run without a training step; replaces write errors and interrupts by a message."""
        config = self.config.get(self.subcommand) if hasattr(self, "subcommand") else None
        message = format_write_error(error, config) if isinstance(error, OSError) else None
        if message is None and config is not None:
            restored = self.resumed.checkpoint if self.resumed else config.get("ckpt_path")
            message = format_restore_error(error, restored, str(self.subcommand))
        rejected = format_late_rejection(error)
        trainer, interrupt = getattr(self, "trainer", None), find_interrupt(error)
        end_started_processes(trainer)
        self._release_lock()
        if trainer is not None and isinstance(trainer.logger, (RunLogger, RunFolderLogger)):
            folder = Path(trainer.logger.log_dir)
            has_checkpoint = any(folder.glob("**/*.ckpt"))
            untrained = trainer.global_step <= self._first_step and not self.report.is_complete
            in_first_epoch = interrupt is not None and trainer.current_epoch == 0 and not has_checkpoint
            if trainer.is_global_zero and (untrained or in_first_epoch):
                remove_unused_files(folder, self._previous_files)
            if interrupt is not None:
                raise interrupt(*format_continuation(folder, has_checkpoint, self.report.is_complete)) from error
        elif interrupt is not None:  # while options are read
            raise interrupt(NOTHING_SAVED) from error
        if rejected is not None and (trainer is None or trainer.global_step <= self._first_step):
            raise UsageError(rejected) from error
        if message is not None:
            raise DataError(message) from error

    def _run_verb(self) -> None:
        """Calls the constructor of `LightningCLI`, which parses the options and runs the verb."""
        super().__init__(
            TextClassifier,
            TextDataModule,
            trainer_defaults=TRAINER_DEFAULTS,
            seed_everything_default=0,
            save_config_callback=RunConfig,
            save_config_kwargs={"overwrite": True},
            parser_class=OptionParser,
            auto_configure_optimizers=False,
            args=None,
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]  # static there, but called on the object
        """Returns only the requested verb, since building the parsers of all verbs takes another 0.25 s."""
        verb = self.arguments[0]
        return {verb: LightningCLI.subcommands()[verb]}

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parses the arguments of the constructor in place of `sys.argv`."""
        assert isinstance(parser, OptionParser)
        verb_parser = self._subcommand_parsers[self.arguments[0]]
        plain = [argument for argument in self.arguments if argument.split("=")[0] != "--print_config"]
        if plain != self.arguments and not {"-h", "--help"} & set(plain):  # prints the implied tokenizer too
            config = parser.parse_options(plain, verb_parser)[plain[0]]
            reason = self._choose_tokenizer(config)
            if get_class_name(config.model.encoder) == "Pretrained":
                model = config.data.tokenizer.init_args.model
                self.arguments += ["--data.tokenizer", "Pretrained", "--data.tokenizer.model", model]
            elif reason is not None:
                self.arguments += ["--data.tokenizer", config.data.tokenizer.class_path]
        self.config = parser.parse_options(self.arguments, verb_parser)
        check_seed(self.config[self.arguments[0]].seed_everything)

    def _choose_tokenizer(self, config: Namespace) -> str | None:
        """Sets the tokenizer to that of a pretrained encoder, or to one for the texts; returns why, in a line."""
        default = self._parser(self.arguments[0]).get_defaults().data.tokenizer
        named_in = find_named_tokenizer(self.arguments[1:], is_default=config.data.tokenizer == default)
        choose_pretrained_tokenizer(config, named_in)
        return choose_tokenizer_by_texts(config, self.arguments[1:], default)

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds the run options, and a group of options for each callback that every run has."""
        for option in RUN_OPTIONS:
            is_text = option.name != "matmul_precision"
            kind, default = (str | None, None) if is_text else (MatmulPrecision, option.default)
            parser.add_argument(f"--{option.name}", type=kind, default=default, help=option.meaning)
        add_callback_groups(parser)

    def before_instantiate_classes(self) -> None:
        """Sets options implied by others, and checks the config.

        Raises:
            UsageError: Options that contradict each other.
        """
        config = self.config[self.subcommand]
        reason = self._choose_tokenizer(config)
        check_verb(config, str(self.subcommand))
        if self.subcommand != "fit" and "--version" not in {argument.split("=")[0] for argument in self.arguments}:
            config.version = None  # from the config of the evaluated run, whose folder already has a report
        path = self._find_checkpoint_path()
        check_run_folder(config, resumes=self.subcommand == "fit" and path is not None)
        use_checkpoint_vectors(path, config)
        check_combinations(config)
        if config.resume is not None:
            raise UsageError("--resume is given on the command line, not in a config")
        if self.resumed is not None:
            self._checkpoint = read_continued_checkpoint(self.resumed.checkpoint)
            check_unfinished(self.resumed, self._checkpoint, config)
            plain = dump_options(self._parser(self.subcommand), config)
            changes = compare_with_checkpoint(self._checkpoint, self.resumed.checkpoint, plain, None)
            self._lock = lock_run(self.resumed.folder)
            announce(format_progress(self.resumed, self._checkpoint, config.trainer.max_epochs, changes))
        if reason is not None:
            announce(reason)

    def _add_instantiators(self) -> None:
        """Registers the constructors of the trainer's classes, beside those of model and data."""
        super()._add_instantiators()
        self._constructors.register(self.parser)

    def instantiate_classes(self) -> None:
        """Instantiates model, data, callbacks and trainer; raises `UsageError` if a constructor of a callback fails."""
        with self._constructors.raise_first_error():
            super().instantiate_classes()

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Creates a trainer that logs to the run folder."""
        config = self.config[self.subcommand]
        run_logger = self._create_logger(config)
        if config.trainer.logger is False:
            kwargs["logger"] = RunFolderLogger(run_logger)
        else:
            named = self._get(self.config_init, "trainer").get("logger")
            kwargs["logger"] = [run_logger, *list_named_loggers(named)]
        parser = self._parser(self.subcommand)
        assert isinstance(parser, OptionParser)
        for group in parser.disabled_groups:
            config[group] = self.config_init[self.subcommand][group] = None
        defaults = parser.get_defaults()
        self.report = RunReport(list_changed_options(config.as_dict(), defaults.as_dict()))
        return super().instantiate_trainer(**kwargs)

    def _create_logger(self, config: Namespace) -> RunLogger:
        """Creates the logger, and remembers the files that are already in its run folder."""
        logger = create_logger(config, self.resumed, (self._checkpoint or {}).get("global_step"))
        self._previous_files = frozenset(Path(logger.log_dir).glob("*"))
        return logger

    def _instantiate_trainer(self, config: dict[str, Any], callbacks: list[Callback]) -> Trainer:
        """Adds the callbacks of every run and creates the trainer; raises `UsageError` if its options are invalid."""
        callbacks = add_callbacks_of_every_run(config, callbacks, self.report)
        try:
            trainer = super()._instantiate_trainer(config, callbacks)
        except UsageError:
            raise
        except (MisconfigurationException, ImportError, TypeError, ValueError) as error:
            raise UsageError(f"the trainer rejects its options (--trainer.…): {error}") from error
        use_atomic_files(trainer)
        return trainer

    def before_fit(self) -> None:
        """Checks model and data and prepares the data, before Lightning creates the run folder."""
        config = self.config[self.subcommand]
        path = self._find_checkpoint_path()
        checkpoint, self._checkpoint = self._checkpoint, None  # releases it after use: it may be large
        if checkpoint is None and path is not None:
            checkpoint = (read_continued_checkpoint if self.subcommand == "fit" else read_checkpoint)(path)
            if self.subcommand == "fit":
                stated = {option.name for option in read_options(self.arguments)}
                plain = dump_options(self._parser(self.subcommand), config)
                for change in compare_with_checkpoint(checkpoint, path, plain, stated):
                    announce(f"changed: {change}")
        self._first_step = 0 if checkpoint is None else checkpoint.get("global_step", 0)
        prepare_and_check(config, str(self.subcommand), self.trainer, self.model, self.datamodule, path, checkpoint)
        announce_training_notes(config, self.arguments, str(self.subcommand))
        if self.subcommand == "fit" and self._lock is None:
            self._lock = lock_new_run(self.trainer, config.version)

    before_validate = before_test = before_fit

    def _find_checkpoint_path(self) -> Path | None:
        """Returns the checkpoint of `--resume` or `--ckpt_path`; of a run folder, the last for `fit`, else the best."""
        if self.resumed is not None:
            return self.resumed.checkpoint
        path = self.config[self.subcommand].get("ckpt_path")
        return None if path is None else find_checkpoint(Path(path), "last" if self.subcommand == "fit" else "best")

    def after_fit(self) -> None:
        """Tests the best checkpoint, or the last weights if none was kept."""
        self.report.load_tested_weights(self.trainer, self.model)
        fast = self.trainer.fast_dev_run  # type: ignore[attr-defined]  # set by its constructor
        if fast or not self.datamodule.has_split("test") or self.trainer.limit_test_batches == 0:
            self.report.write_report(self.trainer, self.model)
            if fast:
                batches = "1 batch" if fast in (True, 1) else f"{fast} batches"
                announce(f"the dev run of {batches} of training and validation passed; nothing was saved")
            return
        self.trainer.test(self.model, self.datamodule, verbose=False)

    def _parse_ckpt_path(self) -> None:
        """Does nothing: Lightning would read class paths from the checkpoint, which may be untrusted."""

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        """Adds the checkpoint path, and safe loading of weights, to the arguments of the trainer method."""
        path = self._find_checkpoint_path()
        arguments: dict[str, Any] = {"weights_only": True, "ckpt_path": None if path is None else str(path)}
        if subcommand == "test":
            arguments["verbose"] = False  # the report has the metrics
        return super()._prepare_subcommand_kwargs(subcommand) | arguments
