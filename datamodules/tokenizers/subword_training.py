"""Trains subword tokenizers deterministically, with the trainers of `tokenizers`.

These trainers count in hash tables whose order changes from run to run. What depends on it is fixed here: which
characters take part, in which order they get their ids, and the last digits of Unigram's scores.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers, trainers

from datamodules.tokenizers.characters import to_code_points
from datamodules.tokenizers.word_splitter import WORD

Algorithm = Literal["wordpiece", "bpe", "unigram"]

SPECIAL = ("[PAD]", "[UNK]")
BYTES = tuple(f"<0x{number:02X}>" for number in range(256))
_START = "▁"  # before each word; WordPiece marks the other pieces instead
_MAX_RUN_LENGTH = 32  # letters; longer runs, frequent in Chinese, are split to limit the time per run
_DIGITS = 5


def train_subwords(
    texts: Sequence[str], algorithm: Algorithm, size: int, min_frequency: int, lowercase: bool, byte_fallback: bool
) -> tokenizers.Tokenizer:
    """Trains a tokenizer whose ids are special tokens, bytes (optional), characters, and subwords.

    Args:
        texts: Without lone surrogates.
        algorithm: The training algorithm.
        size: Maximum number of ids.
        min_frequency: Less frequent characters and pairs of subwords are not added.
        lowercase: Whether texts are lowercased.
        byte_fallback: Whether other characters are encoded as bytes.
    """
    special = [*SPECIAL, *(BYTES if byte_fallback else ())]
    steps = [normalizers.NFC(), normalizers.Lowercase()] if lowercase else [normalizers.NFC()]
    normalizer = normalizers.Sequence(steps)
    folded = [normalizer.normalize_str(text) for text in texts]
    room = (size - len(special)) // 2  # at most half of the ids go to single characters
    kept = _select_common_characters(folded, room // 2 if algorithm == "wordpiece" else room - 1, min_frequency)
    trained = tokenizers.Tokenizer(models.BPE())
    trained.pre_tokenizer = _make_pre_tokenizer(algorithm, kept)
    lines = _blank_other_characters(folded, kept)
    model: models.Model
    if algorithm == "unigram":
        trained.model = models.Unigram()
        if lines:
            trainer = trainers.UnigramTrainer(
                vocab_size=size, special_tokens=special, unk_token="[UNK]", initial_alphabet=[_START, *kept],
                show_progress=False,
            )  # fmt: skip
            trained.train_from_iterator(lines, trainer)
        model = _make_deterministic_unigram(trained, special, [_START, *kept], byte_fallback)
    else:
        by_words = algorithm == "wordpiece"
        prefix: dict[str, Any] = {"continuing_subword_prefix": "##"} if by_words else {}
        inner = [f"##{character}" for character in kept] if by_words else []
        trained.train_from_iterator(
            lines,
            trainers.BpeTrainer(
                vocab_size=size,
                min_frequency=min_frequency,
                special_tokens=[*special, *inner],  # so that their ids do not depend on the order of words
                initial_alphabet=kept if by_words else [_START, *kept],
                show_progress=False,
                **prefix,
            ),
        )
        trained_model = json.loads(trained.to_str())["model"]
        if by_words:
            model = models.WordPiece(
                trained_model["vocab"], unk_token="[UNK]", max_input_chars_per_word=_MAX_RUN_LENGTH
            )
        else:
            merges = [tuple(pair) for pair in trained_model["merges"]]
            model = models.BPE(trained_model["vocab"], merges, unk_token="[UNK]", byte_fallback=byte_fallback)
    # Built again without the trainer's special tokens: a text that spells "[PAD]" must not become padding.
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = trained.pre_tokenizer
    return tokenizer


def _select_common_characters(texts: Sequence[str], limit: int, min_frequency: int) -> list[str]:
    """Selects the most frequent characters, ties by code point; returns them in the order of code points."""
    counts = np.bincount(to_code_points(texts))
    counts[[point for point in np.flatnonzero(counts) if chr(point).isspace()]] = 0
    frequent = np.flatnonzero(counts >= min_frequency)
    frequent = frequent[np.argsort(-counts[frequent], kind="stable")][: max(limit, 0)]
    return [chr(point) for point in np.sort(frequent) if chr(point) != _START]


def _blank_other_characters(texts: Sequence[str], kept: Sequence[str]) -> list[str]:
    """Replaces other characters by spaces; returns lines that are not blank."""
    points = to_code_points(["\n".join(texts)]).copy()
    is_kept = np.zeros(0x110000, bool)
    is_kept[[ord(character) for character in kept]] = True
    points[~is_kept[points] & (points != ord("\n"))] = ord(" ")
    return [line for line in points.tobytes().decode("utf-32-le").split("\n") if line and not line.isspace()]


def _make_pre_tokenizer(algorithm: Algorithm, kept: Sequence[str]) -> pre_tokenizers.PreTokenizer:
    """Makes the splitter of texts into words, before subwords are merged."""
    steps: list[pre_tokenizers.PreTokenizer] = [pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True)]
    if algorithm == "wordpiece" and kept:
        # A word with one unknown character would be entirely unknown, and in Chinese a word is a clause.
        others = "".join(f"\\x{{{ord(character):x}}}" for character in kept)
        steps.append(pre_tokenizers.Split(Regex(f"[^{others}]"), behavior="isolated"))
    elif algorithm != "wordpiece":
        steps.append(pre_tokenizers.Metaspace(replacement=_START, prepend_scheme="always", split=False))
    steps.append(pre_tokenizers.Split(Regex(rf"[\s\S]{{{_MAX_RUN_LENGTH}}}"), behavior="isolated"))
    return pre_tokenizers.Sequence(steps)


def _make_deterministic_unigram(
    trained: tokenizers.Tokenizer, special: Sequence[str], characters: Sequence[str], byte_fallback: bool
) -> models.Unigram:
    """Rounds the scores of a trained Unigram model, adds missing characters, and sorts by score."""
    scores = {piece: round(score, _DIGITS) for piece, score in json.loads(trained.to_str())["model"]["vocab"]}
    for name in special:
        scores.pop(name, None)
    minimum = min(scores.values(), default=0.0)
    for character in characters:
        scores.setdefault(character, minimum)
    pieces = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return models.Unigram([*((name, 0.0) for name in special), *pieces], unk_id=1, byte_fallback=byte_fallback)
