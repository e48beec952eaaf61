"""Learns pieces of words with the trainers of `tokenizers`, so that the same texts always give the same pieces.

These trainers count in hash tables whose order changes from run to run. What depends on it is settled here: which
characters take part, in which order they get their ids, and the last digits of Unigram's scores.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers, trainers

from datamodules.tokenizers.characters import code_points
from datamodules.tokenizers.word_splitting import WORD

Algorithm = Literal["wordpiece", "bpe", "unigram"]

SPECIAL = ("[PAD]", "[UNK]")
BYTES = tuple(f"<0x{number:02X}>" for number in range(256))
_START = "▁"  # before each word; WordPiece marks the other pieces instead
_LONGEST = 32  # letters in a row; longer rows, common in Chinese, are cut so that none takes long
_DIGITS = 5


def train_pieces(
    texts: Sequence[str], algorithm: Algorithm, size: int, min_frequency: int, lowercase: bool, byte_fallback: bool
) -> tokenizers.Tokenizer:
    """A tokenizer whose ids are the special names, bytes where wanted, characters, and pieces.

    Args:
        texts: Without lone surrogates.
        algorithm: How pieces are found.
        size: The most ids.
        min_frequency: Characters and pairs of pieces seen less often are not learned.
        lowercase: Whether capitals are folded.
        byte_fallback: Whether other characters are spelled in bytes.
    """
    special = [*SPECIAL, *(BYTES if byte_fallback else ())]
    steps = [normalizers.NFC(), normalizers.Lowercase()] if lowercase else [normalizers.NFC()]
    normalizer = normalizers.Sequence(steps)
    folded = [normalizer.normalize_str(text) for text in texts]
    room = (size - len(special)) // 2  # at most half of the ids go to single characters
    kept = _commonest_characters(folded, room // 2 if algorithm == "wordpiece" else room - 1, min_frequency)
    learner = tokenizers.Tokenizer(models.BPE())
    learner.pre_tokenizer = _pre_tokenizer(algorithm, kept)
    lines = _with_blanks_for_others(folded, kept)
    model: models.Model
    if algorithm == "unigram":
        learner.model = models.Unigram()
        if lines:
            trainer = trainers.UnigramTrainer(
                vocab_size=size, special_tokens=special, unk_token="[UNK]", initial_alphabet=[_START, *kept],
                show_progress=False,
            )  # fmt: skip
            learner.train_from_iterator(lines, trainer)
        model = _settled_unigram(learner, special, [_START, *kept], byte_fallback)
    else:
        by_words = algorithm == "wordpiece"
        prefix: dict[str, Any] = {"continuing_subword_prefix": "##"} if by_words else {}
        inner = [f"##{character}" for character in kept] if by_words else []
        learner.train_from_iterator(
            lines,
            trainers.BpeTrainer(
                vocab_size=size,
                min_frequency=min_frequency,
                special_tokens=[*special, *inner],  # so that their ids do not hang on the order of words
                initial_alphabet=kept if by_words else [_START, *kept],
                show_progress=False,
                **prefix,
            ),
        )
        learned = json.loads(learner.to_str())["model"]
        if by_words:
            model = models.WordPiece(learned["vocab"], unk_token="[UNK]", max_input_chars_per_word=_LONGEST)
        else:
            merges = [tuple(pair) for pair in learned["merges"]]
            model = models.BPE(learned["vocab"], merges, unk_token="[UNK]", byte_fallback=byte_fallback)
    # Made anew without the trainer's special tokens: a text that spells "[PAD]" must not become padding.
    made = tokenizers.Tokenizer(model)
    made.normalizer = normalizer
    made.pre_tokenizer = learner.pre_tokenizer
    return made


def _commonest_characters(texts: Sequence[str], most: int, min_frequency: int) -> list[str]:
    """Those that stay, ties to the lower code point, in the order of their code points."""
    counts = np.bincount(code_points(texts))
    counts[[point for point in np.flatnonzero(counts) if chr(point).isspace()]] = 0
    found = np.flatnonzero(counts >= min_frequency)
    found = found[np.argsort(-counts[found], kind="stable")][: max(most, 0)]
    return [chr(point) for point in np.sort(found) if chr(point) != _START]


def _with_blanks_for_others(texts: Sequence[str], kept: Sequence[str]) -> list[str]:
    points = code_points(["\n".join(texts)]).copy()
    stays = np.zeros(0x110000, bool)
    stays[[ord(character) for character in kept]] = True
    points[~stays[points] & (points != ord("\n"))] = ord(" ")
    return [line for line in points.tobytes().decode("utf-32-le").split("\n") if line and not line.isspace()]


def _pre_tokenizer(algorithm: Algorithm, kept: Sequence[str]) -> pre_tokenizers.PreTokenizer:
    steps: list[pre_tokenizers.PreTokenizer] = [pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True)]
    if algorithm == "wordpiece" and kept:
        # A word with one unknown character would be unknown as a whole, and in Chinese a word is a clause.
        others = "".join(f"\\x{{{ord(character):x}}}" for character in kept)
        steps.append(pre_tokenizers.Split(Regex(f"[^{others}]"), behavior="isolated"))
    elif algorithm != "wordpiece":
        steps.append(pre_tokenizers.Metaspace(replacement=_START, prepend_scheme="always", split=False))
    steps.append(pre_tokenizers.Split(Regex(rf"[\s\S]{{{_LONGEST}}}"), behavior="isolated"))
    return pre_tokenizers.Sequence(steps)


def _settled_unigram(
    learner: tokenizers.Tokenizer, special: Sequence[str], characters: Sequence[str], byte_fallback: bool
) -> models.Unigram:
    learned = {piece: round(score, _DIGITS) for piece, score in json.loads(learner.to_str())["model"]["vocab"]}
    for name in special:
        learned.pop(name, None)
    least = min(learned.values(), default=0.0)
    for character in characters:
        learned.setdefault(character, least)
    pieces = sorted(learned.items(), key=lambda item: (-item[1], item[0]))
    return models.Unigram([*((name, 0.0) for name in special), *pieces], unk_id=1, byte_fallback=byte_fallback)
