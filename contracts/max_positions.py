"""The maximum input length of a pretrained model, read from its configuration."""

from __future__ import annotations

from typing import Any

# Model types whose position ids start at the padding id + 1, so that the first rows of the table are never used.
_POSITIONS_AFTER_PADDING = (
    "camembert", "data2vec-text", "esm", "ibert", "lilt", "longformer", "luke", "markuplm", "mluke", "mpnet", "roberta",
    "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod",
)  # fmt: skip


def get_max_positions(config: Any) -> int | None:
    """Returns the maximum number of tokens per text; None if the model has no limit or its configuration has no entry.

    Args:
        config: A configuration of `transformers`.
    """
    positions = getattr(config, "max_encoder_position_embeddings", None)  # of LED, beside those of its decoder
    positions = positions or getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions < 1:
        return None
    if getattr(config, "model_type", None) in _POSITIONS_AFTER_PADDING:
        return max(1, positions - (config.pad_token_id or 0) - 1)
    return positions
