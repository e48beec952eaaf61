"""Derives a tiny configuration from that of a pretrained model: the same architecture with few and small layers."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # slow to import
    from transformers import PretrainedConfig

VOCAB_SIZE = 40
MAX_POSITIONS = 48
# Sizes by the names that configurations give to them; 96 can be divided into heads, groups, and the six coordinates of
# a box of LayoutLM.
_SIZES = {
    "num_hidden_layers num_layers n_layers n_layer encoder_layers decoder_layers num_blocks": 2,
    "num_encoder_layers num_decoder_layers": 2,
    "num_attention_heads num_heads n_heads n_head encoder_attention_heads decoder_attention_heads": 4,
    "num_encoder_attention_heads num_decoder_attention_heads": 4,
    "num_key_value_heads n_head_kv num_kv_heads": 2,
    "hidden_size d_model dim n_embd emb_dim embedding_size embedding_dim d_embed word_embed_proj_dim dim_model": 96,
    "input_embedding_size output_embedding_size intra_bottleneck_size true_hidden_size pooler_hidden_size": 96,
    "entity_emb_size pronunciation_embed_dim shape_embed_dim": 96,
    "intermediate_size hidden_dim ffn_dim ffn_hidden_size d_ff d_inner n_inner encoder_ffn_dim decoder_ffn_dim": 64,
    "moe_intermediate_size shared_expert_intermediate_size": 64,
    "head_dim d_head d_kv attention_head_size": 24,
    "rotary_dim": 8,
    "num_experts num_local_experts n_routed_experts": 4,
    "vocab_size n_words decoder_vocab_size entity_vocab_size": VOCAB_SIZE,
    "max_position_embeddings n_positions max_seq_len max_sequence_length": MAX_POSITIONS,
    "max_encoder_position_embeddings": MAX_POSITIONS,
    "sliding_window local_attention local_attention_size window_size attention_window": 4,
    "num_landmarks": 4,
    "num_experts_per_tok": 2,
    "mamba_chunk_size chunk_size": 8,
}
_SIZE_OF_FIELD = {name: size for names, size in _SIZES.items() for name in names.split()}


def shrink_config(config: PretrainedConfig) -> PretrainedConfig:
    """Returns a configuration of the same class with two layers, vectors of 96 numbers and 40 ids.

    Sizes of unknown names stay, so the result may be invalid or large; a caller builds the model to find out.
    """
    values = copy.deepcopy(config.to_dict())
    for name in ("model_type", "transformers_version", "_name_or_path", "dtype", "auto_map"):
        values.pop(name, None)
    landmarks, segments = values.get("num_landmarks"), values.get("segment_means_seq_len")
    values = {name: _shrink_value(name, value) for name, value in values.items()}
    if segments is not None:  # Nyströmformer omits its approximation where the two are equal
        values["segment_means_seq_len"] = 4 if segments == landmarks else 8
    if "attention_types" in values:  # of GPT-Neo, which derives the other from it
        values.pop("attention_layers", None)
    return type(config)(**values)


def _shrink_value(name: str, value: Any) -> Any:
    """Returns the value of one field in the tiny configuration."""
    is_count = isinstance(value, int) and not isinstance(value, bool)
    if name in _SIZE_OF_FIELD and is_count and value > 0:
        return min(value, _SIZE_OF_FIELD[name])
    if isinstance(value, list) and value:
        return _shrink_list(name, value)
    if name.endswith(("_token_id", "_token_index", "_index", "_idx")) and is_count and value >= VOCAB_SIZE:
        return VOCAB_SIZE - 1 - value % 8
    return value


def _shrink_list(name: str, values: list[Any]) -> list[Any]:
    """Returns a list with one value for each of the two layers, if the field has one for each layer."""
    if name in ("block_sizes", "block_repeats"):
        return [1] * min(len(values), 2)
    if name == "attention_window":
        return [4, 4]
    if name == "attention_types":
        return [[kinds, 1] for kinds, _ in values[:1]]
    if name in ("layer_types", "mlp_layer_types"):
        distinct = list(dict.fromkeys(values))
        return distinct[:2] if len(distinct) > 1 else distinct * 2
    return values
