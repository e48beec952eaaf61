"""Rendering of a `DataReport`: the HTML page with its plots, and the terminal output.

The page and the terminal have the same order and words; what both show is built once (`check_summaries.py`,
`tokenizer_table.py`). Not here: the computation of any figure.
"""
