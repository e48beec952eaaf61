from __future__ import annotations

import pytest
from small_corpus import corpus, faultless_rows

from datamodules.tokenizers.characters import Characters
from datamodules.tokenizers.words import Words
from exploration.data_report import analyze_corpus


@pytest.fixture(scope="session")
def faultless():
    """The report on texts without any fault."""
    rows = faultless_rows()
    made = corpus(rows[:2200], rows[2200:2300], rows[2300:])
    return analyze_corpus(made, [Words(), Characters()], near_threshold=1.0)
