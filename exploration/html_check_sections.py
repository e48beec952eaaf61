"""The sections of the page that show faults, each with texts to judge by."""

from __future__ import annotations

from exploration.data_report import DataReport
from exploration.html_elements import Cell, Ratio, render_example, render_paragraph, render_table


def duplicate_section(found: DataReport) -> str:
    """Exact repeats and conflicts."""
    same, texts = found.duplicates, found.classes.texts
    parts = [
        render_paragraph("Compared after white space around a text is trimmed and its characters are composed (NFC).")
    ]
    within: list[list[Cell]] = [
        [split, texts[split], count, same.conflicts[split], same.conflict_rows[split]]
        for split, count in same.repeats.items()
    ]
    head = ["split", "texts", "repeats of an earlier one", "texts with two labels", "rows of these"]
    parts.append(render_table(head, within, "Within a split"))
    across: list[list[Cell]] = [
        [pair, count, same.shared_texts[pair], Ratio(count / texts[pair.split(" ")[0]]), same.shared_conflicts[pair]]
        for pair, count in same.shared.items()
    ]
    head = ["texts of one split in another", "rows", "different texts", "share of the first", "with other labels only"]
    parts.append(render_table(head, across, "Across splits"))
    repeated: list[list[Cell]] = [[render_example(shown), count] for shown, count in same.repeated]
    parts.append(render_table(["text", "times"], repeated, "Repeated most"))
    conflicts: list[list[Cell]] = [
        [render_example(one), render_example(other)] for one, other in same.conflict_examples
    ]
    parts.append(render_table(["one row", "another row"], conflicts, "The same text with two labels"))
    shared: list[list[Cell]] = [[render_example(one), render_example(other)] for one, other in same.shared_examples]
    parts.append(render_table(["one split", "another split"], shared, "The same text in two splits"))
    return "".join(parts)


def near_section(found: DataReport) -> str:
    """Near-duplicates."""
    near, texts = found.near_duplicates, found.classes.texts
    parts = [
        render_paragraph(
            f"Pairs of different texts whose runs of {near.shingle_size} characters agree to {near.threshold:g} or "
            f"more (Jaccard similarity), among {near.texts:,} different texts. Every pair was compared exactly; of "
            f"pairs just at that similarity, {near.recall:.0%} are found, of more similar ones nearly all."
        )
    ]
    rows: list[list[Cell]] = [
        [pair, count, Ratio(count / texts[pair.split(" ")[0]])] for pair, count in near.touched.items()
    ]
    parts.append(render_table(["texts of one split near one in another", "texts", "share of the first"], rows))
    pairs: list[list[Cell]] = [
        [render_example(one), render_example(other), likeness] for one, other, likeness in near.examples
    ]
    parts.append(
        render_table(["text", "nearly the same", "similarity"], pairs, "The nearest pairs, across splits first")
    )
    return "".join(parts)


def odd_section(found: DataReport) -> str:
    """Empty, wordless and very long texts."""
    odd = found.extremes
    rows: list[list[Cell]] = [
        [split, odd.empty.get(split, 0), odd.wordless[split], odd.very_long[split]] for split in odd.wordless
    ]
    head = ["split", "empty", "signs only", "ten times longer than 99 %"]
    parts = [render_table(head, rows)]
    long: list[list[Cell]] = [[render_example(shown), length] for shown, length in odd.longest]
    parts.append(render_table(["beginning", "characters"], long, "The longest"))
    parts.append(render_table(["text"], [[render_example(shown)] for shown in odd.wordless_examples], "Signs only"))
    return "".join(parts)


def damage_section(found: DataReport) -> str:
    """Traces of wrong encoding, each kind with examples."""
    damage = found.damage
    if not damage.texts:
        return render_paragraph("None was found.")
    splits = list(found.classes.counts)
    rows: list[list[Cell]] = [
        [kind, *(counts.get(split, 0) for split in splits)] for kind, counts in damage.texts.items()
    ]
    parts = [render_table(["texts with", *splits], rows)]
    for kind, examples in damage.examples.items():
        parts.append(
            render_table(
                ["text", "trace"], [[render_example(shown, trace), trace[:40]] for shown, trace in examples], kind
            )
        )
    return "".join(parts)


def suspected_section(found: DataReport) -> str:
    """Suspected labels."""
    wrong = found.suspected
    if wrong is None:
        return render_paragraph(
            "Looked for in single-label data only, with three texts or more in two classes at least."
        )
    if not wrong.trusted:
        return render_paragraph(
            f"A linear model on tf-idf of {found.telling.kind} agrees with {wrong.agreement:.1%} of the labels of "
            f"{wrong.texts:,} training texts that it had not seen: too few for its doubts to mean anything."
        )
    parts = [
        render_paragraph(
            f"A linear model on tf-idf of {found.telling.kind} said how likely each label is, for {wrong.texts:,} "
            "training texts in three folds, each by a model that had not seen it; it agrees with "
            f"{wrong.agreement:.1%} of the labels. {wrong.suspected:,} are suspected: another label is as likely as it "
            "is, in the mean, for its own texts (confident learning, Northcutt et al. 2021). A suspicion is a reason "
            "to read, not to change."
        )
    ]
    confused: list[list[Cell]] = [list(row) for row in wrong.confusions]
    parts.append(render_table(["given", "looks like", "texts"], confused, "Most often"))
    rows: list[list[Cell]] = [
        [render_example(shown), other, Ratio(given), Ratio(likelier)]
        for shown, other, given, likelier in wrong.examples
    ]
    parts.append(render_table(["text and given label", "looks like", "given", "other"], rows, "The surest"))
    return "".join(parts)


def script_section(found: DataReport) -> str:
    """Scripts."""
    scripts = found.scripts
    if scripts.main is None:
        return render_paragraph("The texts hold no letter.")
    rows: list[list[Cell]] = [
        [split, name, Ratio(share), scripts.texts[split][name]]
        for split, shares in scripts.letters.items()
        for name, share in shares.items()
    ]
    parts = [render_table(["split", "script", "of all letters", "texts with any"], rows)]
    foreign = ", ".join(f"{count:,} in {split}" for split, count in scripts.foreign.items())
    parts.append(render_paragraph(f"Texts with letters, but none of the {scripts.main} script: {foreign}."))
    parts.append(render_table(["text"], [[render_example(shown)] for shown in scripts.examples]))
    return "".join(parts)
