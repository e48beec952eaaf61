"""Class weights as tensors, computed from the class counts of the training split or given by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.balance.class_weights import Weighting, compute_class_weights, resolve_named_weights

PositiveWeighting = Literal["inverse", "sqrt"]


def build_class_weights(spec: TextSpec, weighting: Weighting | Mapping[str, float]) -> Tensor:
    """Computes or looks up the weight of each class: float `(classes,)`.

    Computed weights have a mean of 1 over the training texts, so that the learning rate keeps its meaning; weights
    given by name are used unchanged.
    """
    if isinstance(weighting, str):
        weights = compute_class_weights(spec.class_counts, weighting)
    else:
        weights = resolve_named_weights(spec.label_names, weighting)
    return torch.from_numpy(weights).float()


def build_positive_weights(spec: TextSpec, weighting: PositiveWeighting | Mapping[str, float]) -> Tensor:
    """Computes or looks up the weight of each positive label relative to a negative one: float `(classes,)`.

    "inverse" is the number of texts without the label over those with it, which gives both sides the same total weight;
    "sqrt" is its root. A label that no training text has gets the largest weight of the others.
    """
    if not isinstance(weighting, str):
        return torch.from_numpy(resolve_named_weights(spec.label_names, weighting)).float()
    if weighting not in ("inverse", "sqrt"):
        raise UsageError(f'positive weights must be "inverse", "sqrt" or weights by label name, got "{weighting}"')
    present = np.asarray(spec.class_counts, dtype=np.float64)
    absent = np.maximum(spec.num_rows - present, 1.0)  # a label on every text keeps a weight
    seen = present > 0
    ratio = np.ones_like(present)
    ratio[seen] = absent[seen] / present[seen]
    ratio[~seen] = ratio[seen].max(initial=1.0)
    return torch.from_numpy(ratio if weighting == "inverse" else np.sqrt(ratio)).float()
