"""The option parser of the scripts: Lightning's, with one short message (what, got, allowed) for each error.

Unknown names are reported before parsing. If jsonargparse rejects a command line, each option is validated on its own
to find the invalid ones; its own message is used only if all of them are valid.
"""

from __future__ import annotations

import os
from typing import Any, NoReturn

import yaml
from jsonargparse import Namespace
from jsonargparse._loaders_dumpers import load_value
from pytorch_lightning.cli import LightningArgumentParser

from commands.disabled_groups import find_disabled_groups, remove_null_groups
from commands.help import get_class_help_text
from commands.jsonargparse_patches import patch_jsonargparse
from commands.option_names import check_option_names
from commands.option_reader import read_options, remove_empty_arguments, remove_empty_sections
from commands.option_values import find_value_errors
from contracts.errors import UsageError

_MAX_LENGTH = 400


class OptionParser(LightningArgumentParser):
    """Parses options and configs; raises a `UsageError` instead of printing the usage and exiting."""

    disabled_groups: tuple[str, ...] = ()
    """Groups of options that the parsed command line switches off; their values are the defaults."""

    def parse_options(self, arguments: list[str], checked: LightningArgumentParser | None = None) -> Namespace:
        """Parses a command line into a namespace.

        Args:
            arguments: Command-line arguments, beginning with a verb if this parser has verbs.
            checked: The parser of that verb; None if this parser has no verbs.

        Raises:
            UsageError: Unknown names or values of a wrong type, all in one message.
        """
        parser, options = (self, arguments) if checked is None else (checked, arguments[1:])
        class_help = get_class_help_text(options)
        if class_help is not None:
            print(class_help)
            self.exit()
        if not {"-h", "--help"} & set(arguments):
            check_option_names(parser, options)
            if isinstance(parser, OptionParser):
                parser.disabled_groups = tuple(find_disabled_groups(read_options(options)))
            arguments = remove_null_groups(arguments)
        try:
            with patch_jsonargparse():
                return self.parse_args(arguments)
        except UsageError as error:
            errors = find_value_errors(parser, options)
            raise UsageError("\n       ".join(errors) or str(error)) from error

    def dump(self, cfg: Namespace, **options: Any) -> str:
        """Returns a config as text, as jsonargparse does, with null for the groups that are switched off."""
        if self.disabled_groups:
            cfg = cfg.clone()
            for group in self.disabled_groups:
                cfg[group] = None
        return super().dump(cfg, **options)

    def _load_config_parser_mode(
        self, content: str, path: str | os.PathLike = "", ext_vars: dict | None = None, prev_cfg: Any = None
    ) -> Namespace:
        """Loads a config as jsonargparse does, but an empty section, such as `data:` alone, keeps the defaults."""
        try:
            config = load_value(content, path=path, ext_vars=ext_vars)
            if not isinstance(config, dict):  # jsonargparse reads a single key without a value as a word
                config = yaml.safe_load(content)
        except (ValueError, yaml.YAMLError):
            config = None
        if isinstance(config, dict) and "class_path" in config:
            content = yaml.safe_dump(remove_empty_arguments(config))
        if not isinstance(config, dict) or "class_path" in config:
            return super()._load_config_parser_mode(content, path, ext_vars, prev_cfg)
        return self._apply_actions(remove_empty_sections(config), prev_cfg=prev_cfg)

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raises the message, truncated; jsonargparse calls this hook for every error of a user.

        Raises:
            UsageError: Always.
        """
        words = " ".join(message.split())
        raise UsageError(words if len(words) < _MAX_LENGTH else f"{words[:_MAX_LENGTH]} …")
