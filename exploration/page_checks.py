"""The sections of the page that show faults, each with texts to judge by."""

from __future__ import annotations

from exploration.findings import Findings
from exploration.html_parts import Cell, Share, paragraph, quoted, table


def duplicate_section(found: Findings) -> str:
    """Exact repeats and conflicts."""
    same, texts = found.duplicates, found.classes.texts
    parts = [paragraph("Compared after white space around a text is trimmed and its characters are composed (NFC).")]
    within: list[list[Cell]] = [
        [split, texts[split], count, same.conflicts[split], same.conflict_rows[split]]
        for split, count in same.repeats.items()
    ]
    head = ["split", "texts", "repeats of an earlier one", "texts with two labels", "rows of these"]
    parts.append(table(head, within, "Within a split"))
    across: list[list[Cell]] = [
        [pair, count, same.shared_texts[pair], Share(count / texts[pair.split(" ")[0]]), same.shared_conflicts[pair]]
        for pair, count in same.shared.items()
    ]
    head = ["texts of one split in another", "rows", "different texts", "share of the first", "with other labels only"]
    parts.append(table(head, across, "Across splits"))
    repeated: list[list[Cell]] = [[quoted(shown), count] for shown, count in same.repeated]
    parts.append(table(["text", "times"], repeated, "Repeated most"))
    conflicts: list[list[Cell]] = [[quoted(one), quoted(other)] for one, other in same.conflict_examples]
    parts.append(table(["one row", "another row"], conflicts, "The same text with two labels"))
    shared: list[list[Cell]] = [[quoted(one), quoted(other)] for one, other in same.shared_examples]
    parts.append(table(["one split", "another split"], shared, "The same text in two splits"))
    return "".join(parts)


def near_section(found: Findings) -> str:
    """Near-duplicates."""
    near, texts = found.near_duplicates, found.classes.texts
    parts = [
        paragraph(
            f"Pairs of different texts whose runs of {near.shingle_size} characters agree to {near.threshold:g} or "
            f"more (Jaccard similarity), among {near.texts:,} different texts. Every pair was compared exactly; of "
            f"pairs just at that similarity, {near.recall:.0%} are found, of more similar ones nearly all."
        )
    ]
    rows: list[list[Cell]] = [
        [pair, count, Share(count / texts[pair.split(" ")[0]])] for pair, count in near.touched.items()
    ]
    parts.append(table(["texts of one split near one in another", "texts", "share of the first"], rows))
    pairs: list[list[Cell]] = [[quoted(one), quoted(other), likeness] for one, other, likeness in near.examples]
    parts.append(table(["text", "nearly the same", "similarity"], pairs, "The nearest pairs, across splits first"))
    return "".join(parts)


def odd_section(found: Findings) -> str:
    """Empty, wordless and very long texts."""
    odd = found.extremes
    rows: list[list[Cell]] = [
        [split, odd.empty.get(split, 0), odd.wordless[split], odd.very_long[split]] for split in odd.wordless
    ]
    head = ["split", "empty", "signs only", "ten times longer than 99 %"]
    parts = [table(head, rows)]
    long: list[list[Cell]] = [[quoted(shown), length] for shown, length in odd.longest]
    parts.append(table(["beginning", "characters"], long, "The longest"))
    parts.append(table(["text"], [[quoted(shown)] for shown in odd.wordless_examples], "Signs only"))
    return "".join(parts)


def damage_section(found: Findings) -> str:
    """Traces of wrong encoding, each kind with examples."""
    damage = found.damage
    if not damage.texts:
        return paragraph("None was found.")
    splits = list(found.classes.counts)
    rows: list[list[Cell]] = [
        [kind, *(counts.get(split, 0) for split in splits)] for kind, counts in damage.texts.items()
    ]
    parts = [table(["texts with", *splits], rows)]
    for kind, examples in damage.examples.items():
        parts.append(table(["text", "trace"], [[quoted(shown, trace), trace[:40]] for shown, trace in examples], kind))
    return "".join(parts)


def suspected_section(found: Findings) -> str:
    """Suspected labels."""
    wrong = found.suspected
    if wrong is None:
        return paragraph("Looked for in single-label data only, with three texts or more in two classes at least.")
    if not wrong.trusted:
        return paragraph(
            f"A linear model on tf-idf of {found.telling.kind} agrees with {wrong.agreement:.1%} of the labels of "
            f"{wrong.texts:,} training texts that it had not seen: too few for its doubts to mean anything."
        )
    parts = [
        paragraph(
            f"A linear model on tf-idf of {found.telling.kind} said how likely each label is, for {wrong.texts:,} "
            "training texts in three folds, each by a model that had not seen it; it agrees with "
            f"{wrong.agreement:.1%} of the labels. {wrong.suspected:,} are suspected: another label is as likely as it "
            "is, in the mean, for its own texts (confident learning, Northcutt et al. 2021). A suspicion is a reason "
            "to read, not to change."
        )
    ]
    confused: list[list[Cell]] = [list(row) for row in wrong.confusions]
    parts.append(table(["given", "looks like", "texts"], confused, "Most often"))
    rows: list[list[Cell]] = [
        [quoted(shown), other, Share(given), Share(likelier)] for shown, other, given, likelier in wrong.examples
    ]
    parts.append(table(["text and given label", "looks like", "given", "other"], rows, "The surest"))
    return "".join(parts)


def script_section(found: Findings) -> str:
    """Scripts."""
    scripts = found.scripts
    if scripts.main is None:
        return paragraph("The texts hold no letter.")
    rows: list[list[Cell]] = [
        [split, name, Share(share), scripts.texts[split][name]]
        for split, shares in scripts.letters.items()
        for name, share in shares.items()
    ]
    parts = [table(["split", "script", "of all letters", "texts with any"], rows)]
    foreign = ", ".join(f"{count:,} in {split}" for split, count in scripts.foreign.items())
    parts.append(paragraph(f"Texts with letters, but none of the {scripts.main} script: {foreign}."))
    parts.append(table(["text"], [[quoted(shown)] for shown in scripts.examples]))
    return "".join(parts)
