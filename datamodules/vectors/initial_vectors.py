"""Initial vectors of a vocabulary from the rows of a vector file: one vector per token id, and their coverage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from contracts.errors import DataError, join_names
from datamodules.vectors.vector_rows import VectorRows

Missing = Literal["matched", "characters", "zeros"]

_SPECIAL = re.compile(r"[\[<].+[\]>]")  # [UNK], <unk>, [MASK]: looked up as they are only
_MARKS = re.compile("^(##|\u2581|\u0120|<[BME]>)(?=.)", re.DOTALL)  # of subwords: inside a word, after a space


@dataclass
class Coverage:
    """How many ids of a vocabulary were initialized in which way; padding is not counted.

    Args:
        ids: Number of ids.
        as_is: Number found in the file unchanged.
        other_case: Number found in lowercase, capitalized, or in uppercase.
        from_characters: Number averaged from the vectors of their characters.
        drawn: Number drawn at random. Mean and standard deviation are those of the vectors found.
        zero: Number of zero vectors.
        share_of_ids: Fraction of ids that were found, in any case.
        share_of_tokens: Fraction of training tokens whose id was found.
        commonest_missing: The most frequent training tokens that were not found.
        found: Bool `(ids,)`, which were found, in any case.
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
        """Converts to JSON-serializable values for the report."""
        return {name: value for name, value in vars(self).items() if name != "found"}

    def summarize(self, others: str = "") -> str:
        """Summarizes the coverage in a sentence.

        Args:
            others: Inserted after the coverage of training tokens.
        """
        ways = [
            (self.as_is, "as they are"),
            (self.other_case, "in another case"),
            (self.from_characters, "averaged from characters"),
            (self.drawn, "random"),
            (self.zero, "zero"),
        ]
        counts = ", ".join(f"{count:,} {way}" for count, way in ways if count)
        return (
            f"{self.as_is + self.other_case:,} of {self.ids:,} ids found ({self.share_of_ids:.1%}), "
            f"{self.share_of_tokens:.1%} of the training tokens{others}: {counts}"
        )


def compute_coverage(found: np.ndarray, counts: np.ndarray) -> list[float]:
    """Computes the fractions of tokens and of types with a vector.

    Args:
        found: Bool `(ids,)`, which ids have a vector.
        counts: int64 `(ids,)`, occurrences of each id in the texts.
    """
    return [float(many[found].sum() / max(many.sum(), 1)) for many in (counts, (counts > 0).astype(np.int64))]


def list_case_variants(token: str) -> list[str]:
    """Lists the spellings of a token to look up, best first, without the markers of subwords.

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
    """Lists all spellings of all tokens in UTF-8, and of their characters if `missing` needs them."""
    forms = {form for token in tokens for form in list_case_variants(token)}
    if missing == "characters":
        characters = {character for form in forms for character in form}
        forms |= {form for character in characters for form in list_case_variants(character)}
    return {form.encode("utf-8", "surrogatepass") for form in forms if form}


def build_initial_vectors(
    tokens: Sequence[str],
    counts: np.ndarray,
    padding_id: int,
    found: VectorRows,
    missing: Missing,
    rng: np.random.Generator,
) -> tuple[np.ndarray, Coverage]:
    """Builds one vector per id: looked up in the file, in other cases if needed, or initialized by `missing`.

    Args:
        tokens: The string of each id.
        counts: int64 `(ids,)`, occurrences of each id in training.
        padding_id: Gets a zero vector.
        found: The rows of the spellings in `list_spellings`.
        missing: For tokens that are not found: "matched" draws from a normal distribution with the mean and standard
            deviation of the found vectors, per dimension; "characters" averages the vectors of their characters, and
            draws if none is found; "zeros" leaves them at zero.
        rng: For random vectors.

    Returns:
        float32 `(ids, dim)`, and the coverage.

    Raises:
        DataError: Nothing was found.
    """
    vectors = np.zeros((len(tokens), found.dim), np.float32)
    ways = np.full(len(tokens), _NONE)
    ways[padding_id] = _PADDING
    for number, token in enumerate(tokens):
        if number != padding_id and token:
            ways[number] = _write_initial_vector(token, found, missing, vectors[number])
    is_found = (ways == _AS_IS) | (ways == _OTHER_CASE)
    known = is_found | (ways == _CHARACTERS)
    absent = np.flatnonzero(ways == _NONE)
    order = absent[np.argsort(-counts[absent], kind="stable")]
    common = [tokens[number] for number in order[:10].tolist()]
    if not known.any():
        raise DataError(
            f"{found.path} has no vector for any of the {len(tokens) - 1:,} tokens, such as {', '.join(common[:3])}; "
            f"its tokens are like {join_names(found.examples)}. Give vectors of the language and the units (words or "
            "characters) of --data.tokenizer, or choose another tokenizer."
        )
    if missing != "zeros":
        like = vectors[is_found if is_found.any() else known]
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
        share_of_ids=float(is_found.sum() / max(rest.sum(), 1)),
        share_of_tokens=float(counts[is_found].sum() / max(occurring, 1)),
        commonest_missing=common,
        found=is_found,
    )
    return vectors, coverage


_PADDING, _NONE, _AS_IS, _OTHER_CASE, _CHARACTERS = range(5)


def _write_initial_vector(token: str, found: VectorRows, missing: Missing, into: np.ndarray) -> int:
    """Writes the vector of a token to `into`, from its spellings or characters; returns where it came from."""
    for position, form in enumerate(list_case_variants(token)):
        vector = found.get_vector(form)
        if vector is not None:
            into[:] = vector
            return _AS_IS if position == 0 or form == _MARKS.sub("", token) else _OTHER_CASE
    if missing != "characters" or _SPECIAL.fullmatch(token):
        return _NONE
    parts = []
    for character in _MARKS.sub("", token):
        parts.append(next((v for v in map(found.get_vector, list_case_variants(character)) if v is not None), None))
    known = [part for part in parts if part is not None]
    if not known:
        return _NONE
    into[:] = np.mean(known, 0)
    return _CHARACTERS
