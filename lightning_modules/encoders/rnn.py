"""RNN: LSTM or GRU over the tokens, in one or both directions, with pooling.

LSTM after Hochreiter & Schmidhuber 1997, GRU after Cho et al. 2014. The LSTM's forget gates start open (bias 1, Gers et
al. 2000; Jozefowicz et al. 2015), so that gradients reach the first tokens from the first step on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.vectors.options import VectorOptions
from datamodules.vectors.word2vec import Word2Vec
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.layers.dropout import check_dropout
from lightning_modules.layers.embedding import TokenEmbedding, find_external_vectors, mask_padding
from lightning_modules.layers.pooling import AttentionPool, max_pool, mean_pool


class RNN(TextEncoder):
    """A recurrent network (LSTM or GRU) over the tokens.

    Args:
        spec: Task, label names and sizes of the data.
        embedding_dim: Dimension of the word vectors. If null that of the vector file, otherwise 300.
        hidden_size: Size of the hidden state per direction.
        num_layers: Number of stacked recurrent layers.
        cell: Recurrent unit: `lstm` or `gru`.
        bidirectional: Whether the network is bidirectional.
        pooling: Pooling of the hidden states: last, mean, maximum or attention. `last` concatenates the last state of
            each direction.
        embedding_dropout: Dropout probability of the word vectors, in [0, 1).
        dropout: Dropout probability between layers and before pooling, in [0, 1).
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
        hidden_size: int = 128,
        num_layers: int = 1,
        cell: Literal["lstm", "gru"] = "lstm",
        bidirectional: bool = True,
        pooling: Literal["last", "mean", "max", "attention"] = "max",
        embedding_dropout: float = 0.0,
        dropout: float = 0.0,
        vectors: str | None = None,
        vectors_mode: Literal["static", "fine_tuned", "multichannel"] = "fine_tuned",
        vectors_missing: Literal["matched", "characters", "zeros"] = "matched",
        unfreeze_after: int = 0,
        word2vec: Word2Vec | None = None,
    ) -> None:
        super().__init__()
        if hidden_size < 1 or num_layers < 1:
            raise UsageError(f"hidden_size and num_layers must be 1 or more, got {hidden_size} and {num_layers}")
        if cell not in _CELLS:
            raise UsageError(f'cell must be "lstm" or "gru", got "{cell}"')
        if pooling not in ("last", "mean", "max", "attention"):
            raise UsageError(f'pooling must be "last", "mean", "max" or "attention", got "{pooling}"')
        check_dropout(embedding_dropout=embedding_dropout, dropout=dropout)
        self.output_dim = hidden_size * (2 if bidirectional else 1)
        self.pooling = pooling
        choices = VectorOptions(vectors, vectors_mode, vectors_missing, unfreeze_after, word2vec)
        self.embedding = TokenEmbedding(spec, embedding_dim, choices)
        self.embedding_dropout = nn.Dropout(embedding_dropout)
        self.recurrent = _CELLS[cell](
            self.embedding.embedding_dim,
            hidden_size,
            num_layers=num_layers,
            bidirectional=bidirectional,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
        )
        _initialize(self.recurrent)
        self.dropout = nn.Dropout(dropout)
        self.attention = AttentionPool(self.output_dim) if pooling == "attention" else None

    uses_lengths = True

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        lengths: np.ndarray | None = None,
    ) -> Tensor:
        """Encodes a batch; the second text of a pair is read as a continuation of the first.

        Args:
            input_ids: int64 `(batch, tokens)`.
            attention_mask: bool `(batch, tokens)`.
            token_type_ids: Not used.
            lengths: int64 `(batch,)`, the tokens of each text; read from the mask if None, which waits for the device.
        """
        padding_id = self.embedding.padding_idx
        assert padding_id is not None
        if input_ids.shape[1] == 0:
            input_ids, attention_mask = F.pad(input_ids, (0, 1)), F.pad(attention_mask, (0, 1))
        embedded = self.embedding_dropout(self.embedding(mask_padding(input_ids, attention_mask, padding_id)))
        if lengths is None:
            lengths = attention_mask.sum(1).cpu().numpy()
        # A text of no token is read as one of padding; pooling clears it.
        states, last = self._compute_states(embedded, torch.from_numpy(np.maximum(lengths, 1)))
        if self.pooling == "last":
            return self.dropout(last).masked_fill(~attention_mask.any(1, keepdim=True), 0.0)
        states = self.dropout(states)
        if self.attention is not None:
            pooled: Tensor = self.attention(states, attention_mask)
            return pooled
        return (mean_pool if self.pooling == "mean" else max_pool)(states, attention_mask)

    def layer_groups(self) -> list[list[nn.Module]]:
        """Groups the modules: embedding, recurrent layers, attention if there is one."""
        groups: list[list[nn.Module]] = [[self.embedding], [self.recurrent]]
        return groups if self.attention is None else [*groups, [self.attention]]

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns the name of an argument that reads word vectors from a file, as `TextEncoder` describes."""
        return find_external_vectors(arguments)

    def override_arguments(self) -> dict[str, Any]:
        """Returns arguments that rebuild the encoder without a file of word vectors."""
        return self.embedding.override_arguments()

    @torch.compiler.disable  # cuDNN has it as one kernel, and how it packs depends on the lengths
    def _compute_states(self, embedded: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Computes all states `(batch, tokens, output_dim)` and each direction's last ones `(batch, output_dim)`.

        Texts are sorted by length here, and not by `pack_padded_sequence`, whose order is copied to the device and back
        in copies that wait for it.
        """
        if int(lengths.min()) == embedded.shape[1]:  # no padding: the same states in 5/6 of the time
            states, last = self.recurrent(embedded)
            return states, self._join_directions(last)
        lengths, order = torch.sort(lengths, descending=True)
        order = order.to(embedded.device, non_blocking=True)
        inverse = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
        packed = pack_padded_sequence(embedded.index_select(0, order), lengths, batch_first=True)
        packed_states, last = self.recurrent(packed)
        states, _ = pad_packed_sequence(packed_states, batch_first=True, total_length=embedded.shape[1])
        return states.index_select(0, inverse), self._join_directions(last).index_select(0, inverse)

    def _join_directions(self, last: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        """Concatenates the last states of both directions of the top layer."""
        hidden = last[0] if isinstance(last, tuple) else last  # (layers * directions, batch, hidden)
        directions = 2 if self.recurrent.bidirectional else 1
        return torch.cat(tuple(hidden[-directions:]), 1)


_CELLS: dict[str, type[nn.LSTM] | type[nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}


def _initialize(recurrent: nn.RNNBase) -> None:
    """Initializes gate by gate: Xavier for input weights, orthogonal for recurrent ones, biases 0, forget gates 1."""
    for name, parameter in recurrent.named_parameters():
        gates = parameter.detach().split(recurrent.hidden_size)
        if name.startswith("weight_ih"):
            for gate in gates:
                nn.init.xavier_uniform_(gate)
        elif name.startswith("weight_hh"):
            for gate in gates:
                nn.init.orthogonal_(gate)
        else:
            nn.init.zeros_(parameter)
            if name.startswith("bias_ih") and isinstance(recurrent, nn.LSTM):
                nn.init.ones_(gates[1])  # input, forget, cell, output; torch adds bias_ih and bias_hh
