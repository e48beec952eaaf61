"""Rendering of a `DataReport`: the HTML page with its plots, and the terminal output.

The page and the terminal output have the same order and wording; shared parts are built once (`check_summaries.py`,
`tokenizer_table.py`). Not here: the computation of statistics.
"""
