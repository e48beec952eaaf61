"""Units that a vocabulary lacks, counted from what a tokenizer says of its units."""

from collections import Counter


def unknown_units(tokenizer, texts) -> Counter:
    """How often each of them occurs."""
    units = tokenizer.extract_units(texts)
    return Counter(units.strings[place] for place in units.unit_ids.tolist() if not units.is_known[place])
