"""Texts/s of the rule-based augmentations on short texts and one core.

    OMP_NUM_THREADS=1 python -m benchmarks.augmentation --path DIR [--synonyms FILE]

DIR is data for `--data.source Files` (the target is for TREC's questions, ten words each); FILE a list of synonyms,
without which augmentations by synonyms know a few dozen words only. Texts come in batches of `--batch` (64), as in a
loader, all of them are changed, and processor time is measured, not wall time, since other processes may be running.
`copy` only copies the list of texts.

Read the first column: the target is at least 50,000 texts/s.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.interleaving import measure_interleaved, print_medians
from benchmarks.packages import check_folder
from commands.script import run_script
from contracts.discovery import find_implementations
from contracts.errors import UsageError
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.word_level.synonym_augmentation import SynonymAugmentation
from datamodules.sources.files import Files


def create_rule_based(synonyms: str | None, texts: list[str], labels: list[list[str]]) -> list[Augmentation]:
    """Creates each augmentation that needs no model and fits it to the texts."""
    created = []
    for cls in find_implementations(Augmentation):  # type: ignore[type-abstract]  # only concrete classes are called
        if cls.offline_only:
            continue
        try:
            augmentation = cls(synonyms) if issubclass(cls, SynonymAugmentation) else cls()
        except UsageError:  # it needs a file of vectors
            continue
        augmentation.fit(texts, labels)
        augmentation.augment(texts[:64], RandomStreams.from_rows(0, 0, range(len(texts[:64]))))  # reads its file
        created.append(augmentation)
    return created


def measure_texts_per_second(
    change: Callable[[list[str], RandomStreams], list[str]], texts: list[str], size: int, epoch: int
) -> float:
    start = time.process_time()
    for first in range(0, len(texts), size):
        batch = texts[first : first + size]
        change(batch, RandomStreams.from_rows(0, epoch, np.arange(first, first + len(batch))))
    return len(texts) / (time.process_time() - start)


def main(given: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", required=True, help="the folder of the data")
    parser.add_argument("--synonyms", help="a file of synonyms")
    parser.add_argument("--batch", type=int, default=64, help="texts per batch")
    parser.add_argument("--repeats", type=int, default=7)
    chosen = parser.parse_args(given)
    check_folder(chosen.path)
    if chosen.synonyms is not None and not Path(chosen.synonyms).is_file():
        raise UsageError(f"--synonyms {chosen.synonyms} is no file; give a list of synonyms, or leave it out")
    train = Files(chosen.path).read()["train"]
    texts, labels = train.texts, train.to_label_lists()
    functions = {
        type(one).__name__: partial(measure_texts_per_second, one.augment, texts, chosen.batch)
        for one in create_rule_based(chosen.synonyms, texts, labels)
    }
    functions["copy"] = partial(measure_texts_per_second, lambda batch, streams: list(batch), texts, chosen.batch)
    measured = measure_interleaved(functions, chosen.repeats)
    print_medians("augmentation", "texts/s", measured, "copy", texts=len(texts))


if __name__ == "__main__":
    sys.exit(run_script(main, sys.argv[1:]))
