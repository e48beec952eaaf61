"""Texts/s of preparation: reading, tokenizing and caching without a cache, and opening an existing cache.

    python -m benchmarks.preparation --path DIR

DIR is data for `--data.source Files` (the targets are for THUCNews headlines, by characters). Both measure
`TextDataModule.prepare_data` and `setup` after all imports: `cold` with a new cache folder each time, while the source
files are in the page cache of the operating system, as right after a download; `warm start` with a filled cache.
`batch encoding` is the Rust library `tokenizers` alone, by characters, on texts in memory.

Read the first column, target at least 100,000 texts/s for `cold`, and `warm_seconds` in the JSON line, target at most
half a second.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import tokenizers
from tokenizers import models, pre_tokenizers

from benchmarks.interleaving import measure_interleaved, print_medians
from benchmarks.packages import check_folder
from commands.script import run_script
from datamodules.sources.files import Files
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.characters import Characters


def measure_preparation(path: str, cache: Path) -> tuple[float, int]:
    """Returns the seconds until loaders can be created, and the number of texts."""
    start = time.perf_counter()
    data = TextDataModule(lambda: Files(path), Characters, cache_dir=str(cache))
    data.prepare_data()
    data.setup()
    return time.perf_counter() - start, sum(data.summary["rows"].values())


def main(given: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", required=True, help="the folder of the data")
    parser.add_argument("--repeats", type=int, default=7)
    chosen = parser.parse_args(given)
    check_folder(chosen.path)
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    texts = [text for rows in Files(chosen.path).read().values() for text in rows.texts]
    vocabulary = {character: number for number, character in enumerate(["[UNK]", *sorted(set("".join(texts)))])}
    library = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
    warm_seconds: list[float] = []

    with tempfile.TemporaryDirectory() as folder:

        def cold(repeat: int) -> float:
            seconds, num_texts = measure_preparation(chosen.path, Path(folder, str(repeat)))
            return num_texts / seconds

        def warm(_: int) -> float:
            seconds, num_texts = measure_preparation(chosen.path, Path(folder, "warm"))
            warm_seconds.append(seconds)
            return num_texts / seconds

        def batch_encoding(_: int) -> float:
            start = time.perf_counter()
            library.encode_batch(texts)
            return len(texts) / (time.perf_counter() - start)

        cold(-1)
        warm(0)
        warm_seconds.clear()
        functions = {"cold": cold, "warm start": warm, "batch encoding": batch_encoding}
        measured = measure_interleaved(functions, chosen.repeats)
    print_medians(
        "preparation", "texts/s", measured, "batch encoding", texts=len(texts), warm_seconds=median(warm_seconds)
    )


if __name__ == "__main__":
    sys.exit(run_script(main, sys.argv[1:]))
