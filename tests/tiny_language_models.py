"""Models of language with random weights and a few dozen words, saved as those of the hub are."""

from __future__ import annotations

from pathlib import Path

import torch

_WORDS = "the a big small dog cat runs sleeps fast slow film good bad is was in house 我 们 是 中 国 人 大 学 好 很"


def save_tokenizer(folder: Path) -> int:
    """Splits at white space and signs, and Chinese into characters; gives the size of its vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##s", ".", "?", *_WORDS.split()]
    backend = Tokenizer(models.WordPiece({name: number for number, name in enumerate(names)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {f"{name.lower()}_token": f"[{name}]" for name in ("PAD", "UNK", "CLS", "SEP", "MASK")}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=48, eos_token="[SEP]", bos_token="[CLS]", **special
    )
    tokenizer.save_pretrained(folder)
    return len(names)


def save_masked_language_model(folder: Path) -> Path:
    """A BERT with one layer."""
    from transformers import BertConfig, BertForMaskedLM

    size = save_tokenizer(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=size,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        initializer_range=1.0,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    return folder


def save_translation_model(folder: Path, seed: int) -> Path:
    """A Marian model with a layer each way."""
    from transformers import MarianConfig, MarianMTModel

    size = save_tokenizer(folder)
    torch.manual_seed(seed)
    config = MarianConfig(
        vocab_size=size,
        decoder_vocab_size=size,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_position_embeddings=64,
        init_std=1.0,
        pad_token_id=0,
        eos_token_id=3,
        bos_token_id=2,
        decoder_start_token_id=0,
        forced_eos_token_id=3,
    )
    model = MarianMTModel(config)
    model.generation_config.max_length = 24
    model.save_pretrained(folder)
    return folder


def save_encoder(folder: Path, model_type: str) -> Path:
    """An encoder of any architecture, with two layers and random weights."""
    from transformers import CONFIG_MAPPING, AutoModel

    size = save_tokenizer(folder)
    torch.manual_seed(0)
    config = CONFIG_MAPPING[model_type](
        vocab_size=size,
        hidden_size=16,
        embedding_size=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=16,
        max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        attention_window=8,
    )
    AutoModel.from_config(config).save_pretrained(folder)
    return folder
