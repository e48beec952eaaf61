"""Findings on the data that change the result of a run: duplicates, labels, validation, unknown tokens, missing spaces.

Cheap parts of what `explore.py` checks, computed once and cached: a pass or two over texts and labels, and a sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from contracts.errors import join_names
from datamodules.preparation.options import PreparationOptions
from datamodules.sources.base import Rows, SplitName
from datamodules.tokenizers.base import Tokenizer
from datamodules.tokenizers.default_tokenizer import JIEBA_LANGUAGE, MIN_RATIO, detect_unspaced_texts
from datamodules.tokenizers.oov import OOVReport
from datamodules.tokenizers.word_tokenizer import WordTokenizer

MAX_STANDARD_ERROR = 0.07  # of accuracy: wider than most differences between two epochs, or two models
_MANY_UNKNOWN = 0.1  # of the tokens of a split
_SOME_UNSPACED = 0.1  # of the letters, in scripts without spaces between words
_ALMOST_ALL = 0.99  # of the training texts
_MANY_DUPLICATES = 0.005  # of the texts of a split
_SAMPLE_SIZE = 500  # texts
_AGAINST_UNKNOWN = {
    "Words": "--data.tokenizer Mixed or Subwords encode unknown words by their parts",
    "Subwords": "--data.tokenizer.byte_fallback true spells them in bytes",
    "Pretrained": "choose a model of the language of the texts (--model.encoder.model)",
}
_KEEP_MORE = "keep more of them, by a lower --data.tokenizer.min_frequency or a larger --data.tokenizer.vocab_size"
_FOLDS = "--data.num_folds 5 --data.fold 0"


def list_row_findings(splits: Mapping[SplitName, Rows], names: Sequence[str], options: PreparationOptions) -> list[str]:
    """Lists findings on labels, duplicates and the size of validation.

    Args:
        splits: The rows of each split, before any copy is added.
        names: The labels of training.
        options: Say whether cross-validation can be advised.
    """
    findings = [*_describe_labels(splits["train"], names), *_describe_conflicts(splits["train"])]
    for name, rows in splits.items():
        if name != "train":
            findings += _describe_shared_texts(name, rows, splits["train"])
    if "validation" in splits:
        can_fold = options.num_folds is None and options.few_shot is None
        findings += _describe_validation(splits["validation"], names, f", or cross-validate with {_FOLDS}" * can_fold)
    return findings


def list_token_findings(
    train: Rows, tokenizer: Tokenizer, unknown: Mapping[str, OOVReport], max_texts: int = _SAMPLE_SIZE
) -> list[str]:
    """Lists findings on what the tokenizer makes of the texts.

    Args:
        train: The training rows.
        tokenizer: Trained.
        unknown: The report of unknown tokens by split.
        max_texts: Texts of which the script is looked at, evenly spaced.
    """
    split = next((name for name in ("validation", "test") if name in unknown), "train")
    ratio = unknown[split].token_rate
    is_by_spaces = isinstance(tokenizer, WordTokenizer) and tokenizer.segment == "unicode"
    rows = np.unique(np.linspace(0, len(train.texts) - 1, max_texts).astype(np.int64)).tolist()
    unspaced = detect_unspaced_texts([train.texts[row] for row in rows], _SOME_UNSPACED) if is_by_spaces else None
    name = type(tokenizer).__name__
    if unspaced is not None:
        effect = "are unknown" if tokenizer.unknown_id is not None else "are outside the vocabulary and get spelled"
        by_jieba = f", or {name} with --data.tokenizer.segment jieba (extra jieba)"
        texts = f"{unspaced.language} texts have"
        if unspaced.ratio < MIN_RATIO:
            texts = f"{unspaced.ratio:.0%} of the letters are {unspaced.language}, and such texts have"
        return [
            f"{texts} no spaces between words, so {name} takes entire phrases as words: "
            f"{ratio:.0%} of the {split} ones {effect}; choose --data.tokenizer Characters or Subwords"
            + by_jieba
            * (unspaced.language == JIEBA_LANGUAGE)
        ]
    if ratio < _MANY_UNKNOWN or tokenizer.unknown_id is None:
        return []
    advice = _AGAINST_UNKNOWN.get(name, _KEEP_MORE)
    if isinstance(tokenizer, WordTokenizer) and tokenizer.segment == "jieba":
        advice = advice.replace("Mixed", "Mixed (with --data.tokenizer.segment jieba)")
    return [f"{split}: {ratio:.0%} of the tokens are unknown to {name}; {advice}"]


def _describe_labels(train: Rows, names: Sequence[str]) -> list[str]:
    """Describes labels that are nearly all the same, or nearly all different."""
    counts, total = train.count_labels(), len(train.texts)
    if sum(counts[name] == 1 for name in names) > len(names) / 2:
        return [
            f"train: {len(names)} different labels in {total} texts, most of them once; is --data.source.label_column "
            "the column of classes?"
        ]
    label, count = counts.most_common(1)[0]
    if train.is_single_label and count >= _ALMOST_ALL * total:
        return [
            f"train: {count:,} of {total:,} texts have the label {label!r}: a model that knows no other reaches an "
            f"accuracy of {count / total:.1%}; compare macro-F1, and try --data.sampler ClassBalanced"
        ]
    return []


def _describe_conflicts(train: Rows) -> list[str]:
    """Describes training texts that occur with different labels."""
    texts = train.join_pairs()
    if len(set(texts)) == len(texts):
        return []
    labels: dict[str, object] = {}
    conflicts = {text for text, row in zip(texts, train.labels, strict=True) if labels.setdefault(text, row) != row}
    if len(conflicts) < _MANY_DUPLICATES * len(texts):
        return []
    return [
        f"train: {len(conflicts):,} {'text occurs' if len(conflicts) == 1 else 'texts occur'} with different labels, "
        "of which no model gets all right; explore.py lists them"
    ]


def _describe_shared_texts(name: SplitName, rows: Rows, train: Rows) -> list[str]:
    """Describes texts of a split that also occur in training."""
    texts = rows.join_pairs()
    shared = set(texts).intersection(train.join_pairs())
    count = sum(text in shared for text in texts) if shared else 0
    if not count or count < _MANY_DUPLICATES * len(texts):
        return []
    return [
        f"{name}: {count:,} of {len(texts):,} texts also occur in training, so scores may be too high by up to "
        f"{100 * count / len(texts):.1f} points; explore.py lists the rows to remove "
        "(duplicates.removable_rows in its JSON file)"
    ]


def _describe_validation(rows: Rows, names: Sequence[str], other_way: str) -> list[str]:
    """Describes a validation split that is too small to choose the best epoch, or lacks classes."""
    findings, total = [], len(rows.texts)
    error = 0.5 / total**0.5  # the largest standard error of a proportion
    if error > MAX_STANDARD_ERROR:
        texts = "1 text" if total == 1 else f"{total} texts"
        findings.append(
            f"validation: with {texts} the best epoch is chosen {'' if total < 10 else 'almost '}by chance, since the "
            f"standard error of an accuracy is up to {100 * error:.0f} points; give more (--data.validation_size if "
            f"they are split off){other_way}"
        )
    counts = rows.count_labels()
    missing = [label for label in names if not counts[label]]
    if missing:
        findings.append(
            f"validation: no text of {len(missing)} of {len(names)} classes ({join_names(missing, 5)}), so the best "
            f"epoch is chosen without them; add some{other_way}"
        )
    return findings
