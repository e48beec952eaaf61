from __future__ import annotations

import numpy as np
import pytest

from callbacks.confusion_plot import plot_confusion_matrix


def texts_in(axes):
    """All texts drawn inside the matrix."""
    return [text.get_text() for text in axes.texts]


def test_cells_show_row_percentages_and_counts():
    figure = plot_confusion_matrix(np.array([[3, 1], [0, 8]]), ["neg", "pos"], "run/version_0")
    matrix = figure.axes[0]
    assert texts_in(matrix) == ["75%", "3", "25%", "1", "100%", "8"]
    assert [label.get_text() for label in matrix.get_yticklabels()] == ["neg", "pos"]
    assert matrix.get_xlabel() == "predicted class"


def test_title_is_written_as_it_is():
    figure = plot_confusion_matrix(np.eye(2, dtype=int), ["a", "b"], "cost_$5$/version_0\ntest split, macro-F1 0.912")
    figure.canvas.draw()
    assert figure.get_suptitle() == "cost_$5$/version_0\ntest split, macro-F1 0.912"


@pytest.mark.parametrize(("num_classes", "num_texts"), [(15, 30), (16, 16), (77, 77), (101, 0)])
def test_many_classes_keep_percentages_as_long_as_they_fit(num_classes, num_texts):
    names = [f"a class with a name that is very long {number}" for number in range(num_classes)]
    figure = plot_confusion_matrix(np.eye(num_classes, dtype=int), names, "run")
    assert len(texts_in(figure.axes[0])) == num_texts
    assert max(len(label.get_text()) for label in figure.axes[0].get_yticklabels()) == 30
    assert max(figure.get_size_inches()) <= 26


def test_a_class_without_texts_has_an_empty_row():
    figure = plot_confusion_matrix(np.array([[2, 0], [0, 0]]), ["财经", "体育"], "run")
    assert texts_in(figure.axes[0]) == ["100%", "2"]
