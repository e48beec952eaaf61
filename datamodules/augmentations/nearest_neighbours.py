"""Replacement by nearest neighbours among word vectors (Wang and Yang 2015)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from contracts.errors import DataError, UsageError, join_names
from datamodules.augmentations.base import Labels, check_ratio
from datamodules.augmentations.primitives.function_words import FUNCTION_WORDS
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import (
    Segments,
    extract_words,
    make_jieba_segmenter,
    segment_by_characters,
)
from datamodules.augmentations.word_level.table_augmentation import TableAugmentation
from datamodules.cache import compute_cache_key, open_or_build
from datamodules.vectors.files import open_vector_file

_BLOCK = 1 << 24  # similarities per block: three arrays of 64 to 128 MB


class NearestNeighbours(TableAugmentation):
    """Replaces a fraction `alpha` of the words, at least one, by words with similar vectors.

    Neighbours are searched among the words of the training texts, once, and cached on disk. Function words stay.

    Args:
        path: File of word vectors. Text or binary format of word2vec, GloVe, fastText's `.vec` (plain or .gz), or
            `.npz`.
        lines: Table of words and their neighbours, used instead of a file. A checkpoint stores it.
        top_k: Number of neighbours per word to sample from, at least 1.
        similarity: Minimum cosine similarity of a neighbour, in [0, 1].
        alpha: Fraction of words to change, in [0, 1].
        jieba: Whether jieba splits Chinese into words (extra `jieba`). If not, characters are words.
        p: Probability that a text is changed, in [0, 1].
        cache_dir: Folder of cached neighbours; may be deleted at any time.
    """

    content_words_only = False
    built_in_lines = ""

    def __init__(
        self,
        path: str | None = None,
        lines: str | None = None,
        top_k: int = 5,
        similarity: float = 0.5,
        alpha: float = 0.1,
        jieba: bool = False,
        p: float = 1.0,
        cache_dir: str = ".cache/neighbours",
    ) -> None:
        super().__init__(path, lines, top_k, alpha, jieba, p)
        self.similarity = check_ratio("similarity", similarity)
        self.cache_dir = cache_dir

    def check_path(self) -> None:
        """Checks that `path` is a file of word vectors."""
        if self.path is None:
            raise UsageError("NearestNeighbours needs word vectors; name their file with path")
        open_vector_file(self.path)

    def list_files(self) -> list[str]:
        """Lists the file of vectors."""
        return [str(Path(path).expanduser()) for path in super().list_files()]

    def fit(self, texts: Sequence[str], labels: Labels) -> None:
        """Finds the neighbours of all words of the training texts, or reads them from the cache; keeps `lines`."""
        if self.path is None:
            return
        counts: Counter[str] = Counter()
        segmenter = make_jieba_segmenter() if self.jieba else segment_by_characters
        for text in texts:
            counts.update(extract_words(segmenter, text))
        words = sorted(counts)
        key = compute_cache_key({"words": words, "files": self.fingerprint()})

        def build(folder: Path) -> None:
            found = open_vector_file(str(self.path)).read({_encode(word) for word in words})
            known = [word for word in words if _encode(word) in found.index_of]
            if not known:
                raise DataError(
                    f"{self.path} has no vector for any of the {len(words):,} words of the training texts; its tokens "
                    f"are like {join_names(found.examples, 3)}. Give vectors of the language of the texts."
                )
            vectors = np.array([found.get_vector(word) for word in known], np.float32).reshape(len(known), found.dim)
            table = find_neighbours(known, vectors, self.top_k, self.similarity)
            (folder / "neighbours.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")

        folder = open_or_build(Path(self.cache_dir), key, build)
        table = json.loads((folder / "neighbours.json").read_text(encoding="utf-8"))
        self.lines = "\n".join("\t".join((word, *others)) for word, others in table.items())
        for name in ("table", "segmenter"):
            self.__dict__.pop(name, None)

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns `path` unless there is a table of neighbours and no file."""
        return "path" if arguments.get("lines") is None else super().find_external_argument(arguments)

    def override_arguments(self) -> dict[str, Any]:
        """Replaces `path` by the neighbours, since the vectors may be gone."""
        return {} if self.lines is None else {"path": None, "lines": self.lines}

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Replaces words by neighbours."""
        if self.lines is None:
            raise UsageError("NearestNeighbours is not fitted to training texts yet; call fit first")
        return self.replace_listed_words(segments, streams)


def find_neighbours(words: list[str], vectors: np.ndarray, top_k: int, similarity: float) -> dict[str, list[str]]:
    """Finds the words with the most similar vectors for each word that has any, the nearest first.

    Args:
        words: The words of the rows.
        vectors: float32 `(words, dim)`.
        top_k: Maximum neighbours of a word.
        similarity: Minimum cosine similarity.
    """
    content = np.array([word not in FUNCTION_WORDS and not word.isdigit() for word in words], bool)
    names = [word for word, is_content in zip(words, content, strict=True) if is_content]
    unit = vectors[content]
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    table = {}
    step = max(1, _BLOCK // max(len(names), 1))
    for start in range(0, len(names), step):
        cosines = unit[start : start + step] @ unit.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -1.0  # no word is its own neighbour
        count = min(top_k, len(names))
        top = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        for row in rows.tolist():
            near = sorted(
                top[row].tolist(), key=lambda column: (-cosines[row, column], column)
            )  # evaluated in this iteration
            similar = [names[column] for column in near if cosines[row, column] >= similarity]
            if similar:
                table[names[start + row]] = similar
    return table


def _encode(word: str) -> bytes:
    """Encodes a word as the vector file stores it, in UTF-8."""
    return word.encode("utf-8", "surrogatepass")
