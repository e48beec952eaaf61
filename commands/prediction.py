"""What `predict.py` does: a checkpoint and new texts in, labels and probabilities out."""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import NoReturn, TextIO

import numpy as np
import torch

from contracts.errors import UsageError, suggest_name
from datamodules.augmenting.augmenter import make_default_augmentations
from datamodules.augmenting.test_time_variants import VariantGenerator
from datamodules.loading.collate import collate
from datamodules.sources.text_stream import NewText, check_inputs, new_texts
from lightning_modules.bundle import Bundle, load_bundle
from lightning_modules.tasks import decode_labels

_CHUNK = 32  # batches read before they are sorted by length and answered; the standard input is answered batch by batch


def predict(arguments: list[str]) -> None:
    """Runs the whole command.

    Raises:
        UsageError: A choice that cannot be.
        DataError: A checkpoint or texts that cannot be used.
    """
    chosen = _parser().parse_intermixed_args(arguments)  # options may stand between run and texts
    if chosen.batch_size < 1:
        raise UsageError(f"--batch_size must be at least 1, got {chosen.batch_size}")
    if chosen.tta is not None and chosen.tta < 1:
        raise UsageError(f"--tta counts the text itself and must be at least 1, got {chosen.tta}")
    _check_output(chosen.output)
    reading = (chosen.inputs, chosen.text_column, chosen.text_pair_column, chosen.encoding)
    check_inputs(*reading)
    bundle = load_bundle(Path(chosen.checkpoint))
    variants = bundle.variants or VariantGenerator(make_default_augmentations())
    variants.num_predictions = variants.num_predictions if chosen.tta is None else chosen.tta
    device = _device(chosen.device)
    bundle.encoder.to(device)
    bundle.head.to(device)
    size = chosen.batch_size if not chosen.inputs or "-" in chosen.inputs else chosen.batch_size * _CHUNK
    answers = _answers(bundle, new_texts(*reading), variants, size, chosen.batch_size, device)
    first = next(answers, None)  # before the output is begun: what is wrong with the first texts leaves none
    with _output(chosen.output) as file:
        writer = _csv_writer(file, bundle) if chosen.format == "csv" else None
        for chunk, probabilities in chain([] if first is None else [first], answers):
            decided = decode_labels(bundle.task, bundle.spec, probabilities)
            for text, names, row in zip(chunk, decided, probabilities.tolist(), strict=True):
                if writer is not None:
                    pair = [text.pair] if bundle.spec.pairs else []
                    label = names if isinstance(names, str) else json.dumps(names, ensure_ascii=False)
                    writer.writerow([text.text, *pair, label, *(f"{value:.7f}" for value in row)])
                else:
                    file.write(_json_line(bundle, text, names, row))
            file.flush()


def _answers(
    bundle: Bundle,
    texts: Iterator[NewText],
    variants: VariantGenerator,
    size: int,
    batch_size: int,
    device: torch.device,
) -> Iterator[tuple[list[NewText], torch.Tensor]]:
    """Chunks of texts with their probabilities, on average over their variants."""
    while chunk := list(islice(texts, size)):
        probabilities = chunk_probabilities(bundle, chunk, batch_size, device)
        firsts = [text.text if bundle.spec.pairs else _whole(text) for text in chunk]
        for changed in variants.generate(firsts):
            seconds = (text.pair if bundle.spec.pairs else None for text in chunk)
            others = [NewText(*both) for both in zip(changed, seconds, strict=True)]
            probabilities += chunk_probabilities(bundle, others, batch_size, device)
        yield chunk, probabilities / variants.num_predictions


def chunk_probabilities(bundle: Bundle, texts: list[NewText], batch_size: int, device: torch.device) -> torch.Tensor:
    """Float `(texts, classes)` on the CPU, in the order of the texts; batches hold texts of like length.

    Raises:
        UsageError: The model was trained on pairs and a text comes alone.
    """
    pairs = None
    if bundle.spec.pairs:
        lonely = next((text.text for text in texts if text.pair is None), None)
        if lonely is not None:
            raise UsageError(
                f"this model compares two texts, and {lonely[:60]!r} comes alone; give a file with a text_pair column, "
                "or both texts on a line with a tab between them"
            )
        pairs = [text.pair or "" for text in texts]
    else:
        # The tab that parts a pair is nothing but white space to a model of single texts.
        texts = [NewText(_whole(text)) for text in texts]
    tokens = bundle.tokenizer.encode_batch([text.text for text in texts], pairs, bundle.spec.max_length)
    order = np.argsort(tokens.lengths, kind="stable")
    unknown = np.full(len(texts), -1, np.int64)
    probabilities = torch.empty(len(texts), bundle.spec.num_classes)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        batch = collate(tokens, unknown, rows, bundle.spec.padding_id)
        probabilities[torch.from_numpy(rows)] = bundle.predict_probabilities(batch.to(device)).cpu()
    return probabilities


def _whole(text: NewText) -> str:
    return text.text if text.pair is None else f"{text.text}\t{text.pair}"


def _csv_writer(file: TextIO, bundle: Bundle) -> csv.writer:  # type: ignore[valid-type]  # the stubs have no name for it
    writer = csv.writer(file, lineterminator="\n")
    pair = ["text_pair"] if bundle.spec.pairs else []
    writer.writerow(["text", *pair, "label", *(f"probability:{name}" for name in bundle.spec.label_names)])
    return writer


def _json_line(bundle: Bundle, text: NewText, names: Sequence[str], row: list[float]) -> str:
    plain: dict[str, object] = {"text": text.text}
    if bundle.spec.pairs:
        plain["text_pair"] = text.pair
    plain["label" if isinstance(names, str) else "labels"] = names
    plain["probabilities"] = {name: round(value, 7) for name, value in zip(bundle.spec.label_names, row, strict=True)}
    return json.dumps(plain, ensure_ascii=False) + "\n"


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {name} cannot be used here: {reason} Try auto or cpu.") from error
    return device


def _check_output(path: str | None) -> None:
    if path is not None and not Path(path).parent.is_dir():
        raise UsageError(f"--output {path}: there is no folder {Path(path).parent}")


@contextmanager
def _output(path: str | None) -> Iterator[TextIO]:
    """The standard output, or a file that appears only once it is whole."""
    if path is None:
        yield sys.stdout
        return
    beside = Path(f"{path}.unfinished")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class _ShortParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (--\S+)", message)
        if unknown:
            options = [option for action in self._actions for option in action.option_strings]
            message = f"there is no option {unknown[1]}.{suggest_name(unknown[1], options)}"
        raise UsageError(f"{message.rstrip('.')}; `python predict.py --help` lists every option")


def _parser() -> argparse.ArgumentParser:
    parser = _ShortParser(
        prog="predict.py", description="Labels new texts with a trained checkpoint.", allow_abbrev=False
    )
    parser.add_argument("checkpoint", help="a checkpoint, or a run folder: its best checkpoint is taken")
    parser.add_argument(
        "inputs", nargs="*", metavar="FILE|-|TEXT", help="files, - for the standard input, or texts; default -"
    )
    parser.add_argument("--format", choices=["csv", "jsonl"], default="csv", help="of the answer (default csv)")
    parser.add_argument("--output", help="a file for the answer (default: standard output)")
    parser.add_argument("--batch_size", type=int, default=256, help="texts computed at once (default 256)")
    parser.add_argument(
        "--tta", type=int, help="predictions averaged: of the text and its variants (default as trained)"
    )
    parser.add_argument("--text_column", default="text", help="of CSV, TSV and JSON lines (default text)")
    parser.add_argument("--text_pair_column", default="text_pair", help="of second texts (default text_pair)")
    parser.add_argument("--encoding", default="utf-8", help="of files (default utf-8)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 … (default auto)")
    return parser
