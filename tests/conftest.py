"""What tests of several folders share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything reads it: no test may ask the hub
if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores; torch would start as many threads in each
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process a core for the whole suite, four at most; a few named files are faster in this process alone."""
    return min(os.cpu_count() or 1, 4) if config.args == config.getini("testpaths") else 0


TINY_BERT_WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "##a", "sep", "[", "]"]


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory) -> Path:
    """The folder of a tokenizer like BERT's, of the words above, for texts of 16 tokens; no weights."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny_bert")
    backend = Tokenizer(models.WordPiece({word: i for i, word in enumerate(TINY_BERT_WORDS)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    names = {f"{name.lower()}_token": f"[{name}]" for name in ("PAD", "UNK", "CLS", "SEP", "MASK")}
    PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=16, **names).save_pretrained(folder)
    BertConfig(vocab_size=12, hidden_size=8, num_attention_heads=2, max_position_embeddings=20).save_pretrained(folder)
    return folder
