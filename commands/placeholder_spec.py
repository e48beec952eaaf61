"""A placeholder `TextSpec` for the dry run of a model before any data are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonargparse import Namespace

from commands.checks import get_class_name
from contracts.text_spec import Task, TextSpec


def build_placeholder_spec(config: Namespace, task: Task) -> TextSpec:
    """Builds the smallest spec that a configured model accepts, with placeholder labels and sizes.

    Args:
        config: Config of one verb; the labels that its loss names become labels of the spec.
        task: The task of the data source.
    """
    names = tuple(sorted({"", "?", *_list_named_labels(config.model.loss)}))
    return TextSpec(
        task=task,
        label_names=names,
        class_counts=(1,) * len(names),
        num_rows=len(names),
        vocabulary_size=2,
        padding_id=0,
        max_length=1,
    )


def _list_named_labels(loss: Any) -> Iterator[str]:
    """Yields the labels that the arguments of a loss name, such as the keys of class weights."""
    for value in vars(loss.get("init_args") or Namespace()).values() if get_class_name(loss) else ():
        if isinstance(value, dict):
            yield from value
        yield from _list_named_labels(value)
