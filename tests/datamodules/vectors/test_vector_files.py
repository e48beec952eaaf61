"""Files of word vectors in every kind, as other programs write them, and with every fault."""

import gzip
import re
import struct

import numpy as np
import pytest

from contracts.errors import DataError, UsageError
from datamodules.vectors.files import open_vector_file

WORDS = ["the", "猫", "New_York"]
VECTORS = np.array([[0.5, -1.25, 3.0], [1e-3, 2.0, -4.0], [7.0, 8.5, -9.0]], np.float32)  # all exact in text
WANTED = {word.encode() for word in WORDS}


def lines(words=WORDS, vectors=VECTORS, end="\n"):
    return "".join(f"{word} {' '.join(f'{x:.9g}' for x in row)}{end}" for word, row in zip(words, vectors, strict=True))


def binary(words=WORDS, vectors=VECTORS, between=b""):
    """As the C program of word2vec writes, by hand: sizes, then each token, a space, and float32s."""
    rows = (
        word.encode() + b" " + struct.pack(f"<{len(row)}f", *row) + between
        for word, row in zip(words, vectors, strict=True)
    )
    return f"{len(words)} {vectors.shape[1]}\n".encode() + b"".join(rows)


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def table(path, words=WORDS, wanted=WANTED):
    found = open_vector_file(path).read(wanted)
    assert found.list_problems() == []
    return np.array([found.get_vector(word) for word in words])


KINDS = {
    "word2vec text": f"3 3\n{lines()}",
    "GloVe": lines(),
    "fastText, with spaces at the ends of lines": f"3 3\n{lines(end=' ' + chr(10))}",
    "lines of Windows": f"3 3\r\n{lines(end=chr(13) + chr(10))}",
    "tabs": lines().replace(" ", "\t"),
    "no line break at the end, and empty lines": "\n" + lines().replace("猫", "\n猫").strip(),
    "binary": binary(),
    "binary with line breaks": binary(between=b"\n"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("content", KINDS.values(), ids=KINDS)
def test_each_kind_is_told_by_its_content(tmp_path, content, packed):
    content = content if isinstance(content, bytes) else content.encode()
    path = write(tmp_path / "vectors", gzip.compress(content) if packed else content)
    assert open_vector_file(path).dim == 3
    assert np.array_equal(table(path), VECTORS)


@pytest.mark.parametrize("as_binary", [False, True])
def test_what_gensim_writes_is_read(tmp_path, as_binary):
    models = pytest.importorskip("gensim.models")
    vectors = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    theirs = models.KeyedVectors(5)
    theirs.add_vectors(WORDS, vectors)
    path = str(tmp_path / "vectors.any")
    theirs.save_word2vec_format(path, binary=as_binary)
    assert np.array_equal(table(path), vectors)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_npz_is_read_whatever_its_arrays_are_called(tmp_path, save, kind):
    path = str(tmp_path / "v.npz")
    save(path, tokens=np.array(WORDS), emb=VECTORS.astype(kind))
    expected = VECTORS.astype(kind).astype(np.float32)
    assert np.array_equal(table(path), expected)


def test_npz_of_more_rows_than_a_block_is_read_in_order(tmp_path):
    words = [f"w{number}" for number in range(9_000)]
    path = str(tmp_path / "v.npz")
    np.savez(path, words=np.array(words), vectors=np.arange(9_000, dtype=np.float32)[:, None])
    found = open_vector_file(path).read({b"w0", b"w4096", b"w8999"})
    assert [found.get_vector(word)[0] for word in ("w0", "w4096", "w8999")] == [0, 4096, 8999]


@pytest.mark.parametrize("content", [lines(), binary()], ids=["text", "binary"])
def test_only_the_rows_that_were_asked_for_are_kept(tmp_path, content):
    found = open_vector_file(write(tmp_path / "v", content)).read({b"New_York", b"absent"})
    assert (found.num_rows, list(found.index_of), len(found.vectors)) == (3, [b"New_York"], 1)


def test_a_binary_row_across_two_blocks_is_read_whole(tmp_path):
    """9 MB of rows in blocks of 4 MB: wherever a block ends, some row is cut."""
    words, vectors = [f"w{i}" for i in range(750)], np.random.default_rng(1).normal(size=(750, 3000)).astype("f4")
    path = write(tmp_path / "v", binary(words, vectors))
    assert np.array_equal(table(path, words, {word.encode() for word in words}), vectors)


COUNTED = [
    ("the 1 2\ncat 3\ndog 4 5\n", r"1 malformed rows were skipped, the first line 2 \(1 numbers in place of 2\)"),
    ("3 2\nthe 1 2\ndog 4 5\ncat 3 x\n", r"the first line 4 \(not all of its columns are numbers\)"),
    ("the 1 2\ndog 4 \ncat 4 4\n", r"1 malformed rows were skipped, the first line 2 \(1 numbers"),
    ("the 1 2\ncat nan 1\ndog inf 1\nowl 1 2\n", r"2 rows with NaN or infinite numbers were skipped"),
    ("the 1 2\nthe 3 4\ncat 1 2\n", r"1 rows repeat a token; the first row of each is used"),
    ("the 1 2\né 3 4\n".encode("latin-1"), r"1 tokens are not UTF-8 .* convert the file to UTF-8"),
    ("9 2\nthe 1 2\ncat 3 4\n", r"the header specifies 9 rows and there are 2; the file may be truncated"),
    (b"2 2\nthe \0\0\x80\x3f\0\0\0\x40cat \0\0\xc0\x7f\0\0\0\x40", r"1 rows with NaN or infinite"),
]


@pytest.mark.parametrize(("content", "message"), COUNTED, ids=range(len(COUNTED)))
def test_faults_of_some_rows_are_counted_and_the_others_kept(tmp_path, content, message):
    found = open_vector_file(write(tmp_path / "v", content)).read({b"the", b"cat", b"dog"})
    (note,) = found.list_problems()
    assert note.startswith(f"{tmp_path / 'v'}: ")
    assert re.search(message, note), note
    assert found.get_vector("the").tolist() == [1, 2]


def test_a_row_that_is_not_asked_for_is_not_parsed(tmp_path):
    assert open_vector_file(write(tmp_path / "v", "the 1 2\ncat x y\n")).read({b"the"}).list_problems() == []


REFUSED = [
    ("", r"v is empty; give a file of word vectors"),
    ("2 3\n", r"holds no vector after its header"),
    ("2 0\nthe\n", r"specifies vectors of 0 numbers"),
    ("hello world\nand more\n", r"holds no vectors: a row is a token and its numbers with spaces between"),
    ("2 3\nthe 1 2\ncat 1 2\n", r"the header specifies 3 numbers per row, and the first row has 2"),
    (
        "2 2\nthe 1 2\ncat 1 2\n" + "x 1\n" * 5,
        r"5 of 7 rows are malformed, the first line 4 \(1 numbers in place of 2\)",
    ),
    (binary()[:-5], r"is truncated: its header specifies 3 rows and it ends in row 3; fetch it again"),
    (binary() + b"x 1234", r"has data after the 3 rows of 3 numbers that its header specifies"),
    (binary([f"w{i}" for i in range(900)], np.ones((900, 9), "f4")).replace(b"900 9", b"900 7", 1), r"damaged|goes on"),
    (b"\x80\x04\x95\x00\x01pickle", r"is neither text nor a binary file of word2vec"),
    (gzip.compress(lines().encode() * 99)[:-20], r"cannot be read \(.*\); fetch it again"),
    (b"PK\x03\x04 and no more", r"cannot be read as \.npz \(.*\); fetch it or write it again"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED, ids=range(len(REFUSED)))
def test_a_file_that_is_broken_as_a_whole_is_refused(tmp_path, content, message):
    path = write(tmp_path / "v", content)
    with pytest.raises(DataError, match=message):
        open_vector_file(path).read(WANTED).list_problems()


def test_a_large_gz_that_is_cut_off_says_after_how_many_rows(tmp_path):
    noise = np.random.default_rng(0).normal(size=(3_000, 20)).astype(np.float32)
    packed = gzip.compress(lines([f"w{i}" for i in range(3_000)], noise).encode())
    path = write(tmp_path / "v.gz", packed[: len(packed) // 2])
    with pytest.raises(DataError, match=r"is truncated or damaged after [\d,]+ rows \(.*\); fetch it again"):
        open_vector_file(path).read(WANTED)


@pytest.mark.parametrize("arrays", [{"embeddings": VECTORS}, {"words": np.array(WORDS), "vectors": VECTORS[:2]}])
def test_npz_without_tokens_or_of_another_number_is_refused(tmp_path, arrays):
    np.savez(tmp_path / "v.npz", **arrays)
    with pytest.raises(DataError, match=r"must hold the tokens.*and holds .*float32 \[\d, 3\].*numpy\.savez"):
        open_vector_file(str(tmp_path / "v.npz"))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"the file of word vectors .*none is not there; give a text, binary"):
        open_vector_file(str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"is a folder"):
        open_vector_file(str(tmp_path))
