"""TextCNN: convolutions of several kernel sizes with max-over-time pooling.

After Kim 2014, "Convolutional Neural Networks for Sentence Classification". As there, every text stands between zero
vectors, so a window of padding only, whose score is 0, always takes part in the maximum. Computing it as
`max(0, score of each window)` makes the result independent of how much padding a batch has, at one token and at none
as well. Bias and ReLU are the same for all windows and follow the maximum.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.vectors.options import VectorOptions
from datamodules.vectors.word2vec import Word2Vec
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.conv_max_pool import conv_max_pool
from lightning_modules.layers.dropout import check_dropout
from lightning_modules.layers.embedding import TokenEmbedding, find_external_vectors, mask_padding

_MAX_KERNEL_SIZE = 1024


class TextCNN(TextEncoder):
    """Convolutions over token windows with max-over-time pooling (Kim 2014).

    Args:
        spec: Task, label names and sizes of the data.
        embedding_dim: Dimension of the word vectors. If null that of the vector file, otherwise 300.
        num_filters: Number of filters per kernel size.
        kernel_sizes: Kernel sizes in tokens, one convolution for each.
        embedding_dropout: Dropout probability of the word vectors, in [0, 1).
        vectors: Initial word vectors: a file, `train`, `checkpoint`, or null (random). A file is text or binary of
            word2vec, GloVe or fastText, plain, .gz or .npz; `train` trains word2vec on the training texts; `checkpoint`
            takes the vectors of the checkpoint.
        vectors_mode: `static` (frozen), `fine_tuned` (trainable) or `multichannel` (both). The last as two channels
            (Kim 2014).
        vectors_missing: Initialization of tokens that have no vector. Drawn with the mean and standard deviation of the
            others, the mean of its characters' vectors, or zero.
        unfreeze_after: Number of epochs in which the word vectors are frozen, 0 or more.
        word2vec: Options of word2vec, for vectors `train`.
    """

    def __init__(
        self,
        spec: TextSpec,
        /,
        embedding_dim: int | None = None,
        num_filters: int = 100,
        kernel_sizes: tuple[int, ...] = (3, 4, 5),
        embedding_dropout: float = 0.0,
        vectors: str | None = None,
        vectors_mode: Literal["static", "fine_tuned", "multichannel"] = "fine_tuned",
        vectors_missing: Literal["matched", "characters", "zeros"] = "matched",
        unfreeze_after: int = 0,
        word2vec: Word2Vec | None = None,
    ) -> None:
        super().__init__()
        if num_filters < 1:
            raise UsageError(f"num_filters is the filters of each kernel size and must be 1 or more, got {num_filters}")
        if not kernel_sizes or min(kernel_sizes) < 1:
            raise UsageError(
                f"kernel_sizes are counts of tokens, one or more of them, each 1 or more, got {list(kernel_sizes)}"
            )
        if max(kernel_sizes) > _MAX_KERNEL_SIZE:  # every text stands between as much padding
            raise UsageError(f"kernel_sizes are at most {_MAX_KERNEL_SIZE:,} tokens, got {max(kernel_sizes)}")
        check_dropout(embedding_dropout=embedding_dropout)
        self.output_dim = num_filters * len(kernel_sizes)
        choices = VectorOptions(vectors, vectors_mode, vectors_missing, unfreeze_after, word2vec)
        self.embedding = TokenEmbedding(spec, embedding_dim, choices)
        self.dropout = nn.Dropout(embedding_dropout)
        self.convolutions = _Convolutions(self.embedding.embedding_dim, num_filters, tuple(kernel_sizes))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """Encodes a batch; the second text of a pair is read as a continuation of the first."""
        padding_id = self.embedding.padding_idx
        assert padding_id is not None
        ids = mask_padding(input_ids, attention_mask, padding_id)
        # Zero vectors before each text serve as those after the text before it; the last text gets its own.
        around = self.convolutions.reach
        stream = F.pad(F.pad(ids, (around, 0), value=padding_id).flatten(), (0, around), value=padding_id)
        features: Tensor = self.convolutions(self.dropout(self.embedding(stream)), len(ids), around + ids.shape[1])
        return features

    def layer_groups(self) -> list[list[nn.Module]]:
        """Groups the modules: the embedding, then the convolutions."""
        return [[self.embedding], [self.convolutions]]

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns the name of an argument that reads word vectors from a file, as `TextEncoder` describes."""
        return find_external_vectors(arguments)

    def override_arguments(self) -> dict[str, Any]:
        """Returns arguments that rebuild the encoder without a file of word vectors."""
        return self.embedding.override_arguments()


class _Convolutions(nn.Module):
    """The convolutions of all kernel sizes, with pooling, bias and ReLU."""

    def __init__(self, dim: int, filters: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.reach = max(*widths, 2) - 1  # one row at least, so that there is a window where there is no token
        self.weights = nn.ParameterList(nn.init.xavier_uniform_(torch.empty(filters, k * dim)) for k in widths)
        self.bias = nn.Parameter(torch.zeros(filters * len(widths)))

    def forward(self, stream: Tensor, batch: int, tokens: int) -> Tensor:
        """Computes features `(batch, output_dim)` from embeddings `(batch * tokens + reach, dim)`."""
        best = torch.cat([conv_max_pool(stream, weight, batch, tokens) for weight in self.weights], 1)
        return torch.relu(torch.relu(best) + self.bias)
