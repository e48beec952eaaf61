"""One id a word, for languages that put spaces between them."""

from __future__ import annotations

from collections.abc import Sequence

import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers, trainers

from datamodules.tokenizers.base import TokenIds, Tokenizer, cut, flat, without_halves
from datamodules.tokenizers.characters import check_vocabulary_limits

# Letters with their marks and inner apostrophes; numbers with inner points and commas; any other sign alone.
_WORD = r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{N}+(?:[.,]\p{N}+)*|[^\s\p{L}\p{M}\p{N}]"


class Words(Tokenizer):
    """Unicode words, numbers and single punctuation marks.

    Args:
        max_size: The most ids, the two special ones counted; the commonest words stay. None keeps all.
        min_count: Words seen less often in training are unknown.
        lowercase: Whether capitals are folded.
    """

    def __init__(self, max_size: int | None = None, min_count: int = 1, lowercase: bool = True) -> None:
        check_vocabulary_limits(max_size, min_count)
        self.max_size = max_size
        self.min_count = min_count
        self.lowercase = lowercase
        self._tokenizer = self._with_vocabulary({"[PAD]": 0, "[UNK]": 1})

    def train(self, texts: Sequence[str]) -> None:
        """Keeps the commonest words; ties go to the earlier in the alphabet."""
        trainer = trainers.WordLevelTrainer(
            vocab_size=self.max_size or 2**31,
            min_frequency=self.min_count,
            special_tokens=["[PAD]", "[UNK]"],
            show_progress=False,
        )
        learner = self._with_vocabulary({})
        learner.train_from_iterator(without_halves(texts), trainer)
        # Made anew without the trainer's special tokens: a text that spells "[PAD]" must not become padding.
        self._tokenizer = self._with_vocabulary(learner.get_vocab())

    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Encodes in parallel, in Rust."""
        return cut(flat(self._tokenizer.encode_batch_fast(without_halves(texts))), max_length)

    @property
    def vocabulary_size(self) -> int:
        """Words kept, plus padding and unknown."""
        return self._tokenizer.get_vocab_size()

    @property
    def padding_id(self) -> int:
        """Always 0."""
        return 0

    @property
    def unknown_id(self) -> int:
        """Always 1."""
        return 1

    def state(self) -> str:
        """The `tokenizers` JSON."""
        return self._tokenizer.to_str()

    def load_state(self, state: str) -> None:
        """Takes a `tokenizers` JSON."""
        self._tokenizer = tokenizers.Tokenizer.from_str(state)

    def _with_vocabulary(self, vocabulary: dict[str, int]) -> tokenizers.Tokenizer:
        made = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        steps = [normalizers.NFC(), normalizers.Lowercase()] if self.lowercase else [normalizers.NFC()]
        made.normalizer = normalizers.Sequence(steps)
        made.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), behavior="removed", invert=True)
        return made
