"""The notebook runs from top to bottom, and has the outputs of such a run."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "quickstart.ipynb"
CELLS = [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def code_of(cell) -> str:
    return "".join(cell["source"])


@pytest.mark.usefixtures("untouched")
@pytest.mark.filterwarnings("ignore::UserWarning:pytorch_lightning")
def test_the_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for cell in CELLS:
        exec(compile(code_of(cell), NOTEBOOK.name, "exec"), namespace)
    predictions = namespace["predictor"].predict(["where is my parcel"])
    assert predictions[0].prediction == "delivery"
    assert list(tmp_path.iterdir()) == [], "the notebook writes into the folder where it lies"


def test_the_notebook_shows_what_its_cells_give():
    """Every cell that ends in an expression or prints has an output, none an error, and they were run in order."""
    assert len(CELLS) >= 8
    assert [cell["execution_count"] for cell in CELLS] == list(range(1, len(CELLS) + 1))
    for cell in CELLS:
        assert all(output["output_type"] in ("stream", "execute_result") for output in cell["outputs"])
        assert not [output for output in cell["outputs"] if output.get("name") == "stderr"]  # hints and warnings
        shows = isinstance(ast.parse(code_of(cell)).body[-1], ast.Expr) or "print(" in code_of(cell)
        assert bool(cell["outputs"]) == shows, code_of(cell)
