"""What the folder of a run is called where the user does not say."""

from __future__ import annotations

import re
from pathlib import Path

from jsonargparse import Namespace

from commands.checks import class_name


def run_name(config: Namespace) -> str:
    """Data and model in one word, `thucnews_text_cnn` say."""
    source = config.data.source
    path = (source.get("init_args") or {}).get("path")
    data = Path(str(path)).resolve().name.split(".")[0] if path else class_name(source) or "data"
    words = (data, class_name(config.model.encoder) or "model")
    return "_".join(_snake(word) for word in words)


def _snake(word: str) -> str:
    """Lower case with underscores, safe as a folder.

    >>> _snake("TextCNN"), _snake("RNN"), _snake("my data")
    ('text_cnn', 'rnn', 'my_data')
    """
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word)
    return re.sub(r"[^0-9A-Za-z_-]+", "_", word).strip("_").lower() or "data"
