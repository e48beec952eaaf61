"""How many short texts a second the rule-based augmentations change, on one core.

    OMP_NUM_THREADS=1 python -m benchmarks.augmentation --path DIR [--synonyms LIST]

DIR is data as `--data.source Files` takes them (the target is for TREC's questions, ten words each); LIST a list of
synonyms, without which the kinds that need one know a few dozen words only. Texts come in batches, of 64 where
`--batch` says nothing else, as a loader asks for them, every text is drawn, and time is that of the processor, not of
the clock: others may be at work. `copy` only makes a list of the same texts.

Read the first column: at least 50,000 texts a second.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from benchmarks.interleaved import interleaved, show
from contracts.discovery import find_implementations
from contracts.errors import UsageError
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.word_level.synonym_augmentation import SynonymAugmentation
from datamodules.sources.files import Files


def kinds(synonyms: str | None, texts: list[str], labels: list[list[str]]) -> list[Augmentation]:
    """All that work by rules, with what they learn from the texts."""
    made = []
    for kind in find_implementations(Augmentation):  # type: ignore[type-abstract]  # final classes of the seam
        if kind.offline_only:
            continue
        try:
            one = kind(synonyms) if issubclass(kind, SynonymAugmentation) else kind()
        except UsageError:  # it needs a file of vectors
            continue
        one.fit(texts, labels)
        one.augment(texts[:64], RandomStreams.from_rows(0, 0, range(len(texts[:64]))))  # reads its list
        made.append(one)
    return made


def texts_a_second(
    change: Callable[[list[str], RandomStreams], list[str]], texts: list[str], size: int, epoch: int
) -> float:
    start = time.process_time()
    for first in range(0, len(texts), size):
        batch = texts[first : first + size]
        change(batch, RandomStreams.from_rows(0, epoch, np.arange(first, first + len(batch))))
    return len(texts) / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", required=True, help="the folder of the data")
    parser.add_argument("--synonyms", help="a list of synonyms")
    parser.add_argument("--batch", type=int, default=64, help="texts changed at once")
    parser.add_argument("--repeats", type=int, default=7)
    chosen = parser.parse_args()
    train = Files(chosen.path).read()["train"]
    texts, labels = train.texts, train.to_label_lists()
    contestants = {
        type(kind).__name__: lambda epoch, kind=kind: texts_a_second(kind.augment, texts, chosen.batch, epoch)
        for kind in kinds(chosen.synonyms, texts, labels)
    }
    contestants["copy"] = lambda epoch: texts_a_second(lambda batch, draws: list(batch), texts, chosen.batch, epoch)
    measured = interleaved(contestants, chosen.repeats)
    show("augmentation", "texts a second", measured, "copy", texts=len(texts))


if __name__ == "__main__":
    main()
