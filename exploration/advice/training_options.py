"""Advice on options of training: validation, imbalance, tokenizer, truncation length, pretrained models."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.errors import join_names
from datamodules.tokenizers.writing_scripts import UNSPACED
from exploration.advice.item import Advice, format_pretrained_options
from exploration.data_report import DataReport
from exploration.number_format import format_percentage
from exploration.statistics.class_distribution import FEW_TEXTS
from exploration.statistics.tokenizer_reports import TokenizerReport

_BALANCED = "--data.sampler ClassBalanced --data.sampler.weighting sqrt"
_FOLDS = "--data.num_folds 5 --data.fold 0"
_MIN_VALIDATION_TEXTS = 5  # of a class, below which its F1 depends on single texts
_MIN_FOLDED_TEXTS = 10  # training texts, below which five folds are too small
_SMALL_TRAINING_SPLIT = 2000  # texts, below which a pretrained model is likely to be worth its cost
_MAX_CHARACTERS_PER_WORD = 4  # of text in an unspaced script that is segmented into words by spaces


def advise_on_training_options(report: DataReport) -> Iterator[Advice]:
    """Yields advice on options of `train.py` that fit the data."""
    yield from _advise_on_evaluation(report)
    yield from _advise_on_imbalance(report)
    tokenizer_advice = list(_advise_on_tokenizer(report))
    yield from tokenizer_advice
    yield from _advise_on_rare_words(report)
    yield from _advise_on_length(report, tokenizer_advice)
    yield from _advise_on_pretrained_model(report)


def _advise_on_evaluation(report: DataReport) -> Iterator[Advice]:
    """Yields advice on classes with no or with few validation texts, and on classes without test texts."""
    classes = report.classes
    folds = (_FOLDS,) if report.folds_available and classes.texts["train"] >= _MIN_FOLDED_TEXTS else ()
    counts = {split: dict(zip(classes.names, classes.counts[split], strict=True)) for split in classes.counts}
    validation = counts.get("validation", {})
    sentences = []
    missing = [name for name, count in validation.items() if not count]
    if missing:
        sentences.append(
            f"{_format_class_count(missing)} no validation text ({join_names(missing, 5)}): F1 cannot be measured."
        )
    few = {name: count for name, count in sorted(validation.items(), key=lambda item: item[1]) if count}
    few = {name: count for name, count in few.items() if count < _MIN_VALIDATION_TEXTS}
    if few:
        low, high = min(few.values()), max(few.values())
        number = f"{low}" if low == high else f"{low} {'or' if high == low + 1 else 'to'} {high}"
        texts = f"{number} validation text decides" if high == 1 else f"{number} validation texts decide"
        which = f"class {next(iter(few))}" if len(few) == 1 else f"each of {len(few)} classes ({join_names(few, 5)})"
        sentences.append(f"{texts} the F1 of {which}.")
    if sentences:
        if folds:
            sentences.append("Cross-validate: train once per fold (--data.fold 0 to 4) and average the scores.")
        yield Advice("classes", " ".join(sentences), folds)
    missing = [name for name, count in counts.get("test", {}).items() if not count]
    if missing:
        yield Advice(
            "classes", f"{_format_class_count(missing)} no test text ({join_names(missing, 5)}): F1 cannot be measured."
        )


def _advise_on_imbalance(report: DataReport) -> Iterator[Advice]:
    """Yields advice on small classes, or on the ratio of the largest to the smallest class."""
    classes = report.classes
    is_multi_label = report.task == "multi_label"
    options = (
        (_BALANCED + " --data.sampler.multi_label expected",) if is_multi_label else (_BALANCED, "--model.loss Focal")
    )
    if classes.few:
        num_trained = sum(1 for count in classes.counts["train"] if count)
        yield Advice(
            "classes",
            f"{len(classes.few):,} of {num_trained:,} classes {'has' if len(classes.few) == 1 else 'have'} fewer than "
            f"{FEW_TEXTS} training texts ({join_names(classes.few, 6)}). Collect more, or sample them more often.",
            options,
        )
    elif classes.ratio >= 5:
        yield Advice(
            "classes",
            f"The largest class has {classes.ratio:,.0f} times the training texts of the smallest. Accuracy hides rare "
            "classes: compare macro-F1, and try to sample rare classes more often.",
            options,
        )


def _advise_on_tokenizer(report: DataReport) -> Iterator[Advice]:
    """Yields advice to change the tokenizer if words are not segmented, or if many tokens are unknown."""
    tokenizer = report.tokenizers[0]
    if tokenizer.name.split(" ")[0] != "Words":
        return
    split = next((name for name in ("test", "validation") if name in tokenizer.splits), "train")
    statistics = tokenizer.splits[split]
    unknown = format_percentage(statistics["token_rate"])
    by_jieba = " --data.tokenizer.segment jieba" * ("segment jieba" in tokenizer.name)
    if (
        report.scripts.main in UNSPACED
        and not by_jieba
        and (statistics["token_rate"] > 0.05 or not _is_segmented(report))
    ):
        yield Advice(
            "vocabulary",
            f"{report.scripts.main} text has no spaces between words, so {tokenizer.name} takes entire phrases as "
            f"tokens: {unknown} of the {split} tokens are unknown. Use characters or subwords.",
            ("--data.tokenizer Characters", "--data.tokenizer Subwords"),
        )
    elif statistics["token_rate"] > 0.02:
        yield Advice(
            "vocabulary",
            f"{unknown} of the {split} tokens are unknown to {tokenizer.name}, in "
            f"{format_percentage(statistics['text_share'])} of the texts. Encode unknown words as characters or "
            "subwords.",
            (f"--data.tokenizer Mixed{by_jieba}", "--data.tokenizer Subwords"),
        )


def _is_segmented(report: DataReport) -> bool:
    """Whether the tokens of the selected tokenizer are about as long as words, on average."""
    return report.characters.mean["train"] <= _MAX_CHARACTERS_PER_WORD * report.tokens.mean["train"]


def _advise_on_rare_words(report: DataReport) -> Iterator[Advice]:
    """Yields advice to raise the minimum word frequency if many words occur only once."""
    name, growth = report.tokenizers[0].name, report.growth
    has_all_words = name.split(" ")[0] == "Words" and "min_frequency" not in name and "vocab_size" not in name
    if growth is not None and has_all_words and report.scripts.main not in UNSPACED and growth.once > 0.4:
        yield Advice(
            "vocabulary",
            f"{format_percentage(growth.once)} of the distinct words occur only once in training, too rarely to train "
            "their embeddings. Treat them as unknown, so that the model learns what to do with unknown words:",
            ("--data.tokenizer Words --data.tokenizer.min_frequency 2",),
        )


def _advise_on_length(report: DataReport, tokenizer_advice: list[Advice]) -> Iterator[Advice]:
    """Yields advice to truncate at p95, for the selected tokenizer or for an advised one if it was compared.

    Texts are truncated at p99 by default, so that a length is advised only where p99 is far above most lengths. If the
    advised tokenizer was not compared, its lengths are unknown and nothing is yielded.
    """
    tokenizer, option = report.tokenizers[0], ""
    if tokenizer_advice:
        advised = _find_compared_tokenizer(report, tokenizer_advice[0].options)
        if advised is None:
            return
        tokenizer, option = advised, f"--data.tokenizer {advised.name} "
    lengths = tokenizer.length_percentiles
    if lengths["p99"] > 2 * lengths["p95"]:
        yield Advice(
            "lengths",
            f"Training texts have a median of {lengths['median']:,} tokens and a p99 of {lengths['p99']:,} "
            f"({tokenizer.name}), but a p95 of {lengths['p95']:,}: truncation there affects few texts and saves much "
            "time.",
            (f"{option}--data.max_length 0.95",),
        )


def _find_compared_tokenizer(report: DataReport, options: tuple[str, ...]) -> TokenizerReport | None:
    """Returns the report on the first advised tokenizer that was compared with its default arguments."""
    advised = [option.removeprefix("--data.tokenizer ") for option in options]
    return next((tokenizer for name in advised for tokenizer in report.tokenizers if tokenizer.name == name), None)


def _advise_on_pretrained_model(report: DataReport) -> Iterator[Advice]:
    """Yields advice to use a pretrained model if there are few training texts."""
    num_texts = report.classes.texts["train"]
    if num_texts < _SMALL_TRAINING_SPLIT:
        models = {"Han": "bert-base-chinese", "Latin": "bert-base-uncased"}
        model = models.get(report.scripts.main or "", "bert-base-multilingual-cased")
        yield Advice(
            "classes",
            f"There are only {num_texts:,} training texts; a pretrained model needs fewer labeled texts.",
            (format_pretrained_options(model),),
        )


def _format_class_count(names: list[str]) -> str:
    """Formats the subject of a sentence: `1 class has`, `2 classes have`."""
    return "1 class has" if len(names) == 1 else f"{len(names):,} classes have"
