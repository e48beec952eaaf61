"""Summarizes each check for the page and the terminal: counts by split, or a sentence if nothing was found."""

from __future__ import annotations

from dataclasses import dataclass

from exploration.data_report import DataReport
from exploration.number_format import format_percentage


@dataclass(frozen=True)
class CheckSummary:
    """Result of one check.

    Args:
        section: Anchor of its section on the page.
        title: Title of that section.
        counts: Description and number of texts by split; splits without a count are omitted.
        clean: Sentence that is shown if nothing was found.
    """

    section: str
    title: str
    counts: list[tuple[str, dict[str, int]]]
    clean: str

    @property
    def has_findings(self) -> bool:
        """Whether any count is above zero."""
        return any(count for _, by_split in self.counts for count in by_split.values())


def summarize_checks(report: DataReport) -> list[CheckSummary]:
    """Summarizes all checks, in the order of the page."""
    return [
        _summarize_duplicates(report),
        _summarize_near_duplicates(report),
        _summarize_extreme_texts(report),
        _summarize_encoding_errors(report),
        _summarize_label_errors(report),
        _summarize_scripts(report),
    ]


def _summarize_duplicates(report: DataReport) -> CheckSummary:
    duplicates = report.duplicates
    counts = [("duplicates of an earlier text of the split", duplicates.repeats)]
    counts += [
        (f"texts that also occur in {other}", _select_pairs(duplicates.shared, other))
        for other in ("train", "validation")
    ]
    counts.append(("distinct texts with conflicting labels", duplicates.conflicts))
    counts.append(("texts with another label in train", _select_pairs(duplicates.shared_conflicts, "train")))
    return CheckSummary("duplicates", "Duplicates", counts, "No duplicates found.")


def _summarize_near_duplicates(report: DataReport) -> CheckSummary:
    near = report.near_duplicates
    within = {split: near.rows[f"{split} in {split}"] for split in report.classes.texts}
    counts = [("near-duplicates within the split", within)]
    counts += [
        (f"near-duplicates of a text in {other}", _select_pairs(near.rows, other)) for other in ("train", "validation")
    ]
    clean = f"No near-duplicates found (Jaccard similarity at least {near.threshold:g})."
    return CheckSummary("near-duplicates", "Near-duplicates", counts, clean)


def _summarize_extreme_texts(report: DataReport) -> CheckSummary:
    extremes = report.extremes
    counts = [
        ("empty texts (white space only)", extremes.empty),
        ("texts of symbols only", extremes.wordless),
        ("texts longer than 10 × p99", extremes.very_long),
    ]
    clean = "No empty, symbol-only or very long texts found."
    return CheckSummary("extreme-texts", "Empty and very long texts", counts, clean)


def _summarize_encoding_errors(report: DataReport) -> CheckSummary:
    counts = list(report.damage.texts.items())
    return CheckSummary("encoding", "Encoding errors and markup", counts, "No encoding errors or markup found.")


def _summarize_label_errors(report: DataReport) -> CheckSummary:
    suspected = report.suspected
    counts: list[tuple[str, dict[str, int]]] = []
    if suspected is None:
        reason = "multi-label data" if report.task == "multi_label" else "it needs two classes of three texts"
        clean = f"Suspected label errors: not checked ({reason})."
    elif not suspected.is_reliable:
        clean = (
            "Suspected label errors: not reported, since the model that detects them is too weak on these texts "
            f"(agreement {format_percentage(suspected.agreement)}, {suspected.suspected:,} suspicions)."
        )
    else:
        counts = [("suspected label errors", {"train": suspected.suspected})]
        clean = "No suspected label errors found."
    return CheckSummary("suspected-labels", "Suspected label errors", counts, clean)


def _summarize_scripts(report: DataReport) -> CheckSummary:
    main, foreign = report.scripts.main, report.scripts.foreign
    clean = "No letters found." if main is None else f"No texts without a {main} letter found."
    return CheckSummary("scripts", "Writing scripts", [(f"texts without a {main} letter", foreign)], clean)


def _select_pairs(counts: dict[str, int], other: str) -> dict[str, int]:
    """Selects the counts of `SPLIT in other`, by split, without the split itself."""
    pairs = (key.split(" in ") for key in counts)
    return {split: counts[f"{split} in {second}"] for split, second in pairs if second == other != split}
