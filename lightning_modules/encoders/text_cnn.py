"""Convolutions of several widths, each pooled to its largest value.

After Kim 2014, "Convolutional Neural Networks for Sentence Classification". As there, every text stands between zero
vectors, so a window of nothing but padding, whose score is 0, always takes part in the maximum. Saying so outright,
`max(0, score of each window)`, makes the result independent of how much padding a batch needs, at one token and at none
as well. Bias and ReLU are the same for all windows and follow the maximum.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from datamodules.errors import UsageError
from datamodules.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.window_max import window_max
from lightning_modules.layers.dropout import check_dropout
from lightning_modules.layers.embedding import token_embedding, without_padding


class TextCNN(TextEncoder):
    """Finds telling word groups anywhere in a text (Kim 2014).

    Args:
        spec: What the data is made of.
        dim: Length of a token's vector.
        filters: Word groups looked for, per width.
        widths: Tokens in a window, one convolution each.
        embedding_dropout: Share of the token vectors' values set to zero in training, in [0, 1).
    """

    def __init__(
        self,
        spec: TextSpec,
        /,
        dim: int = 300,
        filters: int = 100,
        widths: tuple[int, ...] = (3, 4, 5),
        embedding_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if filters < 1:
            raise UsageError(f"filters is a number of filters per width and must be 1 or more, got {filters}")
        if not widths or min(widths) < 1:
            raise UsageError(f"widths are counts of tokens, one or more of them, each 1 or more, got {list(widths)}")
        check_dropout(embedding_dropout=embedding_dropout)
        self.output_dim = filters * len(widths)
        self.embedding = token_embedding(spec, dim)
        self.dropout = nn.Dropout(embedding_dropout)
        self.convolutions = _Convolutions(dim, filters, tuple(widths))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """Encodes a batch; the second text of a pair is read on as part of the first."""
        padding_id = self.embedding.padding_idx
        assert padding_id is not None
        ids = without_padding(input_ids, attention_mask, padding_id)
        # Zero vectors before each text serve as those after the text before it; the last text gets its own.
        around = self.convolutions.reach
        stream = F.pad(F.pad(ids, (around, 0), value=padding_id).flatten(), (0, around), value=padding_id)
        features: Tensor = self.convolutions(self.dropout(self.embedding(stream)), len(ids), around + ids.shape[1])
        return features

    def depths(self) -> list[list[nn.Module]]:
        """Embedding, then convolutions."""
        return [[self.embedding], [self.convolutions]]


class _Convolutions(nn.Module):
    def __init__(self, dim: int, filters: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.reach = max(*widths, 2) - 1  # one row at least, so that there is a window where there is no token
        self.weights = nn.ParameterList(nn.init.xavier_uniform_(torch.empty(filters, k * dim)) for k in widths)
        self.bias = nn.Parameter(torch.zeros(filters * len(widths)))

    def forward(self, stream: Tensor, batch: int, tokens: int) -> Tensor:
        """`(batch * tokens + reach, dim)` to `(batch, output_dim)`."""
        best = torch.cat([window_max(stream, weight, batch, tokens) for weight in self.weights], 1)
        return torch.relu(torch.relu(best) + self.bias)
