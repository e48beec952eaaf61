"""TextCNN training on short texts by characters: ours against the plain loop that anyone would write.

    python -m benchmarks.text_cnn_training --path DIR              # speed
    python -m benchmarks.text_cnn_training --path DIR --epochs 4   # accuracy of both, whole runs

DIR holds `train`, `validation` and `test` files as `--data.source Files` takes them (the target is for THUCNews
headlines). Both train the same layers of the same sizes with the same batch size and rate. The plain loop is that of
the well-known single-file Chinese repositories: every text padded or cut to 32 characters, `Conv2d` over the embedding,
Adam, no Lightning; its texts are lists of ids before the clock starts. Ours is `train.py` with every default callback,
the progress bar included. Arguments that are not known here go to it, such as `--trainer.precision bf16-mixed`.

Read the last column: texts a second as a multiple of the plain loop's. The target is 1.8 at equal or better accuracy.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.interleaved import interleaved, show
from benchmarks.timed_fit import run, timed_fit
from datamodules.sources.base import Rows, SplitName
from datamodules.sources.files import Files

_PADDED_TO = 32  # characters, as in those repositories
_BATCH_SIZE = 128
_RATE = 1e-3


class PlainTextCNN(nn.Module):
    """As it is usually written."""

    def __init__(self, vocabulary_size: int, classes: int, dim: int, filters: int, widths: list[int]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, dim, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv2d(1, filters, (width, dim)) for width in widths)
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(filters * len(widths), classes)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits `(batch, classes)`."""
        embedded = self.embedding(ids).unsqueeze(1)
        maps = [F.relu(convolution(embedded)).squeeze(3) for convolution in self.convolutions]
        pooled = [F.max_pool1d(scores, scores.size(2)).squeeze(2) for scores in maps]
        return self.linear(self.dropout(torch.cat(pooled, 1)))


class PlainLoop:
    """Texts as lists of ids, and the loop over them."""

    def __init__(self, path: str, dim: int, filters: int, widths: list[int]) -> None:
        splits = Files(path).read()
        train = splits["train"]
        characters = sorted(set("".join(train.texts)))
        self._ids = {character: number for number, character in enumerate(characters, start=2)}
        self._classes = {label: number for number, label in enumerate(sorted(set(map(str, train.labels))))}
        self._splits = {name: self._encoded(rows) for name, rows in splits.items()}
        self._make = partial(PlainTextCNN, len(characters) + 2, len(self._classes), dim, filters, widths)

    def texts_per_second(self, repeat: int, steps: int) -> float:
        """Trains a fresh model."""
        torch.manual_seed(repeat)
        model = self._make()
        optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
        batches = self._batches("train", random.Random(repeat))
        model.train()
        start = time.perf_counter()
        for _ in range(steps):
            self._step(model, optimizer, *next(batches))
        return steps * _BATCH_SIZE / (time.perf_counter() - start)

    def test_accuracy(self, epochs: int) -> float:
        """Of the epoch with the best validation accuracy."""
        torch.manual_seed(0)
        rng = random.Random(0)
        model = self._make()
        optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
        best = (0.0, 0.0)
        for epoch in range(epochs):
            model.train()
            for ids, labels in self._batches("train", rng):
                self._step(model, optimizer, ids, labels)
            best = max(best, (self._accuracy(model, "validation"), self._accuracy(model, "test")))
            print(f"plain loop, epoch {epoch + 1}: validation accuracy {best[0]:.4f} at best", flush=True)
        return best[1]

    def _encoded(self, rows: Rows) -> list[tuple[list[int], int]]:
        kept = [[self._ids.get(character, 1) for character in text[:_PADDED_TO]] for text in rows.texts]
        padded = [ids + [0] * (_PADDED_TO - len(ids)) for ids in kept]
        return list(zip(padded, [self._classes[str(label)] for label in rows.labels], strict=True))

    def _batches(self, split: SplitName, rng: random.Random | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        rows = self._splits[split]
        order = list(range(len(rows)))
        if rng is not None:
            rng.shuffle(order)
        for start in range(0, len(order), _BATCH_SIZE):
            taken = [rows[place] for place in order[start : start + _BATCH_SIZE]]
            yield torch.LongTensor([ids for ids, _ in taken]), torch.LongTensor([label for _, label in taken])

    @staticmethod
    def _step(model: nn.Module, optimizer: torch.optim.Optimizer, ids: Tensor, labels: Tensor) -> None:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(ids), labels)
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def _accuracy(self, model: nn.Module, split: SplitName) -> float:
        model.eval()
        right = sum(int((model(ids).argmax(1) == labels).sum()) for ids, labels in self._batches(split))
        return right / len(self._splits[split])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", required=True, help="the folder of the data")
    parser.add_argument("--steps", type=int, default=150, help="training steps of a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--filters", type=int, default=256)
    parser.add_argument("--widths", type=int, nargs="+", default=[2, 3, 4])
    parser.add_argument("--epochs", type=int, help="compare test accuracy after whole runs of this many epochs instead")
    chosen, others = parser.parse_known_args()

    plain = PlainLoop(chosen.path, chosen.dim, chosen.filters, chosen.widths)
    ours = [
        *("--data.source", "Files", "--data.source.path", chosen.path, "--data.tokenizer", "Characters"),
        *("--data.batch_size", str(_BATCH_SIZE), "--model.encoder", "TextCNN", "--model.head.dropout", "0.5"),
        *("--model.encoder.embedding_dim", str(chosen.dim), "--model.encoder.num_filters", str(chosen.filters)),
        *("--model.encoder.kernel_sizes", str(chosen.widths), "--model.optimizer.lr", str(_RATE)),
        *("--model.monitor", "validation/accuracy", *others),
    ]
    with tempfile.TemporaryDirectory() as folder:

        def our_speed(repeat: int, steps: int = chosen.steps) -> float:
            return timed_fit(ours, Path(folder), steps, seed=repeat)[1].texts_per_second

        def our_accuracy(_: int) -> float:
            cli = run([*ours, "--trainer.max_epochs", str(chosen.epochs)], Path(folder))
            return float(cli.trainer.callback_metrics["test/accuracy"])

        contestants: dict[str, Callable[[int], float]]
        if chosen.epochs:
            contestants = {"plain loop": lambda _: plain.test_accuracy(chosen.epochs), "ours": our_accuracy}
            measured = interleaved(contestants, 1)
            show("text_cnn_accuracy", "test accuracy", measured, "plain loop", epochs=chosen.epochs, arguments=others)
            return
        our_speed(0, steps=3)
        plain.texts_per_second(0, steps=3)
        contestants = {"plain loop": partial(plain.texts_per_second, steps=chosen.steps), "ours": our_speed}
        measured = interleaved(contestants, chosen.repeats)
    show("text_cnn_training", "texts a second", measured, "plain loop", arguments=others)


if __name__ == "__main__":
    main()
