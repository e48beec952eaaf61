"""Names of checkpoint files: templates such as `{epoch}-{validation/macro_f1:.2f}`, with epochs counted from 1."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pytorch_lightning.callbacks import ModelCheckpoint

from contracts.errors import UsageError, join_names, suggest_name

COUNTERS = ("epoch", "step")
DEFAULT_TEMPLATE = "{epoch}-{step}"
_PLACEHOLDER = re.compile(r"\{([^{}:!]+)(?::([^{}]*))?\}")


def format_file_name(template: str | None, values: Mapping[str, Any], insert_names: bool) -> str:
    """Fills the placeholders of a template; a slash in a metric's name becomes `_`, so that no folder is made.

    Args:
        template: The name without its suffix; `{epoch}-{step}` if empty or None.
        values: A number for each placeholder, by its name.
        insert_names: Whether `name=` is put before each value.

    >>> format_file_name("{epoch:02d}-{validation/loss:.2f}", {"epoch": 3, "validation/loss": 0.257}, True)
    'epoch=03-validation_loss=0.26'
    """

    def fill(match: re.Match[str]) -> str:
        name = match[1].replace("/", "_") + "=" if insert_names else ""
        return name + format(values[match[1]], match[2] or "")

    return _PLACEHOLDER.sub(fill, template or DEFAULT_TEMPLATE)


def format_checkpoint_path(
    callback: ModelCheckpoint, values: Mapping[str, Any], template: str | None, version: int | None, prefix: str | None
) -> str:
    """Returns the path of a checkpoint in the folder of its callback.

    Args:
        callback: Gives the folder, the suffix, and whether names are put before values.
        values: As for `format_file_name`.
        template: As for `format_file_name`.
        version: Number appended to the name; None for none.
        prefix: Text before the name; None for none.
    """
    name = format_file_name(template, values, callback.auto_insert_metric_name)
    name = "-".join(filter(None, (prefix, name, None if version is None else f"v{version}")))
    return f"{callback.dirpath}/{name}{callback.FILE_EXTENSION}"


def split_template(template: str) -> Iterator[tuple[str, str | None, str]]:
    """Yields each placeholder as the text before it, its name and its format; at last the text at the end, and None.

    >>> list(split_template("best-{epoch:02d}"))
    [('best-', 'epoch', '02d'), ('', None, '')]
    """
    end = 0
    for match in _PLACEHOLDER.finditer(template):
        yield template[end : match.start()], match[1], match[2] or ""
        end = match.end()
    yield template[end:], None, ""


def make_unique(template: str | None, top_k: int) -> str | None:
    """Appends the step, and the epoch, to a template that would give several kept checkpoints the same name.

    >>> make_unique("best", 3), make_unique("best", 1)
    ('best-{epoch}-{step}', 'best')
    """
    if top_k in (0, 1) or not template or "{step" in template:
        return template
    return template + ("-{step}" if "{epoch" in template else "-{epoch}-{step}")


def check_template(template: str | None, option: str) -> None:
    """Raises `UsageError` for a template that names a folder, or whose placeholders cannot be formatted."""
    if not template:
        return
    fixed = _PLACEHOLDER.sub("", template)
    if re.search(r"[/\\\0]", fixed) or template in (".", ".."):
        raise UsageError(
            f"{option} is the name of a file in the run's folder `checkpoints`, without slashes, got {template!r}; "
            "choose the run folder with --trainer.default_root_dir, --name and --version"
        )
    if "{" in fixed or "}" in fixed:
        raise UsageError(f"{option} has a brace that belongs to no placeholder such as {{epoch}}, got {template!r}")
    for name, spec in _PLACEHOLDER.findall(template):
        try:
            format(1 if name in COUNTERS else 0.5, spec)
        except ValueError as error:
            raise UsageError(f"{option} formats {name} as {spec!r}, which is not possible: {error}") from error


def check_placeholders(template: str | None, metrics: Collection[str], option: str) -> None:
    """Raises `UsageError` for a placeholder that names neither a counter nor a logged metric."""
    for name, _ in _PLACEHOLDER.findall(template or ""):
        if name not in COUNTERS and name not in metrics:
            allowed = [*COUNTERS, *sorted(metrics)]
            raise UsageError(
                f"{option} names {{{name}}}, which is not logged.{suggest_name(name, allowed)} "
                f"There are: {join_names(allowed, max_names=20)}"
            )
