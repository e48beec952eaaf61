"""Unambiguous English contractions, their long forms, and the contexts in which one may replace the other."""

from __future__ import annotations

import re

# Not listed: 's and 'd (is or has, would or had), and short forms of `have`, which as a full verb is not shortened.
_VERBS_WITH_NOT = "is are was were does do did has have had would should could must need"
_PAIRS = (
    [(f"{verb}n't", f"{verb} not") for verb in _VERBS_WITH_NOT.split()]
    + [("can't", "cannot"), ("won't", "will not"), ("i'm", "i am")]
    + [(f"{who}'re", f"{who} are") for who in ("you", "we", "they")]
    + [(f"{who}'ll", f"{who} will") for who in ("i", "you", "he", "she", "we", "they")]
)
_ONE_WAY = [(f"{who}'ve", f"{who} have") for who in ("i", "you", "we", "they", "could", "should", "would")]

LONG_FORM = dict(_PAIRS + _ONE_WAY)
SHORT_FORM = {long: short for short, long in _PAIRS}

_SUBJECT = r"(?:i|you|he|she|it|we|they|the|this|that|there|my|your|his|her|our|their|a|an)"
_SHORT_FORMS = "|".join(LONG_FORM).replace("'", "['’]")
_LONG_FORMS = "|".join(SHORT_FORM).replace(" ", r"\s")
CONVERTIBLE = re.compile(  # the flag `a` within: else an `i` would also be a dotless one, and such
    # "why don't you" would become "why do not you"
    rf"(?<![\w'’])(?:(?:(?a:{_SHORT_FORMS}))(?![\w'’])(?!(?<=n['’]t)\s+{_SUBJECT}\b)"
    # "you will." at the end and "who you are and" cannot be short, and "will you not" is not matched at all
    rf"|(?a:{_LONG_FORMS})(?=\s+(?!(?:and|or|but|when|if|in|at|on)\b)\w))",
    re.IGNORECASE,
)
MAY_CONVERT = re.compile(r"['’]|\b(?:not|cannot|am|are|will)\b", re.IGNORECASE)


def convert_form(form: str) -> str:
    """Converts a contraction to its long form, or a long form to its contraction, and keeps its capitals.

    >>> convert_form("Don't"), convert_form("they will"), convert_form("I’m"), convert_form("WON'T")
    ('Do not', "they'll", 'I am', 'WILL NOT')
    """
    plain = re.sub(r"\s", " ", form.replace("’", "'")).lower()
    new = LONG_FORM.get(plain) or SHORT_FORM[plain]
    if plain[:2] in ("i'", "i "):
        return "I" + new[1:]
    if form.isupper():
        return new.upper()
    return new[0].upper() + new[1:] if form[0].isupper() else new
