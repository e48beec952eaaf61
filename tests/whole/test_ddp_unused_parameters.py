"""Two processes train pretrained models with parameters that their vectors do not depend on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from test_ddp import run_two
from tiny_language_models import save_encoder
from workplace import report_of, write_splits


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model_type", "unused"),
    [("roformer", "encoder.embed_positions.weight"), ("squeezebert", "pooler.dense.weight"), ("longformer", None)],
)
def test_two_processes_train_a_model_with_unused_parameters(model_type, unused, tmp_path):
    """DDP waits for the gradient of each trainable parameter: "your LightningModule has parameters that were not used"
    ended the second step. Longformer's global attention is used, and needs no freezing."""
    model = save_encoder(tmp_path / "model", model_type)
    data = write_splits(tmp_path / "words")
    options = ("--data.source", "Files", "--data.source.path", str(data), "--data.batch_size", "8")
    encoder = ("--model.encoder", "Pretrained", "--model.encoder.model", str(model))
    answer = run_two(tmp_path, *options, *encoder, "--trainer.max_epochs", "1", "--model.optimizer.lr", "0.001")
    assert answer.code == 0, answer.err[-3000:]
    said = [line for line in answer.out.splitlines() if line.startswith("frozen since the encoder does not use them")]
    assert len(said) == (unused is not None)
    assert unused is None or f"backbone.{unused}" in said[0]
    (run,) = tmp_path.glob("runs/*/*")
    numbers = report_of(run)["parameters"]
    assert numbers["trainable"] < numbers["all"]
    weights = torch.load(Path(run, "checkpoints", "last.ckpt"), weights_only=True)["state_dict"]
    assert all(weight.isfinite().all() for weight in weights.values())
