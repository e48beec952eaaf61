"""Advice on data quality: classes, duplicates, leaks, label errors, encoding errors, foreign texts."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.errors import join_names
from datamodules.sources.similar_labels import group_similar_labels
from exploration.advice.item import Advice, format_pretrained_options
from exploration.data_report import DataReport
from exploration.number_format import format_percentage, format_points

_LABEL_SMOOTHING = "--model.loss CrossEntropy --model.loss.label_smoothing 0.1"
_EVALUATED = ("test", "validation")
_REMOVABLE = "(their rows: duplicates.removable_rows in the JSON file)"


def advise_on_data_quality(report: DataReport) -> Iterator[Advice]:
    """Yields advice on data quality issues, those that distort scores first."""
    yield from _advise_on_label_names(report)
    yield from _advise_on_duplicates(report)
    yield from _advise_on_leaks(report)
    yield from _advise_on_label_errors(report)
    yield from _advise_on_unseen_labels(report)
    yield from _advise_on_encoding_errors(report)
    yield from _advise_on_extreme_texts(report)
    yield from _advise_on_foreign_texts(report)


def _advise_on_label_names(report: DataReport) -> Iterator[Advice]:
    """Yields advice on a single class, and on labels that differ only in letter case, white space or character form."""
    num_trained = sum(1 for count in report.classes.counts["train"] if count)
    if num_trained < 2 and report.task == "single_label":
        yield Advice(
            "classes",
            "There is only one class in the training split, and train.py rejects that. Check "
            "--data.source.label_column, or add texts of another class.",
        )
    groups = group_similar_labels(report.classes.names)
    if groups:
        yield Advice(
            "classes",
            "Labels that differ only in letter case, white space or character form are separate classes: "
            f"{join_names((' and '.join(map(repr, group)) for group in groups), 4)}. Give each class one name.",
        )


def _advise_on_duplicates(report: DataReport) -> Iterator[Advice]:
    """Yields advice on duplicates across splits, near-duplicates of training texts, and duplicates within training."""
    duplicates, near, texts = report.duplicates, report.near_duplicates, report.classes.texts
    shared = {split: duplicates.shared.get(f"{split} in train", 0) for split in _EVALUATED}
    shared = {split: count for split, count in shared.items() if count}
    if shared:
        ratios = {split: count / texts[split] for split, count in shared.items()}
        which = " and ".join(f"{count:,} of {texts[split]:,} {split} texts" for split, count in shared.items())
        points = " and ".join(f"{format_points(ratio)} points ({split})" for split, ratio in ratios.items())
        yield Advice(
            "duplicates",
            f"{which} also occur in training: accuracy may be overestimated by up to {points}. Remove them from "
            f"training {_REMOVABLE}, or report their number beside the score.",
        )
    rows = {split: near.rows.get(f"{split} in train", 0) for split in _EVALUATED}
    rows = {split: count for split, count in rows.items() if count >= max(5, 0.002 * texts.get(split, 0))}
    if rows:
        which = " and ".join(f"{count:,} {split} texts" for split, count in rows.items())
        yield Advice(
            "near-duplicates",
            f"{which} are near-duplicates of training texts (Jaccard similarity at least {near.threshold:g}). Read "
            "some of the pairs before trusting small differences between scores.",
        )
    repeats = duplicates.repeats["train"]
    if repeats >= 0.005 * texts["train"]:
        yield Advice(
            "duplicates",
            f"{repeats:,} of {texts['train']:,} training texts ({format_percentage(repeats / texts['train'])}) are "
            f"duplicates of an earlier one and count again in training. Remove them {_REMOVABLE} unless their "
            "frequency matters.",
        )


def _advise_on_leaks(report: DataReport) -> Iterator[Advice]:
    """Yields advice on terms that may leak the label."""
    for name, term, recall, precision in report.discriminative_terms.leaks[:5]:
        yield Advice(
            "discriminative-terms",
            f"“{term}” is in {format_percentage(recall)} of the texts of class {name}, and "
            f"{format_percentage(precision)} "
            "of the texts with it are of that class. If new texts do not contain it, this is label leakage: remove it.",
        )


def _advise_on_label_errors(report: DataReport) -> Iterator[Advice]:
    """Yields advice on conflicting labels of duplicates, and on suspected label errors."""
    duplicates, suspected = report.duplicates, report.suspected
    if duplicates.conflicts["train"]:
        count, rows = duplicates.conflicts["train"], duplicates.conflict_rows["train"]
        yield Advice(
            "duplicates",
            f"{count:,} training {'text occurs' if count == 1 else 'texts occur'} with different labels, in {rows:,} "
            "rows; no model can get all of these right. Choose one label for each text.",
        )
    for split in reversed(_EVALUATED):
        count = duplicates.shared_conflicts.get(f"{split} in train", 0)
        if count:
            have = "text has" if count == 1 else "texts have"
            yield Advice("duplicates", f"{count:,} {split} {have} another label than the same text in training.")
    if suspected is not None and suspected.suspected and suspected.is_reliable:
        ratio = suspected.suspected / suspected.texts
        given, suggested, _ = suspected.confusions[0]
        are_many = ratio >= 0.01
        yield Advice(
            "suspected-labels",
            f"{suspected.suspected:,} suspected label errors in training ({format_percentage(ratio)} of "
            f"{suspected.texts:,} texts checked), most often {given} where {suggested} is more likely. Check the most "
            "confident ones first; the JSON file lists their rows."
            + (" Until then label smoothing may help." if are_many else ""),
            (_LABEL_SMOOTHING,) if are_many else (),
        )


def _advise_on_unseen_labels(report: DataReport) -> Iterator[Advice]:
    """Yields advice on validation and test labels that do not occur in training."""
    unseen = report.classes.unseen
    if unseen:
        yield Advice(
            "classes",
            f"{sum(unseen.values()):,} labels of validation or test texts do not occur in training "
            f"({join_names(unseen)}); train.py rejects them. Correct these labels, or drop their rows.",
            ("--data.unseen_labels drop",),
        )


def _advise_on_encoding_errors(report: DataReport) -> Iterator[Advice]:
    """Yields advice on each type of encoding error or markup."""
    for kind, counts in report.damage.texts.items():
        total, examples = sum(counts.values()), report.damage.examples[kind]
        if kind.startswith(("invisible", "escape")) and total < 0.001 * sum(report.classes.texts.values()):
            continue
        where = f" (“{examples[0][1][:12]}” in {examples[0][0].split} row {examples[0][0].row})" if examples else ""
        fix, option = "Remove them in the data, and in the same way before prediction.", ""
        if kind.startswith("replacement"):
            fix = "The original characters are lost; export the data again as UTF-8 if possible."
        elif kind.startswith("UTF-8 read"):
            fix = "Set the encoding where the file is read with another one, or fix the export."
        elif kind.startswith("GBK read"):
            fix, option = "Set the encoding of the file.", "--data.source.encoding gb18030"
        yield Advice(
            "encoding",
            f"{_format_text_count(total)} {_format_error_kind(kind)}{where}. {fix}",
            (option,) if option else (),
        )


def _advise_on_extreme_texts(report: DataReport) -> Iterator[Advice]:
    """Yields advice on empty, symbol-only and very long texts."""
    extremes = report.extremes
    empty, wordless, very_long = (
        sum(counts.values()) for counts in (extremes.empty, extremes.wordless, extremes.very_long)
    )
    if empty:
        yield Advice(
            "extreme-texts",
            f"{empty:,} {'text is' if empty == 1 else 'texts are'} empty and dropped, as in training. To refuse empty "
            "texts instead:",
            ("--data.empty refuse",),
        )
    if wordless:
        yield Advice(
            "extreme-texts",
            f"{_format_text_count(wordless)} symbols only, no letter or digit. Check whether their labels make sense.",
        )
    if very_long:
        yield Advice(
            "extreme-texts",
            f"{very_long:,} {'text is' if very_long == 1 else 'texts are'} longer than ten times the 99th percentile "
            f"(the longest training text has {report.tokens.percentiles['train']['max']:,} tokens). Read them: often "
            "several texts are in one row.",
        )


def _advise_on_foreign_texts(report: DataReport) -> Iterator[Advice]:
    """Yields advice on texts without a letter of the main writing script, if there are many."""
    num_foreign, num_texts = sum(report.scripts.foreign.values()), sum(report.classes.texts.values())
    if num_foreign >= max(5, 0.005 * num_texts):
        yield Advice(
            "scripts",
            f"{num_foreign:,} texts ({format_percentage(num_foreign / num_texts)}) have letters, but none of the "
            f"{report.scripts.main} script of the others. If they are meant to be there, try a multilingual model.",
            (format_pretrained_options("bert-base-multilingual-cased"),),
        )


def _format_text_count(count: int) -> str:
    """Formats the subject of a sentence: `1 text has`, `2 texts have`."""
    return "1 text has" if count == 1 else f"{count:,} texts have"


def _format_error_kind(kind: str) -> str:
    """Formats a type of encoding error as a noun phrase."""
    return f"characters of {kind}" if " read as " in kind else kind
