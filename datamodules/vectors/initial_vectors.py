"""From the rows of a file to one starting vector per id of a vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from contracts.errors import DataError, join_names
from datamodules.vectors.rows import FoundRows

Missing = Literal["matched", "characters", "zeros"]

_SPECIAL = re.compile(r"[\[<].+[\]>]")  # [UNK], <unk>, [MASK]: no word that has another case or is made of characters
_MARKS = re.compile("^(##|\u2581|\u0120|<[BME]>)(?=.)", re.DOTALL)  # of parts of words: within one, after a space


@dataclass
class Coverage:
    """How the ids of a vocabulary came to their vectors; padding is not counted.

    Args:
        ids: All that were looked for.
        as_is: Found as they are.
        other_case: Found in small letters, with a capital, or in capitals.
        from_characters: Averaged from the vectors of their characters.
        drawn: Drawn like the found ones.
        zero: Left at zero.
        share_of_ids: Share found, in either case.
        share_of_tokens: The same, with each id counted as often as it occurs in training.
        commonest_missing: Tokens not found that occur most often in training.
        found: Bool `(ids,)`, which were found, in either case.
    """

    ids: int
    as_is: int
    other_case: int
    from_characters: int
    drawn: int
    zero: int
    share_of_ids: float
    share_of_tokens: float
    commonest_missing: list[str]
    found: np.ndarray

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the report."""
        return {name: value for name, value in vars(self).items() if name != "found"}

    def of(self, counts: np.ndarray) -> list[float]:
        """Share of the tokens, and share of the different ones, of some texts that have a vector.

        Args:
            counts: int64 `(ids,)`, how often each id occurs in them.
        """
        return compute_coverage(self.found, counts)

    def sentence(self, others: str = "") -> str:
        """For the screen.

        Args:
            others: What to add on other tokens than those of training.
        """
        ways = [
            (self.as_is, "as they are"),
            (self.other_case, "in another case"),
            (self.from_characters, "averaged from characters"),
            (self.drawn, "drawn at random like these"),
            (self.zero, "zero"),
        ]
        told = ", ".join(f"{count:,} {way}" for count, way in ways if count)
        return (
            f"{self.as_is + self.other_case:,} of {self.ids:,} ids found ({self.share_of_ids:.1%}), "
            f"{self.share_of_tokens:.1%} of the training tokens{others}: {told}"
        )


def compute_coverage(found: np.ndarray, counts: np.ndarray) -> list[float]:
    """Share of the tokens, and share of the different ones, of some texts that have a vector.

    Args:
        found: Bool `(ids,)`.
        counts: int64 `(ids,)`, how often each id occurs in the texts.
    """
    return [float(many[found].sum() / max(many.sum(), 1)) for many in (counts, (counts > 0).astype(np.int64))]


def list_case_variants(token: str) -> list[str]:
    """The spellings to look for, best first, without the marks of subwords.

    >>> list_case_variants("usa")
    ['usa', 'Usa', 'USA']
    >>> list_case_variants("McCoy")
    ['McCoy', 'mccoy', 'Mccoy', 'MCCOY']
    """
    if _SPECIAL.fullmatch(token):
        return [token]
    plain = _MARKS.sub("", token)
    return list(dict.fromkeys([token, plain, plain.lower(), plain.capitalize(), plain.upper()]))


def list_spellings(tokens: Iterable[str], missing: Missing) -> set[bytes]:
    """Every spelling of every token, in UTF-8, and of its characters where these are needed."""
    forms = {form for token in tokens for form in list_case_variants(token)}
    if missing == "characters":
        characters = {character for form in forms for character in form}
        forms |= {form for character in characters for form in list_case_variants(character)}
    return {form.encode("utf-8", "surrogatepass") for form in forms if form}


def build_initial_vectors(
    tokens: Sequence[str],
    counts: np.ndarray,
    padding_id: int,
    found: FoundRows,
    missing: Missing,
    rng: np.random.Generator,
) -> tuple[np.ndarray, Coverage]:
    """Looks every token up, in other cases where it must, and fills in those that are not found.

    Args:
        tokens: The string of each id.
        counts: int64 `(ids,)`, how often each occurs in training.
        padding_id: Keeps a zero vector.
        found: The rows of `list_spellings`.
        missing: Where a token is not found: "matched" draws from a normal distribution with the mean and spread of
            the found ones, number by number; "characters" averages the vectors of its characters, and draws where
            none is found; "zeros" leaves it at zero.
        rng: For the drawn ones.

    Returns:
        float32 `(ids, dim)`, and how they came to be.

    Raises:
        DataError: Nothing was found.
    """
    vectors = np.zeros((len(tokens), found.dim), np.float32)
    ways = np.full(len(tokens), _NONE)
    ways[padding_id] = _PADDING
    for number, token in enumerate(tokens):
        if number != padding_id and token:
            ways[number] = _look_up(token, found, missing, vectors[number])
    there = (ways == _AS_IS) | (ways == _OTHER_CASE)
    known = there | (ways == _CHARACTERS)
    absent = np.flatnonzero(ways == _NONE)
    order = absent[np.argsort(-counts[absent], kind="stable")]
    common = [tokens[number] for number in order[:10].tolist()]
    if not known.any():
        raise DataError(
            f"{found.path} has no vector for any of the {len(tokens) - 1:,} tokens, such as {', '.join(common[:3])}; "
            f"its own are like {join_names(found.examples)}. Give vectors of the language and the units (words or "
            "characters) of --data.tokenizer, or choose another tokenizer."
        )
    if missing != "zeros":
        like = vectors[there if there.any() else known]
        drawn = rng.standard_normal((len(absent), found.dim), np.float32)
        vectors[absent] = like.mean(0) + drawn * like.std(0)
    rest = ways != _PADDING
    occurring = int(counts[rest].sum())
    coverage = Coverage(
        ids=int(rest.sum()),
        as_is=int((ways == _AS_IS).sum()),
        other_case=int((ways == _OTHER_CASE).sum()),
        from_characters=int((ways == _CHARACTERS).sum()),
        drawn=len(absent) if missing != "zeros" else 0,
        zero=len(absent) if missing == "zeros" else 0,
        share_of_ids=float(there.sum() / max(rest.sum(), 1)),
        share_of_tokens=float(counts[there].sum() / max(occurring, 1)),
        commonest_missing=common,
        found=there,
    )
    return vectors, coverage


_PADDING, _NONE, _AS_IS, _OTHER_CASE, _CHARACTERS = range(5)


def _look_up(token: str, found: FoundRows, missing: Missing, into: np.ndarray) -> int:
    for place, form in enumerate(list_case_variants(token)):
        vector = found.vector(form)
        if vector is not None:
            into[:] = vector
            return _AS_IS if place == 0 or form == _MARKS.sub("", token) else _OTHER_CASE
    if missing != "characters" or _SPECIAL.fullmatch(token):
        return _NONE
    parts = []
    for character in _MARKS.sub("", token):
        parts.append(next((v for v in map(found.vector, list_case_variants(character)) if v is not None), None))
    known = [part for part in parts if part is not None]
    if not known:
        return _NONE
    into[:] = np.mean(known, 0)
    return _CHARACTERS
