"""Trains every encoder, loss and optimizer for a step or more on the virtual device; prints what went wrong, as JSON.

Run by `test_device.py` in a process of its own, since the device stays registered. Each case gives a list of problems:
tensors of two devices in one operation, waits for the device between two log entries, or numbers that differ from those
computed on the CPU.
"""

from __future__ import annotations

import copy
import inspect
import io
import itertools
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer, seed_everything
from pytorch_lightning.accelerators import Accelerator
from pytorch_lightning.plugins import MixedPrecision
from pytorch_lightning.strategies import SingleDeviceStrategy
from rows_in_memory import RowsInMemory
from test_encoders import CASES as ENCODERS
from test_encoders import CLASSES as ENCODER_CLASSES
from test_encoders import SMALL, TINY_BERT, texts
from test_losses import CASES as LOSSES
from test_losses import labels_of, spec
from virtual_device import DEVICE, WAITS, count_waits

from callbacks.checkpointing.best_checkpoint import BestCheckpoint
from callbacks.gradient_norm import GradientNorm, compute_parameter_norms
from callbacks.progress_bar import ProgressBar
from callbacks.run_report import RunReport
from commands.run_trainer import CALLBACK_CLASSES, add_callbacks_of_every_run
from contracts.batch import TextBatch
from datamodules.sources.base import Rows
from datamodules.text_datamodule import TextDataModule
from lightning_modules.encoders.base import TextEncoder, encode_batch
from lightning_modules.heads.linear import Linear
from lightning_modules.losses.ohem import OHEM
from lightning_modules.optim import fused
from lightning_modules.optim.optimizers import configure_optimizer
from lightning_modules.optim.parameter_groups import LearningRatePlan
from lightning_modules.text_classifier import TextClassifier

fused.FUSED_DEVICE_TYPES.add(DEVICE.type)  # as on CUDA
EVERY = 4  # steps between two log entries
LENGTHS = (4, 9, 0, 2)
OPTIMIZERS = [
    value
    for value in vars(torch.optim).values()
    if inspect.isclass(value) and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer
]
REFUSED = {"LBFGS", "Muon", "SparseAdam"}  # see `optimizer_checks.py`
FORMS: tuple[dict[str, Any], ...] = (
    {}, {"fused": True}, {"fused": False}, {"foreach": True}, {"foreach": False}, {"capturable": True},
    {"maximize": True},
)  # fmt: skip


def name_options(options: dict[str, Any]) -> str:
    return ",".join(f"{name}={value}" for name, value in options.items() if name != "config")


def make_batch(task: str) -> TextBatch:
    ids, mask = texts(*LENGTHS)
    return TextBatch(ids, mask, labels_of(task, len(ids)), torch.arange(len(ids)), lengths=np.array(LENGTHS))


def find_problems(run: Callable[[], Iterable[str] | None]) -> list[str]:
    """Runs a case; gives what it returns, the error it ended with, and the waits of the device that it left."""
    with count_waits() as waits:
        try:
            others = [*(run() or ())]
        except Exception as error:
            others = [f"{type(error).__name__}: {error}"]
    return others + waits


def compare(name: str, found: torch.Tensor, expected: torch.Tensor) -> list[str]:
    on_cpu = getattr(found, "on_cpu", found).detach()
    if torch.allclose(on_cpu, expected.detach(), rtol=1e-4, atol=1e-5):
        return []
    return [f"{name} differs by {(on_cpu - expected).abs().max():.1e} from that of the CPU"]


def build_encoder(case: tuple[str, dict[str, Any]], task: str) -> TextEncoder:
    name, options = case
    torch.manual_seed(0)
    return ENCODER_CLASSES[name](spec(task), **SMALL.get(name, {}) | options)


def check_encoders() -> Iterator[tuple[str, list[str]]]:
    """Each encoder with each loss: a forward and a backward pass, from a batch on the CPU, compared with the CPU's."""
    for case, (cls, task, options) in itertools.product(ENCODERS, LOSSES):
        needed = cls is OHEM and task == "multi_label"
        if not case[1] or not options or needed:  # options of both have nothing to do with each other
            encoder = build_encoder(case, task)
            head, loss = Linear(spec(task), encoder.output_dim), cls(spec(task), **options)
            loss.progress = 1.0  # OHEM drops texts by then
            parts = torch.nn.ModuleList([encoder, head, loss])

            def step(parts: torch.nn.ModuleList, batch: TextBatch) -> torch.Tensor:
                encoder, head, loss = parts
                torch.manual_seed(1)
                result = loss(head(encode_batch(encoder, batch)), batch.labels).mean()
                result.backward()
                return result

            def run(parts: torch.nn.ModuleList = parts, task: str = task) -> list[str]:
                moved = copy.deepcopy(parts)
                with ignoring_waits():
                    moved.to(DEVICE)
                found = step(moved, make_batch(task).to(DEVICE))
                differences = compare("the loss", found, step(parts, make_batch(task)))
                for (name, weight), other in zip(parts.named_parameters(), moved.parameters(), strict=True):
                    if weight.grad is not None:
                        differences += compare(f"the gradient of {name}", other.grad, weight.grad)
                return differences

            options_text = [name_options(part) for part in (case[1], options)]
            yield f"{case[0]}({options_text[0]}) {cls.__name__}({options_text[1]}) {task}", find_problems(run)


class ignoring_waits:  # noqa: N801  # used as a function
    """Forgets the waits of a block, such as the copy of a model to the device."""

    def __enter__(self) -> None:
        self.before = len(WAITS)

    def __exit__(self, *error: object) -> None:
        del WAITS[self.before :]


def check_optimizers() -> Iterator[tuple[str, list[str]]]:
    """Each form of each optimizer over the weights of each encoder: two steps, and the norms of the gradients."""
    for name in ENCODER_CLASSES:
        encoder = build_encoder((name, {}), "single_label")
        head = Linear(spec("single_label"), encoder.output_dim)
        with ignoring_waits():
            encoder.to(DEVICE)
            head.to(DEVICE)
            head(encode_batch(encoder, make_batch("single_label").to(DEVICE))).square().sum().backward()
        for cls in OPTIMIZERS:
            for form in FORMS:
                if cls.__name__ in REFUSED or not form.keys() <= inspect.signature(cls).parameters.keys():
                    continue

                def run(cls: Any = cls, form: Any = form, encoder: Any = encoder, head: Any = head) -> None:
                    make = lambda weights: cls(weights, lr=0.01, **form)  # noqa: E731
                    with ignoring_waits():
                        optimizer = configure_optimizer(make, encoder, head, LearningRatePlan())
                    compute_parameter_norms([weight for group in optimizer.param_groups for weight in group["params"]])
                    optimizer.step()

                yield f"{name} {cls.__name__}({name_options(form)})", find_problems(run)


class VirtualAccelerator(Accelerator):
    """Lightning's view of the device."""

    def setup_device(self, device: torch.device) -> None:
        pass

    def teardown(self) -> None:
        pass

    def get_device_stats(self, device: torch.device | str | int) -> dict[str, Any]:
        return {}

    @staticmethod
    def parse_devices(devices: Any) -> Any:
        return devices

    @staticmethod
    def get_parallel_devices(devices: Any) -> list[torch.device]:
        return [DEVICE]

    @staticmethod
    def auto_device_count() -> int:
        return 1

    @staticmethod
    def is_available() -> bool:
        return True

    @staticmethod
    def name() -> str:
        return DEVICE.type


class WaitsPerStep(Callback):
    """Collects the waits from the start of each training step to that of the next one."""

    def __init__(self) -> None:
        self.starts: list[tuple[int, bool]] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        self.starts.append((len(WAITS), (trainer.global_step + 1) % EVERY == 0 or trainer.is_last_batch))

    def between_logs(self) -> list[str]:
        spans = zip(self.starts, self.starts[1:], strict=False)
        return [
            f"step {step}: {wait}"
            for step, ((start, logs), (end, _)) in enumerate(spans, start=1)
            for wait in WAITS[start:end]
            if not logs
        ]


def make_data(folder: str) -> TextDataModule:
    rng = np.random.default_rng(0)
    words = np.array(["river", "stone", "light", "cloud", "table", "green", "quick", "seven", "paper", "north"])
    rows = Rows([" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(64)], ["a", "b"] * 32)
    parts = {"train": rows, "validation": rows, "test": rows}
    data = TextDataModule(lambda: RowsInMemory(**parts), batch_size=8, max_length=1.0, cache_dir=folder)
    data.quiet = True
    data.prepare_data()
    data.setup()
    return data


def make_callbacks() -> list[Callback]:
    """Those of every run, with a progress bar as in a terminal."""
    in_groups = [cls() for cls in CALLBACK_CLASSES.values() if cls not in (GradientNorm, BestCheckpoint)]
    checkpoint = BestCheckpoint(monitor="validation/macro_f1", mode="max", filename="best")
    callbacks = [*in_groups, GradientNorm(every_n_steps=EVERY), checkpoint]
    return [*add_callbacks_of_every_run({"enable_progress_bar": False}, callbacks, RunReport()), ProgressBar()]


def fit(encoder: Any, optimizer: Any, folder: str, on_device: bool, scaled: bool) -> tuple[TextClassifier, list[str]]:
    """Trains for 2 epochs of 8 steps, and tests; gives the model and the waits between log entries."""
    seed_everything(0, verbose=False)
    data = make_data(f"{folder}/cache")
    model = TextClassifier(encoder, optimizer=optimizer)
    counter = WaitsPerStep()
    plugins: list[Any] = []
    device: dict[str, Any] = {"accelerator": "cpu"}
    if on_device:
        device = {"strategy": SingleDeviceStrategy(DEVICE, accelerator=VirtualAccelerator())}
    if scaled:
        scaler = torch.amp.GradScaler(DEVICE.type if on_device else "cpu", init_scale=1024.0)
        plugins = [MixedPrecision("16-mixed", "cpu", scaler)]
    trainer = Trainer(
        **device,
        plugins=plugins,
        max_epochs=2,
        log_every_n_steps=EVERY,
        gradient_clip_val=1.0,
        default_root_dir=folder,
        callbacks=[counter, *make_callbacks()],
        enable_model_summary=False,
        use_distributed_sampler=False,
        inference_mode=False,  # under which classes of tensors see other operations
    )
    with redirect_stdout(io.StringIO()):
        trainer.fit(model, data)
        if on_device:
            trainer.test(model, data, verbose=False)
    return model, counter.between_logs()


def check_training() -> Iterator[tuple[str, list[str]]]:
    """Whole runs with the callbacks of every run, compared with runs on the CPU."""
    adamw = lambda weights: torch.optim.AdamW(weights, lr=1e-3)  # noqa: E731
    sgd = lambda weights: torch.optim.SGD(weights, lr=1e-2, momentum=0.9)  # noqa: E731
    cases = [(name, adamw, False) for name in ENCODER_CLASSES] + [("TextCNN", sgd, True)]
    for name, optimizer, scaled in cases:
        options = SMALL.get(name, {}) | ({"config": TINY_BERT} if name == "Pretrained" else {})
        encoder = lambda spec, name=name, options=options: ENCODER_CLASSES[name](spec, **options)  # noqa: E731

        def run(encoder: Any = encoder, optimizer: Any = optimizer, scaled: bool = scaled) -> list[str]:
            with TemporaryDirectory() as folder, ignoring_waits():  # also those of log entries and evaluation
                found, waits = fit(encoder, optimizer, folder, on_device=True, scaled=scaled)
                if scaled:
                    return waits
                expected, _ = fit(encoder, optimizer, folder, on_device=False, scaled=False)
            others = found.state_dict()
            for key, weight in expected.state_dict().items():
                waits += compare(f"{key} after training", others[key], weight)
            return waits

        problems = find_problems(run)
        yield f"{name}{' 16-mixed' if scaled else ''}", problems


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable()
    checks = (check_encoders, check_optimizers, check_training)
    json.dump({check.__name__: dict(check()) for check in checks}, sys.stdout)


if __name__ == "__main__":
    main()
