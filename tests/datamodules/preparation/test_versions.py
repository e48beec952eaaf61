"""The key of the cache changes with each library, table or file that shaped its content, and with no other."""

import importlib.metadata
import os
import unicodedata
from types import SimpleNamespace

import pytest

from contracts import pretrained_path, versions
from contracts.pretrained_path import find_hub_revision
from contracts.versions import get_versions, hash_source_code
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives import wordnet
from datamodules.augmentations.random_swap import RandomSwap
from datamodules.augmentations.synonym_replacement import SynonymReplacement
from datamodules.augmenting.augmenter import Augmenter
from datamodules.augmenting.options import AugmentOptions
from datamodules.preparation.options import PreparationOptions
from datamodules.preparation.prepare import compute_data_key
from datamodules.sources.base import Rows
from datamodules.sources.demo import Demo
from datamodules.sources.files import Files
from datamodules.tokenizers.characters import Characters
from datamodules.tokenizers.mixed import Mixed
from datamodules.tokenizers.pretrained import Pretrained
from datamodules.tokenizers.subwords import Subwords
from datamodules.tokenizers.words import Words
from datamodules.vectors.word2vec import Word2Vec
from tests.rows_in_memory import RowsInMemory

TWO_ROWS = Rows(["a b", "c"], ["x", "y"])


def key(tokenizer=None, source=None, augmentations=None, **options):
    augmenter = Augmenter(augmentations, AugmentOptions("offline") if augmentations else AugmentOptions(), 1, None)
    return compute_data_key(source or Demo(), tokenizer or Characters(), PreparationOptions(**options), augmenter)


@pytest.fixture
def upgrade(monkeypatch):
    """Pretends that another version of a library is installed."""

    def pretend(package):
        real = importlib.metadata.version
        monkeypatch.setattr(versions.importlib.metadata, "version", lambda n: "9.9" if n == package else real(n))

    return pretend


SHAPED = {
    "tokenizers of Words": ("tokenizers", lambda: key(Words())),
    "tokenizers of Mixed": ("tokenizers", lambda: key(Mixed())),
    "tokenizers of Subwords": ("tokenizers", lambda: key(Subwords())),
    "jieba of Words": ("jieba", lambda: key(Words(segment="jieba"))),
    "jieba of Mixed": ("jieba", lambda: key(Mixed(segment="jieba"))),
    "jieba of an augmentation": ("jieba", lambda: key(augmentations=RandomSwap(jieba=True))),
    "numpy of folds": ("numpy", lambda: key(num_folds=3, fold=0)),
    "numpy of few texts": ("numpy", lambda: key(few_shot=3)),
    "numpy of fewer texts": ("numpy", lambda: key(max_train_samples=30)),
    "numpy of a validation split": ("numpy", lambda: key(source=RowsInMemory(train=TWO_ROWS))),
}
NOT_SHAPED = {
    "tokenizers of Characters": ("tokenizers", lambda: key(Characters())),
    "jieba of Words by Unicode": ("jieba", lambda: key(Words())),
    "jieba of an augmentation": ("jieba", lambda: key(augmentations=RandomSwap())),
    "jieba on the fly": ("jieba", lambda: key(Words(), augmentations=None)),
    "nltk of built-in synonyms": ("nltk", lambda: key(augmentations=SynonymReplacement())),
    "numpy of given splits": ("numpy", lambda: key(Words())),
    "gensim": ("gensim", lambda: key(Words(segment="jieba"))),
    "torch": ("torch", lambda: key(Words(), augmentations=RandomSwap())),
}


@pytest.mark.parametrize("case", SHAPED)
def test_another_version_of_what_shaped_the_data_is_another_key(case, upgrade):
    package, compute = SHAPED[case]
    if "jieba" in case:
        pytest.importorskip("jieba")
    before = compute()
    assert compute() == before
    upgrade(package)
    assert compute() != before


@pytest.mark.parametrize("case", NOT_SHAPED)
def test_another_version_of_what_did_not_is_the_same_key(case, upgrade):
    package, compute = NOT_SHAPED[case]
    if "segment" in case or case == "gensim":
        pytest.importorskip("jieba")
    before = compute()
    upgrade(package)
    assert compute() == before


def test_files_with_a_validation_split_do_not_depend_on_numpy(tmp_path, upgrade):
    for name in ("train", "validation"):
        (tmp_path / f"{name}.csv").write_text("text,label\na,x\nb,y\n")
    before = key(source=Files(str(tmp_path)))
    upgrade("numpy")
    assert key(source=Files(str(tmp_path))) == before
    (tmp_path / "validation.csv").unlink()
    assert get_versions(["numpy"]) == {"numpy": "9.9"}
    assert Files(str(tmp_path)).list_splits() == {"train"}


def test_other_unicode_tables_are_another_key(monkeypatch):
    before = key()
    monkeypatch.setattr(unicodedata, "unidata_version", "99.0.0")
    assert key() != before


def test_the_content_of_a_pretrained_tokenizer_counts(tiny_bert, tmp_path):
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(tiny_bert, folder)
    before = key(Pretrained(str(folder)))
    assert key(Pretrained(str(folder))) == before
    file = folder / "tokenizer.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"sep"', '"pes"'), encoding="utf-8")
    assert key(Pretrained(str(folder))) != before


class Borrowed(Augmentation):
    """Reads a model of the hub."""

    def list_files(self):
        return ["someone/model"]

    def list_libraries(self):
        return ["transformers"]

    def transform(self, texts, streams):
        return texts


def test_another_revision_of_a_hub_model_is_another_key(monkeypatch, upgrade):
    found = []
    for revision in ("abc", "abc", "def"):
        monkeypatch.setattr("datamodules.augmentations.base.find_hub_revision", {"someone/model": revision}.get)
        found.append(key(augmentations=Borrowed()))
    assert found[0] == found[1] != found[2]
    upgrade("transformers")
    assert key(augmentations=Borrowed()) not in found


def test_the_revision_is_the_hubs_or_that_of_the_last_download(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    find_hub_revision.cache_clear()
    monkeypatch.setattr(
        hub, "try_to_load_from_cache", lambda *names: "/home/hub/models--a--b/snapshots/c0ffee/config.json"
    )
    assert find_hub_revision("a/b") == "c0ffee"
    find_hub_revision.cache_clear()
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "get_hf_file_metadata", lambda url, timeout: SimpleNamespace(commit_hash="beef"))
    assert find_hub_revision("a/b") == "beef"
    pretrained_path.find_hub_revision.cache_clear()
    monkeypatch.undo()
    assert find_hub_revision("a file/that/is not there") is None


def test_other_data_or_another_library_of_wordnet_is_another_key(tmp_path, monkeypatch, upgrade):
    data = tmp_path / "data.noun"
    data.write_text("one")
    reader = SimpleNamespace(abspaths=lambda: [str(data)])
    for module in (wordnet, SynonymReplacement.__mro__[1].__module__):
        target = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f"{target}.load_wordnet", lambda: reader)
    assert wordnet.list_wordnet_files() == [str(data)]
    zipped = SimpleNamespace(zipfile=SimpleNamespace(filename="wordnet.zip"))
    reader.abspaths = lambda: [zipped, zipped]
    assert wordnet.list_wordnet_files() == ["wordnet.zip"]
    reader.abspaths = lambda: [str(data)]
    before = key(augmentations=SynonymReplacement("wordnet"))
    assert key(augmentations=SynonymReplacement("wordnet")) == before
    os.utime(data, (1, 1))
    after = key(augmentations=SynonymReplacement("wordnet"))
    assert after != before
    upgrade("nltk")
    assert key(augmentations=SynonymReplacement("wordnet")) not in (before, after)


def test_a_changed_word_list_is_another_key(tmp_path, monkeypatch):
    """The lists are modules: the code of an augmentation and of what it imports counts, and no other."""
    package = tmp_path / "kinds"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "swap.py").write_text("import os\nfrom kinds.lists import WORDS\n")
    (package / "lists.py").write_text("WORDS = ['a']\n")
    (package / "other.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    found = []
    for change in (None, "other.py", "lists.py", "swap.py"):
        if change:
            (package / change).write_text((package / change).read_text() + "# changed\n")
        hash_source_code.cache_clear()
        found.append(hash_source_code("kinds.swap", "kinds"))
    assert found[0] == found[1]
    assert len(set(found)) == 3
    files = hash_source_code(SynonymReplacement.__module__, "datamodules.augmentations")
    assert f'"code": "{files}"' in SynonymReplacement().fingerprint()


def test_word_vectors_that_are_trained_depend_on_gensim(upgrade):
    pytest.importorskip("gensim")
    before = Word2Vec().fingerprint()
    upgrade("gensim")
    assert Word2Vec().fingerprint() != before


def test_a_package_that_is_not_installed_has_no_version():
    assert get_versions(["no-such-package", "numpy"]) == {
        "no-such-package": "",
        "numpy": importlib.metadata.version("numpy"),
    }
