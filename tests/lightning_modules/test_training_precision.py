"""Every precision that Lightning offers and this project accepts trains every encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer, seed_everything
from pytorch_lightning.plugins import MixedPrecision
from rows_in_memory import RowsInMemory
from torch import nn

from callbacks.gradient_norm import GradientNorm
from datamodules.sources.base import Rows
from datamodules.text_datamodule import TextDataModule
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.rnn import RNN
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.optim.fused import set_own_skipping
from lightning_modules.text_classifier import TextClassifier

TINY_BERT = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 90}
ENCODERS = {
    "TextCNN": lambda spec: TextCNN(spec, embedding_dim=8, num_filters=4),
    "RNN": lambda spec: RNN(spec, embedding_dim=8, hidden_size=4),
    "Pretrained": lambda spec: Pretrained(spec, config=TINY_BERT),
}
DTYPES = {"32-true": torch.float32, "64-true": torch.float64, "bf16-true": torch.bfloat16}


@pytest.fixture
def train(tmp_path):
    """Trains for four steps with clipping, and tests; gives the model and the metrics."""
    rng = np.random.default_rng(0)
    words = np.array(["river", "stone", "light", "cloud", "table", "green"])
    rows = Rows([" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(32)], ["a", "b"] * 16)

    def run(encoder: str, precision: str) -> tuple[TextClassifier, dict[str, float]]:
        seed_everything(0, verbose=False)
        source = RowsInMemory(train=rows, validation=rows, test=rows)
        data = TextDataModule(lambda: source, batch_size=8, max_length=1.0, cache_dir=str(tmp_path / "cache"))
        data.quiet = True
        model = TextClassifier(ENCODERS[encoder])
        trainer = Trainer(
            accelerator="cpu",
            precision=precision,
            max_epochs=1,
            log_every_n_steps=2,
            gradient_clip_val=1.0,
            callbacks=[GradientNorm(every_n_steps=2)],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(model, data)
        return model, trainer.test(model, data, verbose=False)[0]

    return run


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("precision", ["64-true", "bf16-true"])
def test_a_precision_trains_as_32_bits_do(train, encoder, precision):
    """64-true ended in the gradient norm, and bf16-true in the initialization of RNN."""
    _, expected = train(encoder, "32-true")
    model, metrics = train(encoder, precision)
    assert {weight.dtype for weight in model.parameters()} == {DTYPES.get(precision, torch.float32)}
    assert metrics["test/loss"] == pytest.approx(expected["test/loss"], abs=1e-5 if precision == "64-true" else 0.02)


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.AdamW, torch.optim.Adagrad])
def test_a_fused_optimizer_skips_gradients_that_are_not_finite_and_reads_nothing(optimizer, monkeypatch):
    """Else the scaler reads in each step whether there are any. Clipping stays possible, unlike by `fused=True`."""
    weight = nn.Parameter(torch.ones(2))
    chosen = optimizer([{"params": [weight], "fused": True}], lr=0.5)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    plugin = MixedPrecision("16-mixed", "cpu", scaler)

    def step(factor: float) -> None:
        set_own_skipping(chosen, is_on=False)
        chosen.zero_grad()
        scaler.scale((weight * factor).sum()).backward()
        scaler.unscale_(chosen)
        plugin.clip_gradients(chosen, clip_val=1.0)
        set_own_skipping(chosen, is_on=True)
        with monkeypatch.context() as patch:
            patch.setattr(torch.Tensor, "item", lambda self: pytest.fail("a number was read"))
            scaler.step(chosen)
        scaler.update()

    step(3.0)
    after_one = weight.detach().clone()
    expected = nn.Parameter(torch.ones(2))
    plain = optimizer([expected], lr=0.5, fused=False)
    expected.grad = torch.full((2,), 0.5**0.5)  # clipped to a norm of 1
    plain.step()
    torch.testing.assert_close(after_one, expected.detach())
    step(torch.inf)
    assert torch.equal(weight, after_one)
    assert scaler.get_scale() == 4.0
