"""Texts/s of TextCNN training on short texts by characters: `train.py` compared with a plain training loop.

    python -m benchmarks.text_cnn_training --path DIR              # texts/s
    python -m benchmarks.text_cnn_training --path DIR --epochs 4   # test accuracy of both after whole runs

DIR holds `train`, `validation` and `test` files for `--data.source Files` (the target is for THUCNews headlines). Both
train the same layers of the same sizes with the same batch size and learning rate. The plain loop is that of the
well-known single-file Chinese repositories: every text padded or truncated to 32 characters, `Conv2d` over the
embedding, Adam, no Lightning; its texts are lists of ids before the measurement starts. `train.py` runs with every
default callback and the progress bar; unknown arguments, such as `--trainer.precision bf16-mixed`, are passed to it.

Read the last column: texts/s as a multiple of the plain loop's. The target is 1.8 at equal or better accuracy.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.interleaving import measure_interleaved, print_medians
from benchmarks.packages import check_folder
from benchmarks.timed_fit import run_train, time_fit
from commands.script import run_script
from datamodules.sources.base import Rows, SplitName
from datamodules.sources.files import Files

_PADDED_TO = 32  # characters, as in those repositories
_BATCH_SIZE = 128
_RATE = 1e-3


class PlainTextCNN(nn.Module):
    """TextCNN as it is usually written."""

    def __init__(
        self, vocabulary_size: int, classes: int, embedding_dim: int, num_filters: int, kernel_sizes: list[int]
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_dim, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv2d(1, num_filters, (size, embedding_dim)) for size in kernel_sizes)
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(num_filters * len(kernel_sizes), classes)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits `(batch, classes)`."""
        embedded = self.embedding(ids).unsqueeze(1)
        maps = [F.relu(convolution(embedded)).squeeze(3) for convolution in self.convolutions]
        pooled = [F.max_pool1d(scores, scores.size(2)).squeeze(2) for scores in maps]
        return self.linear(self.dropout(torch.cat(pooled, 1)))


class PlainLoop:
    """Training and evaluation of `PlainTextCNN` on texts as lists of ids."""

    def __init__(self, path: str, embedding_dim: int, num_filters: int, kernel_sizes: list[int]) -> None:
        splits = Files(path).read()
        train = splits["train"]
        characters = sorted(set("".join(train.texts)))
        self._ids = {character: number for number, character in enumerate(characters, start=2)}
        self._classes = {label: number for number, label in enumerate(sorted(set(map(str, train.labels))))}
        self._splits = {name: self._encode(rows) for name, rows in splits.items()}
        self._create_model = partial(
            PlainTextCNN, len(characters) + 2, len(self._classes), embedding_dim, num_filters, kernel_sizes
        )

    def measure_texts_per_second(self, repeat: int, steps: int) -> float:
        """Trains a new model for some steps."""
        torch.manual_seed(repeat)
        model = self._create_model()
        optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
        batches = self._iterate_batches("train", random.Random(repeat))
        model.train()
        start = time.perf_counter()
        for _ in range(steps):
            self._train_step(model, optimizer, *next(batches))
        return steps * _BATCH_SIZE / (time.perf_counter() - start)

    def measure_test_accuracy(self, epochs: int) -> float:
        """Trains a new model and returns the test accuracy of the epoch with the best validation accuracy."""
        torch.manual_seed(0)
        rng = random.Random(0)
        model = self._create_model()
        optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
        best = (0.0, 0.0)
        for epoch in range(epochs):
            model.train()
            for ids, labels in self._iterate_batches("train", rng):
                self._train_step(model, optimizer, ids, labels)
            best = max(best, (self._compute_accuracy(model, "validation"), self._compute_accuracy(model, "test")))
            print(f"plain loop, epoch {epoch + 1}: validation accuracy {best[0]:.4f} at best", flush=True)
        return best[1]

    def _encode(self, rows: Rows) -> list[tuple[list[int], int]]:
        kept = [[self._ids.get(character, 1) for character in text[:_PADDED_TO]] for text in rows.texts]
        padded = [ids + [0] * (_PADDED_TO - len(ids)) for ids in kept]
        return list(zip(padded, [self._classes[str(label)] for label in rows.labels], strict=True))

    def _iterate_batches(self, split: SplitName, rng: random.Random | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        rows = self._splits[split]
        order = list(range(len(rows)))
        if rng is not None:
            rng.shuffle(order)
        for start in range(0, len(order), _BATCH_SIZE):
            batch = [rows[place] for place in order[start : start + _BATCH_SIZE]]
            yield torch.LongTensor([ids for ids, _ in batch]), torch.LongTensor([label for _, label in batch])

    @staticmethod
    def _train_step(model: nn.Module, optimizer: torch.optim.Optimizer, ids: Tensor, labels: Tensor) -> None:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(ids), labels)
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def _compute_accuracy(self, model: nn.Module, split: SplitName) -> float:
        model.eval()
        correct = sum(int((model(ids).argmax(1) == labels).sum()) for ids, labels in self._iterate_batches(split))
        return correct / len(self._splits[split])


def main(given: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", required=True, help="the folder of the data")
    parser.add_argument("--steps", type=int, default=150, help="training steps of a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--embedding_dim", type=int, default=300)
    parser.add_argument("--num_filters", type=int, default=256)
    parser.add_argument("--kernel_sizes", type=int, nargs="+", default=[2, 3, 4])
    parser.add_argument("--epochs", type=int, help="compare test accuracy after whole runs of this many epochs instead")
    chosen, others = parser.parse_known_args(given)
    check_folder(chosen.path)

    plain = PlainLoop(chosen.path, chosen.embedding_dim, chosen.num_filters, chosen.kernel_sizes)
    arguments = [
        *("--data.source", "Files", "--data.source.path", chosen.path, "--data.tokenizer", "Characters"),
        *("--data.batch_size", str(_BATCH_SIZE), "--model.encoder", "TextCNN", "--model.head.dropout", "0.5"),
        *("--model.encoder.embedding_dim", str(chosen.embedding_dim)),
        *("--model.encoder.num_filters", str(chosen.num_filters)),
        *("--model.encoder.kernel_sizes", str(chosen.kernel_sizes), "--model.optimizer.lr", str(_RATE)),
        *("--model.monitor", "validation/accuracy", *others),
    ]
    with tempfile.TemporaryDirectory() as folder:

        def measure_train_py(repeat: int, steps: int = chosen.steps) -> float:
            return time_fit(arguments, Path(folder), steps, seed=repeat)[1].texts_per_second

        def measure_train_py_accuracy(_: int) -> float:
            cli = run_train([*arguments, "--trainer.max_epochs", str(chosen.epochs)], Path(folder))
            return float(cli.trainer.callback_metrics["test/accuracy"])

        functions: dict[str, Callable[[int], float]]
        if chosen.epochs:
            functions = {
                "plain loop": lambda _: plain.measure_test_accuracy(chosen.epochs),
                "train.py": measure_train_py_accuracy,
            }
            measured = measure_interleaved(functions, 1)
            print_medians(
                "text_cnn_accuracy", "test accuracy", measured, "plain loop", epochs=chosen.epochs, arguments=others
            )
            return
        measure_train_py(0, steps=3)
        plain.measure_texts_per_second(0, steps=3)
        functions = {
            "plain loop": partial(plain.measure_texts_per_second, steps=chosen.steps),
            "train.py": measure_train_py,
        }
        measured = measure_interleaved(functions, chosen.repeats)
    print_medians("text_cnn_training", "texts/s", measured, "plain loop", arguments=others)


if __name__ == "__main__":
    sys.exit(run_script(main, sys.argv[1:]))
