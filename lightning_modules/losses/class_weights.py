"""Class weights as tensors, computed from the training split or named by the user."""

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
    """How much a text of each class counts; `(classes,)`.

    Computed weights have a mean of 1 over the training texts, so that the learning rate keeps its meaning; weights that
    the user names are taken as they are.
    """
    if isinstance(weighting, str):
        weights = compute_class_weights(spec.class_counts, weighting)
    else:
        weights = resolve_named_weights(spec.label_names, weighting)
    return torch.from_numpy(weights).float()


def build_positive_weights(spec: TextSpec, weighting: PositiveWeighting | Mapping[str, float]) -> Tensor:
    """How much a label that is there counts against one that is not; `(classes,)`.

    "inverse" is the texts without the label over those with it, which makes both sides weigh the same; "sqrt" is its
    root. A label that no training text carries gets the largest weight of the others.
    """
    if not isinstance(weighting, str):
        return torch.from_numpy(resolve_named_weights(spec.label_names, weighting)).float()
    if weighting not in ("inverse", "sqrt"):
        raise UsageError(f'weights of labels that are there must be "inverse", "sqrt" or named, got "{weighting}"')
    present = np.asarray(spec.class_counts, dtype=np.float64)
    absent = np.maximum(spec.num_rows - present, 1.0)  # a label on every text keeps a weight
    seen = present > 0
    ratio = np.ones_like(present)
    ratio[seen] = absent[seen] / present[seen]
    ratio[~seen] = ratio[seen].max(initial=1.0)
    return torch.from_numpy(ratio if weighting == "inverse" else np.sqrt(ratio)).float()
