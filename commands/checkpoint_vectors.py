"""The word vectors of a run that goes on, or is measured again, come with its weights: their file may be gone."""

from __future__ import annotations

from pathlib import Path

from jsonargparse import Namespace

from lightning_modules.checkpoints import read_checkpoint


def use_checkpoint_vectors(checkpoint: Path | None, config: Namespace) -> None:
    """Lets the encoder take its vectors from a checkpoint where their file is not there any more.

    Args:
        checkpoint: Whose weights will be loaded.
        config: Of one verb; changed in place.

    Raises:
        DataError: The checkpoint cannot be read.
    """
    chosen = config.model.encoder.get("init_args") or Namespace()
    given = chosen.get("vectors")
    if checkpoint is None or given in (None, "train", "checkpoint") or Path(given).expanduser().is_file():
        return
    theirs = read_checkpoint(checkpoint)["bundle"]["encoder"].get("arguments", {})
    if theirs.get("vectors") == "checkpoint":
        chosen.vectors, chosen.embedding_dim = "checkpoint", theirs["embedding_dim"]
