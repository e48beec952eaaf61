"""Units that a vocabulary lacks, counted from what a tokenizer says of its units."""

from collections import Counter


def unknown_units(tokenizer, texts) -> Counter:
    """How often each of them occurs."""
    units = tokenizer.units(texts)
    return Counter(units.names[place] for place in units.places.tolist() if not units.known[place])
